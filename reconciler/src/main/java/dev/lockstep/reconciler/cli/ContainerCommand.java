package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;

/** {@code container}: Docker's words for containers by name or id, whatever stack they belong to. */
final class ContainerCommand implements CommandGroup {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    ContainerCommand() {
        subcommands.put("run", new ContainerRun(true));
        subcommands.put("create", new ContainerRun(false));
        subcommands.put("ls", new ContainerList());
        subcommands.put("ps", new ContainerList());
        subcommands.put("list", new ContainerList());
        subcommands.put("start", new ContainerRun.Start());
        subcommands.put("stop", new Each("Stops running containers.", ContainerCommand::timeout, stop()));
        subcommands.put("restart", new Each("Restarts containers.", ContainerCommand::timeout, restart()));
        subcommands.put("kill", new Each("Sends a signal to running containers.", ContainerCommand::signal, kill()));
        subcommands.put("pause", new Each("Lets containers stand still.", _ -> {}, pause()));
        subcommands.put("unpause", new Each("Lets paused containers go on.", _ -> {}, unpause()));
        subcommands.put("wait", new Each("Waits until containers end, and prints their exit codes.", _ -> {}, await()));
        subcommands.put("rm", new Each("Removes containers.", ContainerCommand::removal, remove()));
        subcommands.put("prune", new ContainerPrune());
        subcommands.put("update", new ContainerUpdate());
        subcommands.put("rename", new Rename());
        subcommands.put("logs", new LogsCommand.OfContainer());
        subcommands.put("inspect", new InspectCommand());
        subcommands.put("top", new Top());
        subcommands.put("port", new Port());
        subcommands.put("exec", new ExecCommand(By.NAME));
        subcommands.put("attach", new AttachCommand(By.NAME));
        subcommands.put("cp", new CpCommand(By.NAME));
        subcommands.put("stats", new StatsCommand());
        subcommands.put("events", new EventsCommand(By.NAME));
        subcommands.put(
                "commit",
                new Refused("images are made from files: 'lockstep image import --rootfs' makes one of an archive, and"
                        + " 'container export' writes one"));
        subcommands.put("export", new ContainerFilesCommands.Export());
        subcommands.put("diff", new ContainerFilesCommands.Diff());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Does to containers by name or id what Docker does.");
    }

    @Override
    public Map<String, Command> subcommands() {
        return subcommands;
    }

