package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
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
import java.util.concurrent.atomic.AtomicBoolean;

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
    private final Set<String> minded;
    private final Set<String> unattached;
    private final Instant began;
    private final BlockingQueue<Happening> happenings = new LinkedBlockingQueue<>();
    /** Which ends were told, by container and time. */
    private final Set<String> told = new HashSet<>();

    /**
     * @param unattached services that do not want to be shown unless {@code --attach} names them
     * @param began what was written earlier is not shown
     */
    Attached(Invocation call, StackChange change, UpRun.Outcome outcome, Set<String> unattached, Instant began) {
        this.call = call;
        this.change = change;
        this.outcome = outcome;
        this.minded = minded(call, outcome);
        this.unattached = Set.copyOf(unattached);
        this.began = began;
    }

    /**
     * The services that are waited for and stopped: as with Compose those that are named. What they depend on may end,
     * as a migration does, and runs on when they have ended.
     */
    private static Set<String> minded(Invocation call, UpRun.Outcome outcome) {
        var minded = new HashSet<>(outcome.services());
        if (!call.arguments().isEmpty()) {
            var named = new HashSet<>(call.arguments());
            call.text("--exit-code-from").ifPresent(named::add);
            minded.retainAll(named);
        }
        return Set.copyOf(minded);
    }

    private boolean isMinded(ObservedContainer container) {
        return minded.contains(container.record().spec().service());
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
        var shown = new ArrayList<String>();
        if (call.flag("--attach")) {
            shown.addAll(call.texts("--attach"));
        } else {
            shown.addAll(
                    call.arguments().isEmpty() || call.flag("--attach-dependencies")
                            ? outcome.services()
                            : call.arguments());
            shown.removeAll(unattached);
        }
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
            var heardAll = new AtomicBoolean();
            var listening = Thread.ofPlatform().daemon().name("events").start(() -> {
                try {
                    listen(tail, health);
                    heardAll.set(true);
                } catch (ClosedWatchServiceException | InterruptedException e) {
                    // Nobody wants to know any more.
                } catch (IOException e) {
                    call.say(
                            "lockstep: ends of containers are not noticed any more; they run on, and Ctrl-C stops them: "
                                    + Sentences.of(e));
                }
            });
            var logs = Thread.ofPlatform().daemon().name("logs").start(() -> {
                try {
                    var shownAll = !shown.isEmpty() && show(shown, printer, heardAll);
                    listening.join();
                    if (shownAll || heardAll.get()) {
                        happenings.add(new Happening.AllEnded());
                    }
                } catch (InterruptedException e) {
                    // Nobody wants to know any more.
                }
            });
            var code = untilTheEnd();
            logs.interrupt();
            return new UpRun.Outcome(code, outcome.stack(), outcome.services());
        }
    }

    /**
     * Shows what they write. That it cannot be read is no reason to stop what writes it; that nobody reads what we
     * write is what Ctrl-C is.
     *
     * @param heardAll whether all that is waited for has ended: then nobody waits for the others either
     * @return whether none of them runs or will run again
     */
    private boolean show(List<String> services, LogPrinter printer, AtomicBoolean heardAll)
            throws InterruptedException {
        var engine = change.engine();
        var query = new LogQuery(OptionalInt.empty(), Optional.of(began), Optional.empty());
        var containers = new StackContainers(engine, outcome.stack(), services, Optional.empty());
        try {
            LogFollow.Containers shown = () -> containers.all().stream()
                    .filter(c -> !heardAll.get() || isMinded(c))
                    .toList();
            new LogFollow(call, engine, shown, query, printer).follow();
            return true;
        } catch (IOException e) {
            if (call.world().out().checkError()) {
                happenings.add(new Happening.Interrupted());
            } else {
                call.say("lockstep: what the containers write is not shown any more; they run on: " + Sentences.of(e));
            }
            return false;
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
                alive(container, alive);
                health.watch(container.id());
                ends.watch(container);
            } else if (container.life().exit().isPresent()) {
                ended(container, container.life().exit().get().exitCode(), alive);
            } else if (container.state() instanceof ContainerState.Exited) {
                alive(container, alive);
                if (container.record().spec().restart().condition() == RestartPolicy.Condition.NO) {
                    engine.containers().finishExit(container.id()); // which is told, and heard below
                }
            }
        }
        var said = false;
        while (!alive.isEmpty()) {
            var events = List.<Event>of();
            try {
                events = tail.await(LOOK);
            } catch (IOException e) {
                if (!said) {
                    said = true;
                    call.say("lockstep: events cannot be read, so ends are looked for: " + Sentences.of(e));
                }
                Thread.sleep(LOOK); // nothing is there that could wake us
            }
            for (var event : events) {
                if (event.type().equals("container") && isMine(event)) {
                    heard(event, ends, alive, health);
                }
            }
            if (events.isEmpty()) {
                look(alive);
            }
        }
    }

    /** Whoever was killed while it changed a container has told nobody. */
    private void look(Set<String> alive) throws IOException {
        var engine = change.engine();
        for (var id : List.copyOf(alive)) {
            if (isGone(engine, id)) {
                var container = engine.containers().observe(id);
                var exit = container.flatMap(c -> c.life().exit());
                if (exit.isPresent()) {
                    ended(container.get(), exit.get().exitCode(), alive);
                }
                alive.remove(id);
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
                    alive(container.get(), alive);
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

    /** One that is not waited for is kept healthy for the others, and that is all. */
    private void alive(ObservedContainer container, Set<String> alive) {
        if (isMinded(container)) {
            alive.add(container.id());
        }
    }

    /** What its policy starts again stays alive. */
    private void ended(ObservedContainer container, int code, Set<String> alive) throws IOException {
        if (!isMinded(container)
                || !told.add(container.id() + container.life().exit().map(ExitOutcome::finishedAt))) {
            return; // seen and heard
        }
        var again = isRestarted(container.id());
        if (again) {
            alive.add(container.id());
        } else {
            alive.remove(container.id());
        }
        happenings.add(new Happening.Ended(container, code, again));
    }

    private boolean isRestarted(String id) throws IOException {
        try {
            return change.engine().containers().decideRestart(id) instanceof RestartDecision.Restart;
        } catch (ContainerException e) {
            if (e.reason() == ContainerException.Reason.NO_SUCH_CONTAINER) {
                return false; // somebody has removed it, who tells that next
            }
            throw e;
        }
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
                    tell(container, exit, again);
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

    /** Where what it has written is, as with Compose. */
    private void tell(ObservedContainer container, int code, boolean again) {
        var out = call.world().out();
        out.println(StackContainers.label(container) + " exited with code " + code + (again ? " (restarting)" : ""));
        out.flush();
    }

    /** In a thread of its own, so that a second signal is heard. */
    private Thread stop(boolean kill) {
        return Thread.ofPlatform().name("stop").start(() -> {
            try {
                if (kill) {
                    for (var container : mine()) {
                        if (isMinded(container) && container.isRunning()) {
                            change.engine().containers().kill(container.id(), "KILL");
                        }
                    }
                } else {
                    var running = mine().stream()
                            .filter(c -> isMinded(c) && !isGone(change.engine(), c.id()))
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
