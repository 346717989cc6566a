package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.history.AppliedFiles;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Model.CommandSpec;

/** {@code ls}: the stacks that have containers on this host. */
final class LsCommand implements Command {
    private static final String UNKNOWN = "N/A";

    private record Line(String name, String status, String files) {}

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Lists the stacks that run on this host.");
        spec.addOption(Options.flag("Also those of which nothing runs", "-a", "--all"));
        spec.addOption(Options.values("name=PATTERN", "Only stacks of such names", "--filter"));
        spec.addOption(Options.value("FORMAT", "table or json", "--format"));
        spec.addOption(Options.flag("Only names", "-q", "--quiet"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "table", List.of("table", "json"));
        var filters = new ArrayList<Pattern>();
        for (var filter : call.texts("--filter")) {
            if (!filter.startsWith("name=")) {
                throw new CommandException("--filter takes name=PATTERN, not \"" + filter + "\"");
            }
            try {
                filters.add(Pattern.compile(filter.substring("name=".length())));
            } catch (PatternSyntaxException e) {
                throw new CommandException("\"" + filter + "\" is no pattern: " + e.getDescription());
            }
        }
        List<Line> lines;
        try (var engine = EngineDoor.of(call).openForReading()) {
            lines = lines(call, engine).stream()
                    .filter(l ->
                            filters.stream().allMatch(f -> f.matcher(l.name()).find()))
                    .toList();
        }
        var out = call.world().out();
        if (call.flag("--quiet")) {
            lines.forEach(l -> out.println(l.name()));
        } else if (format.equals("json")) {
            out.print(json(lines));
        } else {
            var table = new Table(Table.COMPOSE, "NAME", "STATUS", "CONFIG FILES");
            lines.forEach(l -> table.row(l.name(), l.status(), l.files()));
            out.print(table);
        }
        return ExitCodes.OK;
    }

    private static List<Line> lines(Invocation call, Engine engine) throws IOException {
        var states = new TreeMap<String, Map<String, Integer>>();
        var now = call.world().clock().instant();
        for (var container : engine.containers().observe()) {
            var row = ContainerRow.of(container, PsCommand.decision(engine, container), now);
            var alive = container.isRunning() || row.restarting();
            if (!row.stack().isEmpty() && !row.isOneOff() && (call.flag("--all") || alive)) {
                states.computeIfAbsent(row.stack(), _ -> new TreeMap<>()).merge(row.state(), 1, Integer::sum);
            }
        }
        var lines = new ArrayList<Line>();
        for (var stack : states.entrySet()) {
            var status = new ArrayList<String>();
            stack.getValue().forEach((state, count) -> status.add(state + "(" + count + ")"));
            lines.add(new Line(stack.getKey(), String.join(", ", status), files(engine.root(), stack.getKey())));
        }
        return lines;
    }

    /** Where an agent has them from, or where a person brought it up from; Docker's word where nobody knows. */
    private static String files(Root root, String stack) throws IOException {
        try {
            var status = new StatusFiles(root).read(stack);
            var repository = status.flatMap(s -> s.repository());
            if (repository.isPresent()) {
                return repository.get()
                        + status.flatMap(s -> s.directory())
                                .filter(d -> !d.isEmpty())
                                .map(d -> " " + d)
                                .orElse("");
            }
            var files = new AppliedFiles(root).of(stack);
            return files.isEmpty() ? UNKNOWN : String.join(",", files);
        } catch (StateException e) {
            return UNKNOWN; // the other stacks, and what runs of this one, are still to be seen
        }
    }

    private static String json(List<Line> lines) {
        return JsonText.line(json -> {
            json.writeStartArray();
            for (var line : lines) {
                json.writeStartObject();
                json.writeStringField("Name", line.name());
                json.writeStringField("Status", line.status());
                json.writeStringField("ConfigFiles", line.files());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }
}
