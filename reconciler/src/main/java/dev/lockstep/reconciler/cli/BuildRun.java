package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.ContextAddress;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildCancelledException;
import dev.lockstep.runtime.build.BuildEvent;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.Cancellation;
import dev.lockstep.runtime.build.StepFailedException;
import dev.lockstep.runtime.image.Image;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Builds by hand: with the host's rules for images, until Ctrl-C, and with the reason where it fails. */
final class BuildRun {
    /**
     * It may be waiting for another build, or for a disk; the next one takes away what is left then. What is being
     * taken away already is waited for: a million files of a copy take longer than that.
     */
    private static final Duration LAST_WORD = Duration.ofSeconds(15);

    private static final Duration LEAST_WAIT = Duration.ofMillis(100);

    private final Invocation call;
    private final Builder builder;

    /** @param fetched brings what steps name of Git repositories; open as long as the build goes on */
    BuildRun(Invocation call, Engine engine, EngineDoor door, FetchedContexts fetched) throws IOException {
        this.call = call;
        var allowed = new AllowedPull(engine, door.settings().images());
        this.builder = engine.builder(
                (reference, progress) -> {
                    try {
                        return allowed.pull(reference, progress);
                    } catch (CommandException e) {
                        throw new BuildException(String.valueOf(e.getMessage()), e);
                    }
                },
                address -> commit(fetched, address));
    }

    private static BuildRooms.Commit commit(FetchedContexts fetched, String address) throws BuildException {
        try {
            if (ContextAddress.parse(address) instanceof ContextAddress.Git git) {
                return fetched.commit(git);
            }
            throw new BuildException(Printable.text(address) + " is the address of no Git repository");
        } catch (BuildException e) {
            throw e;
        } catch (IOException e) {
            throw new BuildException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What builds. */
    Builder builder() {
        return builder;
    }

    /**
     * Builds.
     *
     * @throws CommandException with the whole story, when it fails
     */
    Image build(BuildRequest request, BuildEvent.Listener listener, Builder.Finish finish)
            throws IOException, CommandException {
        return build(request, listener, finish, new Cancellation());
    }

    /** The same, which somebody else may call off, too. */
    Image build(BuildRequest request, BuildEvent.Listener listener, Builder.Finish finish, Cancellation cancellation)
            throws IOException {
        var ended = new Object() {
            boolean over;

            synchronized void end() {
                over = true;
                notifyAll();
            }

            synchronized void await() throws InterruptedException {
                var until = System.nanoTime() + LAST_WORD.toNanos();
                for (var left = LAST_WORD; !over && (left.isPositive() || cancellation.isUndoing()); ) {
                    wait(Math.max(LEAST_WAIT.toMillis(), left.toMillis()));
                    left = Duration.ofNanos(until - System.nanoTime());
                }
            }
        };
        // SIGINT and SIGTERM end the JVM: what runs is stopped and taken away before it is gone.
        var hook = Thread.ofPlatform().name("build-cancel").unstarted(() -> {
            cancellation.cancel();
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return builder.build(request, listener, cancellation, finish);
        } finally {
            ended.end();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The JVM is on its way out, and has waited for us.
            }
        }
    }

    /** Tells why it failed, as a person reads it, and returns the last word of it. */
    CommandException failure(BuildException e) {
        return failure(call, e);
    }

    static CommandException failure(Invocation call, BuildException e) {
        return switch (e) {
            case StepFailedException step -> {
                tell(call, step);
                // The excerpt begins with the file's name and the line.
                var place = step.excerpt()
                        .lines()
                        .findFirst()
                        .orElse("line " + step.at().line());
                yield new CommandException(
                        "failed to build: " + place + ": " + Printable.text(String.valueOf(step.getMessage())));
            }
            case BuildCancelledException cancelled ->
                new CommandException(String.valueOf(cancelled.getMessage()), ExitCodes.INTERRUPTED);
            default -> {
                // Excerpts have lines of their own.
                String.valueOf(e.getMessage())
                        .lines()
                        .forEach(line -> call.world().err().println(Printable.text(line)));
                yield new CommandException("failed to build");
            }
        };
    }

    private static void tell(Invocation call, StepFailedException e) {
        var err = call.world().err();
        if (!e.lastLines().isEmpty()) {
            err.println("------\n > " + Printable.text(e.title()) + ":");
            e.lastLines().forEach(line -> err.println(Printable.text(line)));
            err.println("------");
        }
        e.excerpt().lines().forEach(line -> err.println(Printable.text(line)));
    }

    /** A progress that fits the call, by {@code --progress} or the variables that Docker and Compose have for it. */
    BuildProgress progress(boolean quiet) throws CommandException {
        return progress(call, quiet);
    }

    static BuildProgress progress(Invocation call, boolean quiet) throws CommandException {
        if (quiet) {
            return new BuildProgress.Silent();
        }
        var asked = call.text("--progress")
                .or(() -> call.world().variable("BUILDKIT_PROGRESS"))
                .or(call.globals()::progress)
                .orElse("auto");
        var known = List.of("auto", "tty", "plain", "quiet", "rawjson");
        if (!known.contains(asked)) {
            throw new CommandException(
                    "--progress takes " + String.join(", ", known) + ", not \"" + Printable.text(asked) + "\"");
        }
        return BuildProgress.of(call, asked);
    }
}
