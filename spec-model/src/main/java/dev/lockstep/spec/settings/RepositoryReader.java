package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Suggestion;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Makes records of the nodes of {@code lockstep.yaml}, and says all that is wrong with them. What is wrong reads as
 * something harmless, so that reading goes on; nobody gets the records then.
 */
final class RepositoryReader {
    private static final CronExpression MIDNIGHT = new CronExpression("0 0 0 ? * *");
    private static final ZoneId UTC = ZoneId.of("UTC");

    private final Reading reading;

    RepositoryReader(Reading reading) {
        this.reading = reading;
    }

    RepositorySettings read(YamlNode root) {
        var file = reading.fields("", root.at(), root, RepositoryKeys.FILE.keys());
        var hosts = named(file, "hosts", RepositoryKeys.HOST, HostLabels::host, this::host);
        var windows = named(file, "windows", RepositoryKeys.WINDOW, UnaryOperator.identity(), this::window);
        var stacks = named(file, "stacks", RepositoryKeys.STACK, HostLabels::stack, this::stack);
        stacks.forEach((name, stack) -> windowsExist(name, stack, windows.keySet()));
        order(stacks);
        var builds = named(
                file, "builds", RepositoryKeys.BUILD, UnaryOperator.identity(), new BuildReader(this, reading)::read);
        return new RepositorySettings(
                hosts,
                stacks,
                windows,
                builds,
                policy(file, RepositoryKeys.POLICY).orElse(Policy.NONE),
                suspension(file),
                new Sources(reading.places()));
    }

    /** The mapping below {@code key}, whose keys are names that users choose. */
    private <V> Map<String, V> named(
            Fields file, String key, RepositoryKeys keys, UnaryOperator<String> name, Function<Fields, V> value) {
        var values = new LinkedHashMap<String, V>();
        file.node(key)
                .ifPresent(node -> reading.named(key, node).forEach((written, entry) -> {
                    var path = key + "." + written;
                    try {
                        var fields = reading.fields(path, entry.keyAt(), entry.value(), keys.keys());
                        values.put(name.apply(written), value.apply(fields));
                    } catch (IllegalArgumentException e) {
                        reading.error(entry.keyAt(), path, String.valueOf(e.getMessage()));
                    }
                }));
        return values;
    }

    private HostEntry host(Fields fields) {
        return new HostEntry(HostLabels.read(fields, "labels"), suspension(fields));
    }

    private StackEntry stack(Fields fields) {
        return new StackEntry(
                selector(fields),
                list(fields, "after", HostLabels::stack),
                suspension(fields),
                list(fields, "windows", UnaryOperator.identity()),
                list(fields, "approve", Guard::parse),
                policy(fields, RepositoryKeys.STACK_POLICY));
    }

    /** {@code hosts} and {@code labels} of a stack or a build. */
    HostSelector selector(Fields fields) {
        return new HostSelector(
                list(fields, "hosts", RepositoryReader::hostPattern), HostLabels.read(fields, "labels"));
    }

    private static String hostPattern(String text) {
        HostLabels.host(text.replaceAll("\\*+", "x"));
        return text;
    }

    /** {@code true}, {@code false}, or the reason. */
    private Optional<Suspension> suspension(Fields fields) {
        return fields.node("suspend").flatMap(node -> {
            if (node instanceof YamlScalar scalar
                    && scalar.isText()
                    && !scalar.text().isBlank()) {
                return Optional.of(new Suspension(Optional.of(scalar.text())));
            }
            if (node instanceof YamlScalar scalar && scalar.kind() == YamlScalar.Kind.BOOLEAN) {
                return scalar.asText().equals("true")
                        ? Optional.of(new Suspension(Optional.empty()))
                        : Optional.empty();
            }
            fields.error("suspend", "must be true, false, or the reason as text");
            return Optional.empty();
        });
    }

    private void windowsExist(String stack, StackEntry entry, Set<String> windows) {
        for (var i = 0; i < entry.windows().size(); i++) {
            var window = entry.windows().get(i);
            if (!windows.contains(window)) {
                var path = "stacks." + stack + ".windows[" + i + "]";
                reading.error(
                        place(path),
                        path,
                        "there is no window \"" + window + "\""
                                + Suggestion.nearest(window, windows)
                                        .map(near -> ". Did you mean \"" + near + "\"?")
                                        .orElse(". Write it below windows:"));
            }
        }
    }

    private void order(Map<String, StackEntry> stacks) {
        var after = new LinkedHashMap<String, List<String>>();
        stacks.forEach((name, stack) -> after.put(name, stack.after()));
        StackOrder.cycle(after).ifPresent(cycle -> {
            var path = "stacks." + cycle.getFirst() + ".after";
            reading.error(place(path), path, "goes in a circle: " + String.join(" -> ", cycle));
        });
    }

    private Window window(Fields fields) {
        for (var key : List.of("opens", "duration", "zone")) {
            if (!fields.has(key)) {
                reading.error(fields.at(), fields.path(), "has no " + key + ". Write " + example(key));
            }
        }
        return new Window(
                fields.parsed("opens", CronExpression::parse).orElse(MIDNIGHT),
                fields.quantity("duration", "h", text -> Window.requirePossible(Durations.parse(text)))
                        .orElse(Duration.ofHours(1)),
                fields.parsed("zone", TimeZones::parse).orElse(UTC));
    }

    private static String example(String key) {
        return switch (key) {
            case "opens" -> "opens: \"0 0 2 ? * *\" for each night at two";
            case "duration" -> "duration: 3h";
            default -> "the time zone by its IANA name, such as zone: Europe/Berlin";
        };
    }

    private Optional<Policy> policy(Fields above, RepositoryKeys keys) {
        if (!above.has("policy")) {
            return Optional.empty();
        }
        var fields = above.fields("policy", keys.keys());
        var policy = new PolicyReader(reading, fields);
        // Keys stand in the file itself.
        var images = new ImagePolicyReader(reading, false).rules(fields, "images");
        return Optional.of(new Policy(policy.rulings(), policy.orders(), policy.registries(), images));
    }

    /** A list of texts, or a single one; each as {@code parser} takes it. */
    <T> List<T> list(Fields fields, String key, Function<String, T> parser) {
        var values = new ArrayList<T>();
        var node = fields.node(key);
        if (node.isEmpty()) {
            return values;
        }
        var path = fields.path(key);
        if (node.get() instanceof YamlScalar single && single.isText()) {
            reading.parsed(path, single, parser).ifPresent(values::add);
            return values;
        }
        var items = reading.items(path, node.get());
        for (var i = 0; i < items.size(); i++) {
            var item = path + "[" + i + "]";
            reading.place(item, items.get(i).at());
            reading.parsed(item, items.get(i), parser).ifPresent(values::add);
        }
        return values;
    }

    /** Tells of something that is not there. */
    void missing(Fields fields, String message) {
        reading.error(fields.at(), fields.path(), message);
    }

    private SourcePosition place(String path) {
        return new Sources(reading.places()).at(path);
    }
}
