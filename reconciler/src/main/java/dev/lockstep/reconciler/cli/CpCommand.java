package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.copy.Keep;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code cp}: files between a container, running or not, and the host; {@code -} is an archive. */
final class CpCommand implements Command {
    private final By by;

    CpCommand(By by) {
        this.by = by;
    }

    @Override
    public void describe(CommandSpec spec) {
        var where = by == By.SERVICE ? "SERVICE" : "CONTAINER";
        spec.usageMessage()
                .description(
                        "Copies files out of a container or into it, be it running or not. '-' in place of a path of the"
                                + " host is a tar archive on standard output or from standard input.",
                        "A directory whose path ends in /. is copied without itself. Set-id bits, file capabilities and"
                                + " devices do not come out of a container unless --archive asks for it.");
        spec.addOption(Options.flag("Keep owners", "-a", "--archive"));
        spec.addOption(Options.flag("A source that is a link is what it leads to", "-L", "--follow-link"));
        spec.addOption(Options.dryRun());
        if (by == By.SERVICE) {
            spec.addOption(Options.value(
                    "N", "Container of the service (default: all of them, or the first to copy from)", "--index"));
        } else {
            spec.addOption(Options.flag("Do not say what is copied", "-q", "--quiet"));
        }
        spec.addPositional(
                Options.arguments(where + ":SOURCE TARGET|-, or SOURCE|- " + where + ":TARGET", "2", "From, and to"));
    }

    /**
     * A side of the copy.
     *
     * @param container absent for the host
     */
    private record Side(Optional<String> container, String path) {
        /** A colon behind a name means a container; a path that begins with {@code /} or {@code .} is the host's. */
        static Side parse(String text) {
            var colon = text.indexOf(':');
            return text.startsWith("/") || text.startsWith(".") || colon <= 0
                    ? new Side(Optional.empty(), text)
                    : new Side(Optional.of(text.substring(0, colon)), text.substring(colon + 1));
        }

        boolean isStream() {
            return container.isEmpty() && path.equals("-");
        }
    }

    @Override
    public int run(Invocation call) throws Exception {
        var from = Side.parse(call.arguments().get(0));
        var to = Side.parse(call.arguments().get(1));
        if (from.container().isPresent() == to.container().isPresent()) {
            throw new CommandException(
                    from.container().isPresent()
                            ? "copying between containers is not supported: copy out first, or pipe through -"
                            : "unknown copy direction: one side is " + (by == By.SERVICE ? "SERVICE" : "CONTAINER")
                                    + ":PATH");
        }
        // Wrong files are told before anything of the host is touched.
        var stack = by == By.SERVICE ? Optional.of(Stack.of(call)) : Optional.<Stack>empty();
        try (var engine = EngineDoor.of(call).open()) {
            if (from.container().isPresent()) {
                return out(
                        call,
                        engine,
                        containers(call, stack, engine, from.container().get()).getFirst(),
                        from.path(),
                        to);
            }
            var containers = containers(call, stack, engine, to.container().orElseThrow());
            if (from.isStream() && containers.size() > 1) {
                throw new CommandException("standard input can be read once, and service \""
                        + to.container().orElseThrow() + "\" has " + containers.size()
                        + " containers; name one with --index");
            }
            for (var container : containers) {
                in(call, engine, container, from, to.path());
            }
            return ExitCodes.OK;
        }
    }

    /** @param stack absent: the word is the name of a container */
    private static List<ObservedContainer> containers(
            Invocation call, Optional<Stack> stack, Engine engine, String word) throws IOException, CommandException {
        if (stack.isEmpty()) {
            return List.of(By.named(engine, word));
        }
        var index = call.number("--index", 1);
        var found = stack.get().containers(engine, List.of(word), Stack.Which.OF_SERVICES).stream()
                .filter(c -> index.isEmpty() || index.get() == c.record().spec().slot())
                .toList();
        if (found.isEmpty()) {
            throw new CommandException("no container found for service \"" + word + "\""
                    + index.map(i -> " #" + i).orElse(""));
        }
        return found;
    }

    private int out(Invocation call, Engine engine, ObservedContainer container, String path, Side to)
            throws IOException, CommandException {
        var what = "copy " + container.name() + ":" + path + " to " + to.path();
        if (rehearsed(call, container, what)) {
            return ExitCodes.OK;
        }
        try (var tree = engine.containers().tree(container.id(), "archive-path")) {
            var source = new Copying.End(
                    tree.root(), absolute("/", path), "in container " + container.name(), tree.ids(), tree.mounts());
            if (to.isStream()) {
                return StandardOutput.write(call, out -> Copying.archive(source, call.flag("--follow-link"), out));
            }
            tell(call, container, what + " Copying");
            try (var host = Directory.open(Path.of("/"))) {
                var target = new Copying.End(host, absolute(call.world().directory() + "/", to.path()), "on this host");
                var archive = call.flag("--archive");
                Copying.copy(source, target, call.flag("--follow-link"), new Keep(archive, archive))
                        .forEach(left -> call.say("Warning: " + left));
            }
        }
        tell(call, container, what + " Copied");
        return ExitCodes.OK;
    }

    /** In Docker's words where it must not be written to. */
    private void in(Invocation call, Engine engine, ObservedContainer container, Side from, String path)
            throws IOException, CommandException {
        try {
            copyIn(call, engine, container, from, path);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EROFS) {
                throw e;
            }
            var place = Path.of(absolute("/", path)).normalize();
            throw new CommandException(
                    container.record().spec().mounts().stream().anyMatch(m -> place.startsWith(m.target()))
                            ? "mounted volume is marked read-only"
                            : "container rootfs is marked read-only");
        }
    }

    private void copyIn(Invocation call, Engine engine, ObservedContainer container, Side from, String path)
            throws IOException {
        var what = "copy " + from.path() + " to " + container.name() + ":" + path;
        if (rehearsed(call, container, what)) {
            return;
        }
        var keep = new Keep(call.flag("--archive") || from.isStream(), true);
        try (var tree = engine.containers().tree(container.id(), "extract-to-dir")) {
            var target = new Copying.End(
                    tree.root(), absolute("/", path), "in container " + container.name(), tree.ids(), tree.mounts());
            if (from.isStream()) {
                Copying.extract(call.world().in(), target, keep).forEach(left -> call.say("Warning: " + left));
                return;
            }
            tell(call, container, what + " Copying");
            try (var host = Directory.open(Path.of("/"))) {
                var source =
                        new Copying.End(host, absolute(call.world().directory() + "/", from.path()), "on this host");
                Copying.copy(source, target, call.flag("--follow-link"), keep)
                        .forEach(left -> call.say("Warning: " + left));
            }
        }
        tell(call, container, what + " Copied");
    }

    private static boolean rehearsed(Invocation call, ObservedContainer container, String what) {
        if (call.dryRun()) {
            ComposeProgress.of(call).line(container.name(), what + " Copying");
            ComposeProgress.of(call).line(container.name(), what + " Copied");
        }
        return call.dryRun();
    }

    private static String absolute(String base, String path) {
        return path.startsWith("/") ? path : base + path;
    }

    private static void tell(Invocation call, ObservedContainer container, String what) {
        if (!call.flag("--quiet")) {
            call.world().err().println(" " + Printable.text(container.name() + " " + what));
        }
    }
}
