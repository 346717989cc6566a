package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.store.TreeSize;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code system}: what this root has on the disk, as Docker shows it, and what of it may go. */
final class SystemCommand implements CommandGroup {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows what is on the disk, and removes what nobody needs.");
    }

    @Override
    public Map<String, Command> subcommands() {
        return Map.of("df", new DiskFree(), "prune", new SystemPrune());
    }

    /** One kind of thing. */
    record Usage(String type, int total, int active, long bytes, long reclaimable) {
        String share() {
            return ImageLines.size(reclaimable)
                    + (bytes == 0 ? "" : " (" + Math.min(100, 100 * reclaimable / bytes) + "%)");
        }
    }

    private static final class DiskFree implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Shows what images, containers and volumes take on the disk, and how much of it nobody needs.");
            spec.addOption(Options.value("FORMAT", "table or json", "--format"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var format = call.choice("--format", "table", List.of("table", "json"));
            var door = EngineDoor.of(call);
            var rows = new ArrayList<Usage>();
            if (door.hasRoot()) {
                try (var engine = door.open()) {
                    rows.addAll(usage(engine));
                }
            } else {
                List.of("Images", "Containers", "Local Volumes", "Build Cache")
                        .forEach(type -> rows.add(new Usage(type, 0, 0, 0, 0)));
            }
            if (format.equals("json")) {
                rows.forEach(row -> call.world().out().print(json(row)));
                return ExitCodes.OK;
            }
            var table = new Table("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE");
            for (var row : rows) {
                table.row(
                        row.type(),
                        Integer.toString(row.total()),
                        Integer.toString(row.active()),
                        ImageLines.size(row.bytes()),
                        row.share());
            }
            call.world().out().print(table);
            return ExitCodes.OK;
        }

        private static List<Usage> usage(Engine engine) throws IOException {
            var images = engine.housekeeping().usage();
            var containers = engine.containers().observe();
            return List.of(
                    new Usage("Images", images.images(), images.active(), images.bytes(), images.reclaimable()),
                    containers(engine, containers),
                    volumes(engine, containers),
                    builds(engine));
        }

        /** What they wrote, their logs included. */
        private static Usage containers(Engine engine, List<ObservedContainer> containers) throws IOException {
            var active = 0;
            var bytes = 0L;
            var reclaimable = 0L;
            for (var container : containers) {
                var size = TreeSize.of(engine.containers().directory(container.id()));
                bytes += size;
                if (container.isRunning()) {
                    active++;
                } else {
                    reclaimable += size;
                }
            }
            return new Usage("Containers", containers.size(), active, bytes, reclaimable);
        }

        private static Usage volumes(Engine engine, List<ObservedContainer> containers) throws IOException {
            var used = used(containers);
            var volumes = engine.volumes().list();
            var active = 0;
            var bytes = 0L;
            var reclaimable = 0L;
            for (var volume : volumes) {
                var size = TreeSize.of(engine.volumes().path(volume.spec().name()));
                bytes += size;
                if (used.contains(volume.spec().name())) {
                    active++;
                } else {
                    reclaimable += size;
                }
            }
            return new Usage("Local Volumes", volumes.size(), active, bytes, reclaimable);
        }

        /** Steps that were done, and cache mounts. Layers that images have, too, are counted there as well. */
        private static Usage builds(Engine engine) throws IOException {
            var kept = engine.builder().kept();
            return new Usage("Build Cache", kept.records() + kept.directories(), 0, kept.bytes(), kept.bytes());
        }

        private static Set<String> used(List<ObservedContainer> containers) {
            return containers.stream()
                    .flatMap(c -> c.record().volumes().stream())
                    .collect(Collectors.toSet());
        }

        private static String json(Usage row) {
            return JsonText.line(json -> {
                json.writeStartObject();
                json.writeStringField("Active", Integer.toString(row.active()));
                json.writeStringField("Reclaimable", row.share());
                json.writeStringField("Size", ImageLines.size(row.bytes()));
                json.writeStringField("TotalCount", Integer.toString(row.total()));
                json.writeStringField("Type", row.type());
                json.writeEndObject();
            });
        }
    }
}
