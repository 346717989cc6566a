package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.DetachKeys;
import dev.lockstep.runtime.container.ExecResult;
import dev.lockstep.runtime.container.ExecSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;

/** {@code exec}: one more program in a container of a service; its exit code is ours. */
final class ExecCommand implements Command {
    private final By by;

    ExecCommand(By by) {
        this.by = by;
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Runs a program in a running container.");
        spec.parser().stopAtPositional(true); // what follows belongs to the program
        spec.addOption(Options.flag("Return as soon as it runs", "-d", "--detach"));
        spec.addOption(Options.flag("No terminal (default: one where there is one)", "-T", "--no-TTY", "--no-tty"));
        if (by == By.SERVICE) {
            spec.addOption(Options.flag("Accepted: there is a terminal where there is one", "-t", "--tty"));
            Options.switchedOn("Input is connected (default)", "-i", "--interactive")
                    .forEach(spec::addOption);
        } else {
            spec.addOption(Options.flag("Give it a terminal", "-t", "--tty"));
            spec.addOption(Options.flag("Connect its input", "-i", "--interactive"));
            spec.addOption(Options.values("FILE", "Environment variables, one a line", "--env-file"));
        }
        spec.addOption(
                Options.value("KEYS", "What is typed to leave it running (default ctrl-p,ctrl-q)", "--detach-keys"));
        spec.addOption(Options.value("USER", "user[:group], names or numbers", "-u", "--user"));
        spec.addOption(Options.value("DIR", "Working directory", "-w", "--workdir"));
        spec.addOption(Options.values("NAME[=VALUE]", "Environment variable", "-e", "--env"));
        spec.addOption(Options.flag("With every capability that the kernel knows", "--privileged"));
        spec.addOption(Options.value("N", "Container of the service (default: the first that runs)", "--index"));
        spec.addOption(Options.dryRun());
        spec.addPositional(Options.arguments(
                (by == By.SERVICE ? "SERVICE" : "CONTAINER") + " COMMAND [ARGS...]", "2..*", "Where, and what to run"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var service = call.arguments().getFirst();
        var words = call.arguments().subList(1, call.arguments().size());
        var index = call.number("--index", 1);
        var running = by.of(call);
        var door = EngineDoor.of(call);
        if (!door.hasRoot()) {
            throw new CommandException("there are no containers on this host");
        }
        try (var engine = door.open()) {
            var container = running.find(engine, service, index);
            if (call.dryRun()) {
                ComposeProgress.of(call).line("Container " + container.name(), "Would run " + String.join(" ", words));
                return ExitCodes.OK;
            }
            var terminals = call.world().terminals();
            var sits = terminals.in() && terminals.out();
            // A service's program has a terminal where there is one, a container's when it is asked for.
            var input = !call.flag("--detach") && (by == By.SERVICE ? !call.off("--interactive") : call.flag("-i"));
            var tty = by == By.SERVICE
                    ? !call.flag("--no-tty") && !call.flag("--detach") && sits
                    : call.flag("--tty") && !call.flag("--no-tty");
            if (by == By.NAME && tty && input && !terminals.in()) {
                throw new CommandException("the input device is not a TTY");
            }
            var spec = new ExecSpec(
                    words,
                    by == By.SERVICE
                            ? environment(call, List.of(), () -> new ProjectFiles(call).variables())
                            : environment(call, call.texts("--env-file"), call.world()::environment),
                    call.text("--user"),
                    call.text("--workdir"),
                    tty,
                    input,
                    call.flag("--detach"),
                    call.flag("--privileged"));
            var raw = tty && input && sits;
            var keys = raw ? Foreground.keys(call) : DetachKeys.NONE;
            ExecResult result;
            try (var streams = PersonStreams.of(call, raw, keys)) {
                result = engine.containers().exec(container.id(), spec, streams.streams());
            } catch (ContainerException e) {
                if (e.reason() == ContainerException.Reason.INVALID) {
                    // No such user, no such directory: for Docker the program cannot be run.
                    throw new CommandException(
                            String.valueOf(e.getMessage()), ContainerException.Reason.CANNOT_EXECUTE.exitCode());
                }
                throw e;
            }
            result.error().ifPresent(why -> call.world().err().println("lockstep: " + Printable.text(why.strip())));
            return result.exitCode();
        }
    }

    /**
     * {@code NAME} alone takes the value from here, and is nothing where there is none.
     *
     * @param files with a variable a line, over which the options win
     * @param here asked where there is a {@code NAME} alone
     */
    static Map<String, String> environment(Invocation call, List<String> files, Supplier<Map<String, String>> here)
            throws CommandException {
        var environment = new TreeMap<String, String>();
        var texts = RunDocument.variables(call, files);
        var known = texts.stream().allMatch(text -> text.contains("=")) ? Map.<String, String>of() : here.get();
        for (var text : texts) {
            var equals = text.indexOf('=');
            if (equals >= 0) {
                environment.put(text.substring(0, equals), text.substring(equals + 1));
            } else {
                Optional.ofNullable(known.get(text)).ifPresent(value -> environment.put(text, value));
            }
        }
        return environment;
    }
}
