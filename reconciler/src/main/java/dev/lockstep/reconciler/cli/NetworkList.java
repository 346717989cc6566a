package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.network.NetworkRecord;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import picocli.CommandLine.Model.CommandSpec;

/** {@code network ls}: a line for each network, by name. */
final class NetworkList implements Command {
    private static final String FILTERS = "name=PATTERN, id=ID, label=KEY[=VALUE], driver=NAME, scope=local,"
            + " type=custom|builtin, dangling=true|false or stack=NAME";
    private static final int SHORT_ID = 12;
    private static final Map<String, String> HEADINGS = Map.of(
            "ID", "NETWORK ID", "CreatedAt", "CREATED AT", "IPv6", "IPV6", "IPv4", "IPV4", "Internal", "INTERNAL");

    /** As Go prints a time. */
    private static final DateTimeFormatter CREATED = new DateTimeFormatterBuilder()
            .appendPattern("yyyy-MM-dd HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .appendPattern(" xx 'UTC'")
            .toFormatter(Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Lists the networks of this host.");
        spec.addOption(Options.values("FILTER", FILTERS + "; several may be given", "-f", "--filter"));
        spec.addOption(Options.value("FORMAT", "table, json, a Go template, or table and a template", "--format"));
        spec.addOption(Options.flag("Do not cut ids", "--no-trunc"));
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = RowFormat.of(call);
        var out = call.world().out();
        try (var engine = EngineDoor.of(call).openForReading()) {
            var wanted = filter(call.texts("--filter"), used(engine));
            DamagedContainers.tellNetworks(call, engine);
            var networks = engine.networks().list().stream().filter(wanted).toList();
            var whole = call.flag("--no-trunc");
            if (call.flag("--quiet")) {
                networks.forEach(network -> out.println(id(network, whole)));
            } else if (format.isTable()) {
                var table = new Table(GoTemplate.NARROWEST, "NETWORK ID", "NAME", "DRIVER", "SCOPE");
                for (var network : networks) {
                    table.row(id(network, whole), network.name(), network.spec().driver(), "local");
                }
                out.print(table);
            } else {
                out.print(format.lines(
                        networks.stream().map(network -> row(network, whole)).toList(), HEADINGS));
            }
            return ExitCodes.OK;
        }
    }

    private static String id(NetworkRecord network, boolean whole) {
        return whole ? network.id() : network.id().substring(0, SHORT_ID);
    }

    /** Names of the networks that containers are on, running or not. */
    static Set<String> used(Engine engine) throws IOException {
        var used = new HashSet<String>();
        for (var container : engine.containers().observe()) {
            container.record().spec().networks().forEach(n -> used.add(n.network()));
        }
        return used;
    }

    /** The network that is there for containers of no stack, as long as there are some. */
    static boolean isBuiltIn(NetworkRecord network) {
        return network.name().equals(DefaultBridge.NAME)
                && network.spec().owner().stack().isEmpty();
    }

    /** As Docker has it: one of several values of a name is enough, but all labels have to be there. */
    private static Predicate<NetworkRecord> filter(List<String> filters, Set<String> used) throws CommandException {
        Predicate<NetworkRecord> all = network -> true;
        var alternatives = new LinkedHashMap<String, List<Predicate<NetworkRecord>>>();
        for (var filter : filters) {
            var name = filter.substring(0, Math.max(filter.indexOf('='), 0));
            var value = filter.substring(filter.indexOf('=') + 1);
            if (name.equals("label")) {
                var wanted = Labels.matching(value);
                all = all.and(network -> wanted.test(network.spec().labels()));
            } else {
                alternatives.computeIfAbsent(name, _ -> new ArrayList<>()).add(test(filter, name, value, used));
            }
        }
        for (var any : alternatives.values()) {
            all = all.and(network -> any.stream().anyMatch(test -> test.test(network)));
        }
        return all;
    }

    private static Predicate<NetworkRecord> test(String filter, String name, String value, Set<String> used)
            throws CommandException {
        return switch (name) {
            case "name" -> {
                var pattern = Labels.pattern(value);
                yield network -> pattern.matcher(network.name()).find();
            }
            case "id" -> {
                var pattern = Labels.pattern(value);
                yield network -> pattern.matcher(network.id()).find();
            }
            case "driver" -> network -> network.spec().driver().equals(value);
            case "scope" -> network -> value.equals("local");
            case "stack" -> network -> network.spec().owner().stack().equals(value);
            case "type" ->
                switch (value) {
                    case "custom" -> network -> !isBuiltIn(network);
                    case "builtin" -> NetworkList::isBuiltIn;
                    default -> throw refused(filter);
                };
            case "dangling" ->
                switch (value) {
                    case "true", "1" -> network -> !used.contains(network.name());
                    case "false", "0" -> network -> used.contains(network.name());
                    default -> throw refused(filter);
                };
            default -> throw refused(filter);
        };
    }

    private static CommandException refused(String filter) {
        return new CommandException("--filter takes " + FILTERS + ", not \"" + Printable.text(filter) + "\"");
    }

    private static GoTemplate.Row row(NetworkRecord network, boolean whole) {
        var document = JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("CreatedAt", CREATED.format(network.created()));
            json.writeStringField("Driver", network.spec().driver());
            json.writeStringField("ID", id(network, whole));
            json.writeStringField("IPv4", String.valueOf(network.spec().ipv4()));
            json.writeStringField("IPv6", String.valueOf(network.spec().ipv6()));
            json.writeStringField("Internal", String.valueOf(network.spec().internal()));
            json.writeStringField("Labels", Labels.text(network.spec().labels()));
            json.writeStringField("Name", network.name());
            json.writeStringField("Scope", "local");
            json.writeStringField("Stack", network.spec().owner().stack());
            json.writeEndObject();
        });
        return new GoTemplate.Row(document, network.spec().labels());
    }
}
