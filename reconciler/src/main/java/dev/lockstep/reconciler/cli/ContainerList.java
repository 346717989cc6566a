package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code container ls}: containers whatever stack they belong to, in the columns of {@code docker ps}. */
final class ContainerList implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Lists running containers, whatever stack they belong to; the newest first.");
        spec.addOption(Options.flag("Stopped ones too", "-a", "--all"));
        spec.addOption(
                Options.values("NAME=VALUE", "Only these: status=exited, label=a, name=web, ...", "-f", "--filter"));
        spec.addOption(Options.value("FORMAT", "table, json, a Go template, or table and a template", "--format"));
        spec.addOption(Options.value("N", "Only the newest N, stopped ones too", "-n", "--last"));
        spec.addOption(Options.flag("Only the newest, running or not", "-l", "--latest"));
        spec.addOption(Options.flag("Cut neither commands nor ids", "--no-trunc"));
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
        spec.addOption(Options.flag("What they wrote on the disk, and their image", "-s", "--size"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = RowFormat.of(call);
        var whole = call.flag("--no-trunc");
        try (var engine = EngineDoor.of(call).openForReading()) {
            var rows = rows(call, engine);
            var out = call.world().out();
            if (call.flag("--quiet")) {
                rows.forEach(row -> out.println(whole ? row.container().id() : shortId(row)));
                return ExitCodes.OK;
            }
            var sized = call.flag("--size")
                    || call.text("--format").filter(f -> f.contains(".Size")).isPresent();
            var sizes = new ArrayList<String>();
            for (var row : rows) {
                sizes.add(sized ? ContainerSize.of(engine, row.container()).toString() : "0B");
            }
            if (format.isTable()) {
                out.print(table(rows, sizes, whole, call.flag("--size")));
                return ExitCodes.OK;
            }
            var documents = new ArrayList<GoTemplate.Row>();
            for (var i = 0; i < rows.size(); i++) {
                documents.add(PsCommand.row(rows.get(i), whole, sizes.get(i)));
            }
            out.print(format.lines(documents, ContainerRow.HEADINGS));
            return ExitCodes.OK;
        }
    }

    private static List<ContainerRow> rows(Invocation call, Engine engine) throws IOException, CommandException {
        var now = call.world().clock().instant();
        var filters = ContainerFilters.of(engine, call.texts("--filter"));
        var last = call.flag("--latest")
                ? Optional.of(1)
                : call.number("--last", -1).filter(n -> n > 0);
        var rows = new ArrayList<ContainerRow>();
        var exposed = new Exposed(engine);
        for (var container : engine.containers().observe()) {
            var row = ContainerRow.of(container, PsCommand.decision(engine, container), now)
                    .exposing(exposed.of(container));
            var shown = call.flag("--all")
                    || last.isPresent()
                    || filters.askForStates()
                    || container.isRunning()
                    || row.restarting();
            if (shown && filters.take(row)) {
                rows.add(row);
            }
        }
        rows.sort(Comparator.comparing(
                        (ContainerRow row) -> row.container().record().createdAt())
                .reversed()
                .thenComparing(ContainerRow::name));
        return last.isPresent() ? rows.subList(0, Math.min(last.get(), rows.size())) : rows;
    }

    private static String shortId(ContainerRow row) {
        return row.container().record().shortId();
    }

    private static String table(List<ContainerRow> rows, List<String> sizes, boolean whole, boolean sized) {
        var headings =
                new ArrayList<>(List.of("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"));
        if (sized) {
            headings.add("SIZE");
        }
        var table = new Table(GoTemplate.NARROWEST, headings.toArray(String[]::new));
        for (var i = 0; i < rows.size(); i++) {
            var row = rows.get(i);
            var cells = new ArrayList<>(List.of(
                    whole ? row.container().id() : shortId(row),
                    row.image(),
                    row.quoted(whole),
                    row.created(),
                    row.status(),
                    row.ports(),
                    row.name()));
            if (sized) {
                cells.add(sizes.get(i));
            }
            table.row(cells.toArray(String[]::new));
        }
        return table.toString();
    }
}
