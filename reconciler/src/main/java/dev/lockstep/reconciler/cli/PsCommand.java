package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/** {@code ps}: the containers of the stack, or of all stacks where no stack is meant. */
final class PsCommand implements Command {
    /** Containers here are never being removed or dead, but whoever asks for such may. */
    private static final List<String> STATES =
            List.of("paused", "restarting", "removing", "running", "dead", "created", "exited");

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Lists running containers: of the stack that is meant, or of all where there is none.");
        spec.addOption(Options.flag("Stopped ones too", "-a", "--all"));
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
        spec.addOption(Options.value("FORMAT", "table, json, a Go template, or table and a template", "--format"));
        spec.addOption(Options.flag("Only names of services", "--services"));
        Options.switchedOn(
                        "Also those whose service the files do not name (default; =false leaves them out)", "--orphans")
                .forEach(spec::addOption);
        spec.addOption(Options.values("STATE", "Only these: " + String.join(", ", STATES), "--status"));
        spec.addOption(Options.values("status=STATE", "The same, in other words", "--filter"));
        spec.addOption(Options.flag("Cut neither commands nor ids", "--no-trunc"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only containers of these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = RowFormat.of(call);
        for (var state : states(call)) {
            if (!STATES.contains(state)) {
                throw new CommandException("--status takes " + String.join(" or ", STATES) + ", not \"" + state + "\"");
            }
        }
        var door = EngineDoor.of(call);
        var files = new ProjectFiles(call);
        var stack = files.isAny() ? Optional.of(files.name()) : Optional.<String>empty();
        var rows = new ArrayList<ContainerRow>();
        try (var engine = door.openForReading()) {
            rows.addAll(rows(call, engine, stack));
            DamagedContainers.tell(call, engine);
        }
        print(call, format, rows);
        return ExitCodes.OK;
    }

    /** @param stack only its containers */
    static List<ContainerRow> rows(Invocation call, Engine engine, Optional<String> stack)
            throws IOException, CommandException {
        var now = call.world().clock().instant();
        var containers = new ArrayList<ObservedContainer>();
        var services = new TreeSet<>(stack.isPresent() ? Stack.of(call).services() : List.of());
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            if (stack.isEmpty() || stack.get().equals(spec.owner().stack())) {
                services.add(Stack.service(container));
                containers.add(container);
            }
        }
        Stack.require(call.arguments(), services);
        var wanted = states(call);
        var rows = new ArrayList<ContainerRow>();
        var exposed = new Exposed(engine);
        for (var container : containers) {
            var row =
                    ContainerRow.of(container, decision(engine, container), now).exposing(exposed.of(container));
            if (call.off("--orphans") && stack.isPresent() && Stack.of(call).isOrphan(row.service())) {
                continue;
            }
            var shown = !wanted.isEmpty()
                    ? wanted.contains(row.state())
                    : call.flag("--all")
                            || (stack.isEmpty() || !row.isOneOff()) && (container.isRunning() || row.restarting());
            if (shown && (call.arguments().isEmpty() || call.arguments().contains(row.service()))) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static List<String> states(Invocation call) throws CommandException {
        var states = new ArrayList<>(call.texts("--status"));
        for (var filter : call.texts("--filter")) {
            if (!filter.startsWith("status=")) {
                throw new CommandException("unknown filter " + Printable.text(filter.split("=", 2)[0])
                        + "; ps of a stack has status=STATE, 'container ls' has all others");
            }
            states.add(filter.substring("status=".length()));
        }
        return states;
    }

    /** What its policy says of a container that ended. */
    static Optional<RestartDecision> decision(Engine engine, ObservedContainer container) throws IOException {
        return container.isRunning() || container.life().exit().isEmpty()
                ? Optional.empty()
                : Optional.of(engine.containers().decideRestart(container.id()));
    }

    private static void print(Invocation call, RowFormat format, List<ContainerRow> rows) throws CommandException {
        var whole = call.flag("--no-trunc");
        var out = call.world().out();
        if (call.flag("--quiet")) {
            rows.forEach(row -> out.println(row.container().id()));
        } else if (call.flag("--services")) {
            var services = new TreeSet<String>();
            rows.forEach(row -> services.add(row.service()));
            services.forEach(out::println);
        } else if (format.isTable()) {
            out.print(table(rows, whole));
        } else {
            out.print(
                    format.lines(rows.stream().map(row -> row(row, whole, "0B")).toList(), ContainerRow.HEADINGS));
        }
    }

    /** For a template. */
    static GoTemplate.Row row(ContainerRow row, boolean whole, String size) {
        return new GoTemplate.Row(
                JsonText.line(json -> row.write(json, whole, size)),
                row.container().record().labels());
    }

    static String table(List<ContainerRow> rows, boolean whole) {
        var table =
                new Table(GoTemplate.NARROWEST, "NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS");
        rows.forEach(row -> table.row(row.cells(whole)));
        return table.toString();
    }
}
