package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.network.PublishedPort;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What {@code --filter} of {@code docker ps} picks. Values of one name are alternatives, those of different names must
 * all hold; of labels every one must hold.
 */
final class ContainerFilters {
    private static final List<String> STATES =
            List.of("created", "restarting", "running", "removing", "paused", "exited", "dead");
    private static final List<String> HEALTH = List.of("starting", "healthy", "unhealthy", "none");

    /** A port or a range of them, with a protocol. */
    private static final Pattern PORT = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?(?:/(tcp|udp|sctp))?");

    private final Map<String, List<Predicate<ContainerRow>>> alternatives = new LinkedHashMap<>();
    private final List<Predicate<ContainerRow>> labels = new ArrayList<>();

    /** Whether states are asked for: then those that do not run are shown, too. */
    private boolean askForStates;

    private ContainerFilters() {}

    /** Reads filters as {@code name=value}; what they name is looked up at once. */
    static ContainerFilters of(Engine engine, List<String> texts) throws IOException, CommandException {
        var filters = new ContainerFilters();
        for (var text : texts) {
            var equals = text.indexOf('=');
            if (equals < 0) {
                throw new CommandException("--filter takes NAME=VALUE, not \"" + Printable.text(text) + "\"");
            }
            filters.add(engine, text.substring(0, equals).strip(), text.substring(equals + 1));
        }
        return filters;
    }

    private void add(Engine engine, String name, String value) throws IOException, CommandException {
        if (name.equals("label")) {
            labels.add(label(value));
            return;
        }
        Predicate<ContainerRow> test = switch (name) {
            case "id" -> row -> row.container().id().startsWith(value);
            case "name" -> name(value);
            case "status" -> status(value);
            case "health" -> health(value);
            case "exited" -> exited(value);
            case "ancestor" -> ancestor(engine, value);
            case "before" -> created(engine, value, Instant::isBefore);
            case "since" -> created(engine, value, Instant::isAfter);
            case "volume" -> row -> volumes(row.container().record()).contains(value);
            case "network" ->
                row -> row.container().record().spec().networks().stream()
                        .anyMatch(n -> n.network().equals(value));
            case "publish" -> ports(value, PublishedPort::hostPort);
            case "expose" -> ports(value, port -> Optional.of(port.containerPort()));
            case "is-task" -> constant(name, value, "false");
            case "isolation" -> constant(name, value, "default");
            default ->
                throw new CommandException("invalid filter '" + Printable.text(name)
                        + "'; there are ancestor, before, exited, expose, health, id, label, name, network, publish,"
                        + " since, status and volume");
        };
        alternatives.computeIfAbsent(name, _ -> new ArrayList<>()).add(test);
    }

    private static Predicate<ContainerRow> label(String value) {
        var wanted = Labels.matching(value);
        return row -> wanted.test(row.container().record().labels());
    }

    private static Predicate<ContainerRow> name(String value) throws CommandException {
        try {
            var pattern = Pattern.compile(value);
            // Docker's names begin with a slash, and ^/web$ is what people write.
            return row -> pattern.matcher(row.name()).find()
                    || pattern.matcher("/" + row.name()).find();
        } catch (PatternSyntaxException e) {
            throw new CommandException(
                    "--filter name: \"" + Printable.text(value) + "\" is no pattern: " + e.getDescription());
        }
    }

    private Predicate<ContainerRow> status(String value) throws CommandException {
        if (!STATES.contains(value)) {
            throw new CommandException(
                    "invalid filter 'status=" + Printable.text(value) + "'; there are " + String.join(", ", STATES));
        }
        askForStates = true;
        return row -> row.state().equals(value);
    }

    private static Predicate<ContainerRow> health(String value) throws CommandException {
        if (!HEALTH.contains(value)) {
            throw new CommandException("unrecognized filter value for health: " + Printable.text(value) + "; there are "
                    + String.join(", ", HEALTH));
        }
        return row -> (row.health().isEmpty() ? "none" : row.health()).equals(value);
    }

    private Predicate<ContainerRow> exited(String value) throws CommandException {
        if (!value.matches("\\d{1,3}")) {
            throw new CommandException("invalid filter 'exited=" + Printable.text(value) + "': it is an exit code");
        }
        askForStates = true;
        return row -> row.state().equals("exited") && row.exitCode() == Integer.parseInt(value);
    }

    private static Predicate<ContainerRow> constant(String name, String value, String ours) throws CommandException {
        if (!List.of("true", "false", "default", "process", "hyperv").contains(value)) {
            throw new CommandException("invalid filter '" + name + "=" + Printable.text(value) + "'");
        }
        return _ -> value.equals(ours);
    }

    /** An image by name or id; what is not here is nobody's. */
    private static Predicate<ContainerRow> ancestor(Engine engine, String value) throws IOException {
        var found = engine.images()
                .catalog()
                .find(value)
                .flatMap(match -> match.image().whole().map(image -> image.digest()));
        return row -> row.image().equals(value)
                || found.isPresent()
                        && row.container().record().effective().stream()
                                .anyMatch(made -> made.image().equals(found.get()));
    }

    /** How two moments are compared. */
    private interface Comparison {
        boolean holds(Instant one, Instant other);
    }

    private static Predicate<ContainerRow> created(Engine engine, String value, Comparison comparison)
            throws IOException, CommandException {
        var other = By.named(engine, value).record().createdAt();
        return row -> comparison.holds(row.container().record().createdAt(), other);
    }

    /** Names and places of what is mounted. */
    private static List<String> volumes(ContainerRecord record) {
        var found = new ArrayList<String>();
        for (var mount : record.spec().mounts()) {
            found.add(mount.target());
            switch (mount) {
                case MountSpec.Volume volume -> found.add(volume.name());
                case MountSpec.Bind bind -> found.add(bind.source().toString());
                case MountSpec.Anonymous _, MountSpec.Tmpfs _, MountSpec.OfImage _, MountSpec.Content _ -> {}
            }
        }
        record.effective()
                .ifPresent(made -> found.addAll(made.anonymousVolumes().values()));
        return found;
    }

    /** Which port of a published one is meant. */
    private interface Side {
        Optional<Integer> of(PublishedPort port);
    }

    private static Predicate<ContainerRow> ports(String value, Side side) throws CommandException {
        var port = PORT.matcher(value);
        if (!port.matches()) {
            throw new CommandException("\"" + Printable.text(value) + "\" is no port: write 80, 80/udp or 8000-8010");
        }
        var from = Integer.parseInt(port.group(1));
        var to = port.group(2) == null ? from : Integer.parseInt(port.group(2));
        var protocol = port.group(3) == null ? "tcp" : port.group(3);
        return row -> row.container().ports().stream()
                .filter(p -> p.protocol().lowerCase().equals(protocol))
                .anyMatch(p -> side.of(p).filter(n -> n >= from && n <= to).isPresent());
    }

    /** Whether what does not run is asked for, although {@code -a} was not given. */
    boolean askForStates() {
        return askForStates;
    }

    boolean take(ContainerRow row) {
        return labels.stream().allMatch(l -> l.test(row))
                && alternatives.values().stream().allMatch(any -> any.stream().anyMatch(a -> a.test(row)));
    }
}
