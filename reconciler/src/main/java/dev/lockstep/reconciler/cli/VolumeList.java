package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.TreeSize;
import dev.lockstep.runtime.volume.VolumeRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;

/** {@code volume ls}: a line for each volume, by name. */
final class VolumeList implements Command {
    /** As Docker has them. */
    private static final Map<String, String> HEADINGS = Map.of("Name", "VOLUME NAME");

    private static final String FILTERS =
            "name=PATTERN, label=KEY[=VALUE], dangling=true|false, driver=local or stack=NAME";

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Lists the volumes of this host.");
        spec.addOption(Options.values("FILTER", FILTERS + "; several may be given", "-f", "--filter"));
        spec.addOption(Options.value("FORMAT", "table, json, or a template such as {{.Name}}", "--format"));
        spec.addOption(Options.flag("Only names", "-q", "--quiet"));
        spec.addOption(Options.flag("How much is in them, too", "-s", "--size"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = RowFormat.of(call);
        var out = call.world().out();
        try (var engine = EngineDoor.of(call).openForReading()) {
            var wanted = filter(call.texts("--filter"), used(engine));
            DamagedContainers.tellVolumes(call, engine);
            var volumes = engine.volumes().list().stream().filter(wanted).toList();
            if (call.flag("--quiet")) {
                volumes.forEach(volume -> out.println(volume.spec().name()));
                return ExitCodes.OK;
            }
            if (!format.isTable()) {
                var rows = new ArrayList<GoTemplate.Row>();
                for (var volume : volumes) {
                    rows.add(new GoTemplate.Row(
                            json(engine, volume, call.flag("--size")),
                            volume.spec().labels()));
                }
                out.print(format.lines(rows, HEADINGS));
                return ExitCodes.OK;
            }
            var table = call.flag("--size")
                    ? new Table("DRIVER", "VOLUME NAME", "SIZE")
                    : new Table("DRIVER", "VOLUME NAME");
            for (var volume : volumes) {
                if (call.flag("--size")) {
                    table.row("local", volume.spec().name(), size(engine, volume));
                } else {
                    table.row("local", volume.spec().name());
                }
            }
            out.print(table);
            return ExitCodes.OK;
        }
    }

    /** Names of the volumes that containers use. */
    static Set<String> used(Engine engine) throws IOException {
        var used = new HashSet<String>();
        engine.containers().observe().forEach(c -> used.addAll(c.record().volumes()));
        return used;
    }

    private static String size(Engine engine, VolumeRecord volume) throws IOException {
        return ImageLines.size(TreeSize.of(engine.volumes().path(volume.spec().name())));
    }

    /** As Docker has it: one of several names or drivers is enough, and all labels have to be there. */
    private static Predicate<VolumeRecord> filter(List<String> filters, Set<String> used) throws CommandException {
        Predicate<VolumeRecord> all = volume -> true;
        var names = new ArrayList<Pattern>();
        for (var filter : filters) {
            var value = filter.substring(filter.indexOf('=') + 1);
            switch (filter.substring(0, Math.max(filter.indexOf('='), 0))) {
                case "name" -> names.add(Labels.pattern(value));
                case "label" -> all = all.and(labelled(value));
                case "driver" -> all = all.and(volume -> value.equals("local"));
                case "stack" ->
                    all = all.and(volume -> volume.spec().owner().stack().equals(value));
                case "dangling" -> {
                    if (!value.matches("true|false|0|1")) {
                        throw refused(filter);
                    }
                    var free = value.matches("true|1");
                    all = all.and(volume -> used.contains(volume.spec().name()) != free);
                }
                default -> throw refused(filter);
            }
        }
        return all.and(volume -> names.isEmpty()
                || names.stream().anyMatch(p -> p.matcher(volume.spec().name()).find()));
    }

    private static CommandException refused(String filter) {
        return new CommandException("--filter takes " + FILTERS + ", not \"" + Printable.text(filter) + "\"");
    }

    static Predicate<VolumeRecord> labelled(String text) {
        var wanted = Labels.matching(text);
        return volume -> wanted.test(volume.spec().labels());
    }

    /** Docker's fields, also those that it does not fill in. */
    private static String json(Engine engine, VolumeRecord volume, boolean sized) throws IOException {
        var size = sized ? size(engine, volume) : "N/A";
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("Availability", "N/A");
            json.writeStringField("Driver", "local");
            json.writeStringField("Group", "N/A");
            json.writeStringField("Labels", Labels.text(volume.spec().labels()));
            json.writeStringField("Links", "N/A");
            json.writeStringField(
                    "Mountpoint", engine.volumes().path(volume.spec().name()).toString());
            json.writeStringField("Name", volume.spec().name());
            json.writeStringField("Scope", "local");
            json.writeStringField("Size", size);
            json.writeStringField("Stack", volume.spec().owner().stack());
            json.writeStringField("Status", "N/A");
            json.writeEndObject();
        });
    }
}
