package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ExitOutcome;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.event.Event;
import dev.lockstep.runtime.event.EventTail;
import dev.lockstep.runtime.log.LogQuery;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * {@code up} without {@code -d}: shows what containers write until all have ended, and stops them at the first Ctrl-C;
 * at the second it kills them.
 */
final class Attached {
    /** How often to look whether something happened that nobody told of. */
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final Invocation call;
    private final StackChange change;
    private final UpRun.Outcome outcome;
    private final Instant began;
    private final BlockingQueue<Happening> happenings = new LinkedBlockingQueue<>();
    /** Which ends were told, by container and time. */
    private final Set<String> told = new HashSet<>();

    /** @param began what was written earlier is not shown */
    Attached(Invocation call, StackChange change, UpRun.Outcome outcome, Instant began) {
        this.call = call;
        this.change = change;
        this.outcome = outcome;
        this.began = began;
    }

    private sealed interface Happening {
        /**
         * A container ended.
         *
         * @param again its policy starts it again
         */
        record Ended(ObservedContainer container, int code, boolean again) implements Happening {}

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
        try (var health = engine.containers().healthMonitor((_, _) -> {});
                var tail = engine.events().tail()) {
            var listening = Thread.ofPlatform().daemon().name("events").start(() -> {
                try {
                    listen(tail, health);
                } catch (ClosedWatchServiceException e) {
                    // Nobody wants to know any more.
                } catch (IOException | InterruptedException e) {
                    happenings.add(new Happening.Interrupted());
                }
            });
            var logs = Thread.ofPlatform().daemon().name("logs").start(() -> {
                try {
                    var query = new LogQuery(OptionalInt.empty(), Optional.of(began), Optional.empty());
                    if (!shown.isEmpty()) {
                        new LogFollow(
                                        call,
                                        engine,
                                        new StackContainers(engine, outcome.stack(), shown, Optional.empty())::all,
                                        query,
                                        printer)
                                .follow();
                    }
                    listening.join();
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

    /**
     * Hears of starts and ends, also of containers that come later: started again by their policy, made anew by an
     * agent, or added by somebody's {@code scale}. Returns when none is left that runs or will run.
     */
    private void listen(EventTail tail, HealthMonitor health) throws IOException, InterruptedException {
        var engine = change.engine();
        var ends = new Ends(engine);
        var alive = new HashSet<String>();
        for (var container : mine()) {
            if (container.isRunning()) {
                alive.add(container.id());
                health.watch(container.id());
                ends.watch(container);
            } else if (container.life().exit().isPresent()) {
                ended(container, container.life().exit().get().exitCode(), alive);
            } else if (container.state() instanceof ContainerState.Exited) {
                alive.add(container.id());
                if (container.record().spec().restart().condition() == RestartPolicy.Condition.NO) {
                    engine.containers().finishExit(container.id()); // which is told, and heard below
                }
            }
        }
        while (!alive.isEmpty()) {
            var events = tail.await(LOOK);
            for (var event : events) {
                if (event.type().equals("container") && isMine(event)) {
                    heard(event, ends, alive, health);
                }
            }
            // Whoever was killed while it changed a container has told nobody.
            if (events.isEmpty()) {
                alive.removeIf(id -> isGone(engine, id));
            }
        }
    }

    private boolean isMine(Event event) {
        return outcome.stack().equals(ComposeLabels.stack(event.attributes()))
                && outcome.services().contains(ComposeLabels.service(event.attributes()))
                && !ComposeLabels.isOneOff(event.attributes());
    }

    private void heard(Event event, Ends ends, Set<String> alive, HealthMonitor health) throws IOException {
        var container = change.engine().containers().observe(event.id());
        switch (event.action()) {
            case "start" -> {
                if (container.isPresent()) {
                    alive.add(event.id());
                    health.watch(event.id());
                    ends.watch(container.get());
                }
            }
            case "die" -> {
                if (container.isPresent()) {
                    var code = event.attributes().getOrDefault("exitCode", "0");
                    ended(container.get(), code.matches("\\d{1,3}") ? Integer.parseInt(code) : 0, alive);
                }
            }
            case "destroy" -> alive.remove(event.id());
            default -> {}
        }
    }

    /** What its policy starts again stays alive. */
    private void ended(ObservedContainer container, int code, Set<String> alive) throws IOException {
        if (!told.add(container.id() + container.life().exit().map(ExitOutcome::finishedAt))) {
            return; // seen and heard
        }
        var again = change.engine().containers().decideRestart(container.id()) instanceof RestartDecision.Restart;
        if (again) {
            alive.add(container.id());
        } else {
            alive.remove(container.id());
        }
        happenings.add(new Happening.Ended(container, code, again));
    }

    /** Neither running, nor between two runs, nor ended so lately that nobody has put it away. */
    private static boolean isGone(Engine engine, String id) {
        try {
            var container = engine.containers().observe(id);
            if (container.isEmpty()) {
                return true;
            }
            return switch (container.get().state()) {
                case ContainerState.Running _ -> false;
                case ContainerState.Exited(var unused, var finished) ->
                    finished && !(engine.containers().decideRestart(id) instanceof RestartDecision.Restart);
                case ContainerState.Created _, ContainerState.Lost _ -> true;
            };
        } catch (IOException e) {
            return true;
        }
    }

    private int untilTheEnd() throws IOException, InterruptedException {
        var from = call.text("--exit-code-from");
        var onFailure = call.flag("--abort-on-container-failure");
        var aborts = from.isPresent() || onFailure || call.flag("--abort-on-container-exit");
        var stopping = Optional.<Thread>empty();
        var code = Optional.<Integer>empty();
        while (true) {
            switch (happenings.take()) {
                case Happening.Ended(var container, var exit, var again) -> {
                    call.say(StackContainers.label(container) + " exited with code " + exit
                            + (again ? " (restarting)" : ""));
                    var counts = from.isEmpty()
                            || from.get().equals(container.record().spec().service());
                    var ends = aborts && !again && (!onFailure || exit != 0);
                    if (ends && code.isEmpty() && counts) {
                        code = Optional.of(exit);
                    }
                    if (ends && stopping.isEmpty()) {
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
                    var running = mine().stream()
                            .filter(c -> !isGone(change.engine(), c.id()))
                            .toList();
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
