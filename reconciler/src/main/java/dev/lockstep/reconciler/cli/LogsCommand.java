package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.log.LogQuery;
import java.io.IOException;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;

/** {@code logs}: what containers of the stack wrote, by time, or as it comes with {@code -f}. */
final class LogsCommand implements Command {
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
        spec.addOption(Options.value("FORMAT", "json: a line of JSON for each line, with whose it is", "--format"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only containers of these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var query = query(call);
        var index = call.number("--index", 1);
        var door = EngineDoor.of(call);
        var named = Stack.of(call);
        var stack = named.name();
        if (!door.hasRoot()) {
            call.say("stack " + stack + " has no containers on this host");
            return ExitCodes.OK;
        }
        try (var engine = door.openForReading()) {
            var containers = new StackContainers(engine, stack, call.arguments(), index);
            if (new StackContainers(engine, stack, List.of(), Optional.empty())
                    .all()
                    .isEmpty()) {
                call.say("stack " + stack + " has no containers on this host");
                return ExitCodes.OK;
            }
            containers.requireServices(named.byName() ? List.of() : named.services());
            var found = containers.all();
            if (found.isEmpty() && index.isPresent()) {
                throw new CommandException(
                        "service " + String.join(", ", call.arguments()) + " has no container #" + index.get());
            }
            var output = isJson(call)
                    ? new LogJson(call.world().out(), engine.host())
                    : new LogPrinter(
                            call.world().out(),
                            !call.flag("--no-log-prefix"),
                            !call.flag("--no-color")
                                    && call.world()
                                            .colour(call.world().terminals().out()),
                            call.flag("--timestamps"));
            found.forEach(c -> output.expect(c.record()));
            show(call, new LogFollow(call, engine, containers::all, query, output), output);
            return ExitCodes.OK;
        }
    }

    private static boolean isJson(Invocation call) throws CommandException {
        return call.choice("--format", "text", List.of("text", "json")).equals("json");
    }

    private static void show(Invocation call, LogFollow logs, LogOutput output)
            throws IOException, InterruptedException {
        if (call.flag("--follow")) {
            logs.follow(output::ended);
        } else {
            logs.read();
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
            spec.addOption(Options.value("FORMAT", "json: a line of JSON for each line, with whose it is", "--format"));
            spec.addPositional(Options.arguments("CONTAINER", "1", "Name or id"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var query = query(call);
            try (var engine = EngineDoor.of(call).openForReading()) {
                var container = By.named(engine, call.arguments().getFirst());
                var unreadable = LogFollow.unreadable(container.record());
                if (unreadable.isPresent()) {
                    throw new CommandException(unreadable.get());
                }
                var output = isJson(call)
                        ? new LogJson(call.world().out(), engine.host())
                        : new LogStreams(call.world().out(), call.world().err(), call.flag("--timestamps"));
                show(call, new LogFollow(call, engine, LogFollow.only(engine, container), query, output), output);
                return ExitCodes.OK;
            }
        }
    }

    private static LogQuery query(Invocation call) throws CommandException {
        var now = call.world().clock().instant();
        var zone = ZoneId.systemDefault();
        // As with Docker, a negative number is all as well.
        var tail = call.text("--tail").filter(t -> t.matches("all|-[0-9]+")).isPresent()
                ? OptionalInt.empty()
                : call.number("--tail", 0).map(OptionalInt::of).orElse(OptionalInt.empty());
        var since = call.text("--since");
        var until = call.text("--until");
        return new LogQuery(
                tail,
                since.isPresent() ? Optional.of(LogTime.parse(since.get(), now, zone)) : Optional.empty(),
                until.isPresent() ? Optional.of(LogTime.parse(until.get(), now, zone)) : Optional.empty());
    }
}
