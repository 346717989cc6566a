package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.log.LogQuery;
import java.io.IOException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;

/** {@code logs}: what containers of the stack wrote, by time, or as it comes with {@code -f}. */
final class LogsCommand implements Command {
    /** How often to look for containers that are new: a follower goes on with the one that replaces its own. */
    private static final long LOOK_MILLIS = 500;

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows what the containers of a stack wrote.");
        spec.addOption(Options.flag("Go on with what they write", "-f", "--follow"));
        spec.addOption(Options.value("N", "The last so many lines of each, or all", "-n", "--tail"));
        spec.addOption(Options.value("TIME", "From then on: 10m, 2026-11-24T12:00:00Z, ...", "--since"));
        spec.addOption(Options.value("TIME", "Until then", "--until"));
        spec.addOption(Options.flag("Show when each line was written", "-t", "--timestamps"));
        spec.addOption(Options.flag("No colours", "--no-color"));
        spec.addOption(Options.flag("Only the lines, not whose they are", "--no-log-prefix"));
        spec.addOption(Options.value("N", "Only this container of the service", "--index"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only containers of these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var query = query(call);
        var index = call.number("--index", 1);
        var door = EngineDoor.of(call);
        var stack = new ProjectFiles(call).name();
        if (!door.hasRoot()) {
            throw new CommandException("stack " + stack + " has no containers on this host");
        }
        try (var engine = door.openForReading()) {
            var containers = new StackContainers(engine, stack, call.arguments(), index);
            var found = containers.all();
            if (found.isEmpty() && !call.flag("--follow")) {
                containers.requireServices();
                return ExitCodes.OK;
            }
            containers.requireServices();
            var printer = new LogPrinter(
                    call.world().out(),
                    !call.flag("--no-log-prefix"),
                    !call.flag("--no-color")
                            && call.world().colour(call.world().terminals().out()),
                    call.flag("--timestamps"));
            found.forEach(c -> printer.expect(StackContainers.label(c)));
            if (call.flag("--follow")) {
                follow(engine, containers, query, printer);
            } else {
                merge(engine, found, query, printer);
            }
            return ExitCodes.OK;
        }
    }

    /** {@code container logs}: those of one container, without whose they are. */
    static final class OfContainer implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Shows what a container wrote.");
            spec.addOption(Options.flag("Go on with what it writes", "-f", "--follow"));
            spec.addOption(Options.value("N", "The last so many lines, or all", "-n", "--tail"));
            spec.addOption(Options.value("TIME", "From then on: 10m, 2026-11-24T12:00:00Z, ...", "--since"));
            spec.addOption(Options.value("TIME", "Until then", "--until"));
            spec.addOption(Options.flag("Show when each line was written", "-t", "--timestamps"));
            spec.addPositional(Options.arguments("CONTAINER", "1", "Name or id"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var query = query(call);
            try (var engine = EngineDoor.of(call).openForReading()) {
                var container = By.named(engine, call.arguments().getFirst());
                var printer = new LogPrinter(call.world().out(), false, false, call.flag("--timestamps"));
                if (call.flag("--follow")) {
                    follow(engine, container, query, printer);
                } else {
                    merge(engine, List.of(container), query, printer);
                }
                return ExitCodes.OK;
            }
        }
    }

    private static LogQuery query(Invocation call) throws CommandException {
        var now = call.world().clock().instant();
        var zone = ZoneId.systemDefault();
        var tail = call.text("--tail").filter(t -> t.equals("all")).isPresent()
                ? OptionalInt.empty()
                : call.number("--tail", 0).map(OptionalInt::of).orElse(OptionalInt.empty());
        var since = call.text("--since");
        var until = call.text("--until");
        return new LogQuery(
                tail,
                since.isPresent() ? Optional.of(LogTime.parse(since.get(), now, zone)) : Optional.empty(),
                until.isPresent() ? Optional.of(LogTime.parse(until.get(), now, zone)) : Optional.empty());
    }

    private static void merge(Engine engine, List<ObservedContainer> found, LogQuery query, LogPrinter printer)
            throws IOException, InterruptedException {
        Map<String, LogMerge.Source> sources = new LinkedHashMap<>();
        for (var container : found) {
            var reader = engine.containers().logs(container.id());
            sources.put(StackContainers.label(container), sink -> reader.read(query, sink));
        }
        LogMerge.merge(sources, printer::print);
    }

    /** Goes on until no container that is meant runs or will run again. */
    static void follow(Engine engine, StackContainers containers, LogQuery query, LogPrinter printer)
            throws IOException, InterruptedException {
        var followers = new HashMap<String, Thread>();
        while (true) {
            for (var container : containers.all()) {
                // One that had ended and was followed to its end may run again; its log goes on in the same place.
                if (!followers.containsKey(container.id())) {
                    printer.expect(StackContainers.label(container));
                    followers.put(
                            container.id(),
                            Thread.ofPlatform().daemon().start(() -> follow(engine, container, query, printer)));
                }
            }
            var alive = new ArrayList<>(followers.values());
            alive.removeIf(t -> !t.isAlive());
            if (alive.isEmpty() && followers.keySet().containsAll(ids(containers))) {
                return;
            }
            if (!alive.isEmpty()) {
                alive.getFirst().join(LOOK_MILLIS);
            }
        }
    }

    private static List<String> ids(StackContainers containers) throws IOException {
        return containers.all().stream().map(ObservedContainer::id).toList();
    }

    private static void follow(Engine engine, ObservedContainer container, LogQuery query, LogPrinter printer) {
        try {
            engine.containers()
                    .logs(container.id())
                    .follow(
                            query,
                            () -> isOver(engine, container.id()),
                            entry -> printer.print(StackContainers.label(container), entry));
        } catch (IOException e) {
            // Removed while it was read, or nobody reads what we print: either way there is no more to say.
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isOver(Engine engine, String id) {
        try {
            var container = engine.containers().observe(id);
            return container.isEmpty()
                    || !container.get().isRunning()
                            && !(container.get().state() instanceof ContainerState.Created)
                            && !(engine.containers().decideRestart(id) instanceof RestartDecision.Restart);
        } catch (IOException e) {
            return true;
        }
    }
}
