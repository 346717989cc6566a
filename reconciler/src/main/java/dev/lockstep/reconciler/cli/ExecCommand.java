package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ExecResult;
import dev.lockstep.runtime.container.ExecSpec;
import dev.lockstep.runtime.container.ExecStreams;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Terminal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import picocli.CommandLine.Model.CommandSpec;

/** {@code exec}: one more program in a container of a service; its exit code is ours. */
final class ExecCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Runs a program in a running container of a service.");
        spec.parser().stopAtPositional(true); // what follows belongs to the program
        spec.addOption(Options.flag("Return as soon as it runs", "-d", "--detach"));
        spec.addOption(Options.flag("No terminal (default: one where there is one)", "-T", "--no-tty"));
        spec.addOption(Options.flag("Accepted: there is a terminal where there is one", "-t", "--tty"));
        spec.addOption(Options.flag("Accepted: input is connected", "-i", "--interactive"));
        spec.addOption(Options.value("USER", "user[:group], names or numbers", "-u", "--user"));
        spec.addOption(Options.value("DIR", "Working directory", "-w", "--workdir"));
        spec.addOption(Options.values("NAME[=VALUE]", "Environment variable", "-e", "--env"));
        spec.addOption(Options.value("N", "Container of the service (default: the first that runs)", "--index"));
        spec.addPositional(Options.arguments("SERVICE COMMAND [ARGS...]", "2..*", "Service, and the program to run"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var service = call.arguments().getFirst();
        var index = call.number("--index", 1);
        var door = EngineDoor.of(call);
        var stack = new ProjectFiles(call).name();
        if (!door.hasRoot()) {
            throw new CommandException("stack " + stack + " has no containers on this host");
        }
        try (var engine = door.open()) {
            var container = container(engine, stack, service, index);
            var terminals = call.world().terminals();
            var tty = !call.flag("--no-tty") && !call.flag("--detach") && terminals.in() && terminals.out();
            var spec = new ExecSpec(
                    call.arguments().subList(1, call.arguments().size()),
                    environment(call),
                    call.text("--user"),
                    call.text("--workdir"),
                    tty,
                    !call.flag("--detach"),
                    call.flag("--detach"));
            var result = tty ? onTerminal(call, engine, container, spec) : plain(call, engine, container, spec);
            result.error().ifPresent(why -> call.world().err().println("lockstep: " + Printable.text(why.strip())));
            return result.exitCode();
        }
    }

    private static ObservedContainer container(Engine engine, String stack, String service, Optional<Integer> index)
            throws IOException, CommandException {
        var containers = new StackContainers(engine, stack, List.of(service), index);
        containers.requireServices();
        return containers.all().stream()
                .filter(ObservedContainer::isRunning)
                .findFirst()
                .orElseThrow(() -> new CommandException("service \"" + service + "\" is not running"
                        + index.map(i -> " as container #" + i).orElse("")));
    }

    /** {@code NAME} alone takes the value from here, and is nothing where there is none. */
    private static Map<String, String> environment(Invocation call) {
        var environment = new TreeMap<String, String>();
        for (var text : call.texts("--env")) {
            var equals = text.indexOf('=');
            if (equals >= 0) {
                environment.put(text.substring(0, equals), text.substring(equals + 1));
            } else if (call.world().environment().containsKey(text)) {
                environment.put(text, call.world().environment().get(text));
            }
        }
        return environment;
    }

    private static ExecResult plain(Invocation call, Engine engine, ObservedContainer container, ExecSpec spec)
            throws IOException {
        var world = call.world();
        return engine.containers().exec(container.id(), spec, new ExecStreams(world.in(), world.out(), world.err()));
    }

    private static ExecResult onTerminal(Invocation call, Engine engine, ObservedContainer container, ExecSpec spec)
            throws IOException {
        var opened = Terminal.open();
        if (opened.isEmpty()) {
            return plain(call, engine, container, spec);
        }
        var world = call.world();
        try (var terminal = opened.get()) {
            // Also when the process is killed by a signal: a shell on a raw terminal is of no use to anybody.
            var restore = Thread.ofPlatform().unstarted(() -> close(terminal));
            Runtime.getRuntime().addShutdownHook(restore);
            terminal.raw();
            var streams = new ExecStreams(
                    world.in(),
                    world.out(),
                    world.err(),
                    resize -> Thread.ofPlatform().daemon().name("window-size").start(() -> watch(terminal, resize)));
            return engine.containers().exec(container.id(), spec, streams);
        }
    }

    private static void close(Terminal terminal) {
        try {
            terminal.close();
        } catch (LinuxException e) {
            // The terminal is gone, and its settings with it.
        }
    }

    /** Tells the size now and whenever it changes. */
    private static void watch(Terminal terminal, ExecStreams.Resize resize) {
        var changes = new Semaphore(1);
        Signals.hear("WINCH", changes::release);
        try {
            while (true) {
                changes.acquire();
                changes.drainPermits(); // several changes, one size
                var size = terminal.size();
                resize.to(size.rows(), size.columns());
            }
        } catch (IOException e) {
            // The session or the terminal is over.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
