package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.HealthMonitor;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.log.LogQuery;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * {@code up} without {@code -d}: shows what containers write until all have ended, and stops them at the first Ctrl-C;
 * at the second it kills them.
 */
final class Attached {
    private final Invocation call;
    private final StackChange change;
    private final UpRun.Outcome outcome;
    private final Instant began;
    private final BlockingQueue<Happening> happenings = new LinkedBlockingQueue<>();

    /** @param began what was written earlier is not shown */
    Attached(Invocation call, StackChange change, UpRun.Outcome outcome, Instant began) {
        this.call = call;
        this.change = change;
        this.outcome = outcome;
        this.began = began;
    }

    private sealed interface Happening {
        /** A container ended, and is not started again. */
        record Ended(ObservedContainer container, int code) implements Happening {}

        /** Nothing runs any more. */
        record AllEnded() implements Happening {}

        /** Ctrl-C, or SIGTERM. */
        record Interrupted() implements Happening {}
    }

    private List<String> shown() {
        var shown = new ArrayList<>(
                call.flag("--attach")
                        ? call.texts("--attach")
                        : call.arguments().isEmpty() || call.flag("--attach-dependencies")
                                ? outcome.services()
                                : call.arguments());
        shown.removeAll(call.texts("--no-attach"));
        return shown;
    }

    UpRun.Outcome stay() throws IOException, InterruptedException {
        Signals.hear("INT", () -> happenings.add(new Happening.Interrupted()));
        Signals.hear("TERM", () -> happenings.add(new Happening.Interrupted()));
        var printer = new LogPrinter(
                call.world().out(),
                !call.flag("--no-log-prefix"),
                !call.flag("--no-color")
                        && call.world().colour(call.world().terminals().out()),
                call.flag("--timestamps"));
        var shown = shown();
        var engine = change.engine();
        try (var health = new HealthMonitor(engine.containers(), call.world().clock(), (_, _) -> {})) {
            var watched = new ArrayList<Thread>();
            for (var container : mine()) {
                health.watch(container.id());
                watched.add(Thread.ofPlatform()
                        .daemon()
                        .name("end-of-" + container.name())
                        .start(() -> watch(container)));
            }
            var logs = Thread.ofPlatform().daemon().name("logs").start(() -> {
                try {
                    var query = new LogQuery(OptionalInt.empty(), Optional.of(began), Optional.empty());
                    if (!shown.isEmpty()) {
                        LogsCommand.follow(
                                engine,
                                new StackContainers(engine, outcome.stack(), shown, Optional.empty()),
                                query,
                                printer);
                    }
                    for (var thread : watched) {
                        thread.join();
                    }
                    happenings.add(new Happening.AllEnded());
                } catch (IOException | InterruptedException e) {
                    happenings.add(new Happening.Interrupted()); // nobody reads what we print
                }
            });
            var code = untilTheEnd();
            logs.interrupt();
            return new UpRun.Outcome(code, outcome.stack(), outcome.services());
        }
    }

    private List<ObservedContainer> mine() throws IOException {
        return change.engine().containers().observe().stream()
                .filter(c -> c.record().spec().owner().stack().equals(outcome.stack()))
                .filter(c -> outcome.services().contains(c.record().spec().service()))
                .toList();
    }

    /** Says each end; a container that its policy starts again is looked at again. */
    private void watch(ObservedContainer container) {
        var containers = change.engine();
        try {
            while (true) {
                var code = containers.containers().await(container.id());
                var now = containers.containers().observe(container.id());
                if (now.filter(ObservedContainer::isRunning).isPresent()) {
                    continue; // somebody was faster
                }
                if (now.isPresent()
                        && containers.containers().decideRestart(container.id()) instanceof RestartDecision.Restart) {
                    Thread.sleep(LOOK_MILLIS);
                    continue;
                }
                happenings.add(new Happening.Ended(container, code));
                return;
            }
        } catch (IOException e) {
            happenings.add(new Happening.Ended(container, 0)); // removed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How often to look whether a container that its policy starts again has been started. */
    private static final long LOOK_MILLIS = 100;

    private int untilTheEnd() throws IOException, InterruptedException {
        var from = call.text("--exit-code-from");
        var aborts = from.isPresent() || call.flag("--abort-on-container-exit");
        var stopping = Optional.<Thread>empty();
        var code = Optional.<Integer>empty();
        while (true) {
            switch (happenings.take()) {
                case Happening.Ended(var container, var exit) -> {
                    call.say(StackContainers.label(container) + " exited with code " + exit);
                    var counts = from.isEmpty()
                            || from.get().equals(container.record().spec().service());
                    if (aborts && code.isEmpty() && counts) {
                        code = Optional.of(exit);
                    }
                    if (aborts && stopping.isEmpty()) {
                        call.say("Aborting on container exit...");
                        stopping = Optional.of(stop(false));
                    }
                }
                case Happening.AllEnded _ -> {
                    if (stopping.isPresent()) {
                        stopping.get().join();
                    }
                    return code.orElse(ExitCodes.OK);
                }
                case Happening.Interrupted _ -> {
                    code = Optional.of(ExitCodes.INTERRUPTED);
                    if (stopping.isEmpty()) {
                        call.say("Gracefully stopping... (press Ctrl+C again to force)");
                        stopping = Optional.of(stop(false));
                    } else {
                        stop(true).join();
                        return ExitCodes.INTERRUPTED;
                    }
                }
            }
        }
    }

    /** In a thread of its own, so that a second signal is heard. */
    private Thread stop(boolean kill) {
        return Thread.ofPlatform().name("stop").start(() -> {
            try {
                if (kill) {
                    for (var container : mine()) {
                        if (container.isRunning()) {
                            change.engine().containers().kill(container.id(), "KILL");
                        }
                    }
                } else {
                    var running =
                            mine().stream().filter(ObservedContainer::isRunning).toList();
                    change.runAgain(
                            ByHand.backwards(running, c -> new Operation.StopContainer(c.id(), c.name())),
                            call.duration("--timeout"));
                }
            } catch (IOException | CommandException e) {
                call.say("lockstep: " + Sentences.of(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }
}