    /** A word of Docker's that is not there. */
    record Refused(String why) implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Not there: " + why + ".").hidden(true);
            spec.parser().unmatchedArgumentsAllowed(true);
        }

        @Override
        public int run(Invocation call) throws CommandException {
            throw new CommandException(call.parsed().commandSpec().name() + ": " + why);
        }
    }

    /** What is done to one of the containers named, and the line that it gives. */
    interface Deed {
        Optional<String> to(Invocation call, Engine engine, ObservedContainer container)
                throws IOException, CommandException;
    }

    private static void timeout(CommandSpec spec) {
        spec.addOption(Options.value(
                "SECONDS", "Kill containers that have not ended after that time", "-t", "--time", "--timeout"));
        spec.addOption(Options.value("SIGNAL", "Instead of the stop signal", "-s", "--signal"));
    }

    private static void signal(CommandSpec spec) {
        spec.addOption(Options.value("SIGNAL", "Name with or without SIG, or number (default KILL)", "-s", "--signal"));
    }

    private static void removal(CommandSpec spec) {
        spec.addOption(Options.flag("Kill those that run", "-f", "--force"));
        spec.addOption(Options.flag("Remove their anonymous volumes too: their data is lost", "-v", "--volumes"));
        spec.addOption(Options.refused("containers have no links: they find each other by name", "-l", "--link"));
    }

    private static Deed stop() {
        return (call, engine, container) -> {
            engine.containers().stop(container.id(), call.grace("--time"), call.text("--signal"));
            return Optional.empty();
        };
    }

    private static Deed restart() {
        return (call, engine, container) -> {
            engine.containers().restart(container.id(), call.grace("--time"), call.text("--signal"));
            return Optional.empty();
        };
    }

    private static Deed kill() {
        return (call, engine, container) -> {
            engine.containers().kill(container.id(), call.text("--signal").orElse("KILL"));
            return Optional.empty();
        };
    }

    private static Deed pause() {
        return (_, engine, container) -> {
            engine.containers().pause(container.id());
            return Optional.empty();
        };
    }

    private static Deed unpause() {
        return (_, engine, container) -> {
            engine.containers().unpause(container.id());
            return Optional.empty();
        };
    }

    private static Deed await() {
        return (_, engine, container) ->
                Optional.of(String.valueOf(engine.containers().await(container.id())));
    }

    private static Deed remove() {
        return (call, engine, container) -> {
            if (!call.flag("--force") && container.isRunning()) {
                engine.containers().remove(container.id(), false, false); // says why not
            }
            LooseContainer.remove(engine, container.record(), call.flag("--volumes"));
            return Optional.empty();
        };
    }

    /** One deed for each container named; what is not there does not keep it from the others. */
    private record Each(String summary, Consumer<CommandSpec> options, Deed deed) implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description(summary);
            options.accept(spec);
            spec.addPositional(Options.arguments("CONTAINER...", "1..*", "Names or ids"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            return each(call, deed);
        }
    }

    /** Does it to each of the arguments; ends with 1 when it could not be done to one of them. */
    static int each(Invocation call, Deed deed) throws Exception {
        var code = ExitCodes.OK;
        var stacks = new TreeSet<String>();
        var door = EngineDoor.of(call);
        try (var engine = door.open()) {
            for (var word : call.arguments()) {
                try {
                    var container = By.named(engine, word);
                    var line = deed.to(call, engine, container);
                    call.world().out().println(Printable.text(line.orElse(word)));
                    call.world().out().flush();
                    stacks.add(container.record().spec().owner().stack());
                } catch (ContainerException | CommandException e) {
                    call.say("lockstep: " + e.getMessage());
                    code = ExitCodes.ERROR;
                }
            }
            for (var stack : stacks) {
                StackChange.tellAgent(call, door, engine, stack);
            }
            return code;
        }
    }

    private static final class Rename implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Gives a container another name.");
            spec.addPositional(Options.arguments("CONTAINER NAME", "2", "Container, and its new name"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var door = EngineDoor.of(call);
            try (var engine = door.open()) {
                var container = By.named(engine, call.arguments().get(0));
                engine.containers().rename(container.id(), call.arguments().get(1));
                StackChange.tellAgent(
                        call, door, engine, container.record().spec().owner().stack());
                return ExitCodes.OK;
            }
        }
    }

    private static final class Top implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Shows the processes of a running container.");
            spec.addPositional(Options.arguments("CONTAINER", "1", "Name or id"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            try (var engine = EngineDoor.of(call).open()) {
                var container = By.NAME.of(call).find(engine, call.arguments().getFirst(), Optional.empty());
                var processes = engine.containers().processes(container.id());
                call.world().out().print(TopCommand.table(call, processes, TopCommand.users()));
                return ExitCodes.OK;
            }
        }
    }

    private static final class Port implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Prints where ports of a container are published.");
            spec.addPositional(Options.arguments("CONTAINER [PORT[/PROTOCOL]]", "1..2", "Container, and one port"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            try (var engine = EngineDoor.of(call).openForReading()) {
                var container = By.named(engine, call.arguments().getFirst());
                var wanted = call.arguments().stream().skip(1).findFirst().map(p -> p.contains("/") ? p : p + "/tcp");
                var found = false;
                for (var port : container.ports()) {
                    var inside = port.containerPort() + "/" + port.protocol().lowerCase();
                    if (wanted.isEmpty() || wanted.get().equals(inside)) {
                        found = true;
                        call.world()
                                .out()
                                .println((wanted.isEmpty() ? inside + " -> " : "")
                                        + ShownPorts.Port.of(port).place());
                    }
                }
                if (wanted.isPresent() && !found) {
                    throw new CommandException("no public port '" + wanted.get() + "' published for "
                            + call.arguments().getFirst());
                }
                return ExitCodes.OK;
            }
        }
    }
}
