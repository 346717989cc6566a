package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.LogWatch;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.log.LogLine;
import dev.lockstep.runtime.log.LogQuery;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Shows the logs of containers: what there is by time, and then, where that is asked for, what comes, until none of
 * them runs or will run again. Containers that come meanwhile are shown too, so it goes on with the one that takes the
 * place of another.
 */
final class LogFollow {
    /** Changes are told; what we were not told of is seen by then. */
    private static final Duration LOOK = Duration.ofSeconds(2);

    /** Short for a person. */
    private static final Duration BREATH = Duration.ofMillis(2);

    /** Where somebody writes as fast as he can, nobody can read along either. */
    private static final Duration LONG_BREATH = Duration.ofMillis(30);

    /** So many lines within a breath are a flood. */
    private static final int FLOOD = 200;

    /** So many lines at a time, for beside them somebody may have ended or come. */
    private static final long SHARE = 100_000;

    private final InstantSource clock;
    private final Consumer<String> say;
    private final Engine engine;
    private final Containers containers;
    private final LogQuery query;
    private final LogOutput output;
    private final long share;
    private final Set<String> known = new HashSet<>();

    /** Of these, those that were removed; let go of when all that they wrote is shown. */
    private final Set<String> removed = new HashSet<>();

    /** Of those that run: by id, which container and since when. */
    private final Map<String, Followed> runs = new LinkedHashMap<>();

    /** Told when all that was written before is shown. */
    private final List<Ended> ended = new ArrayList<>();

    private int shown;

    /** Those that are meant, as they are now. */
    @FunctionalInterface
    interface Containers {
        List<ObservedContainer> get() throws IOException;
    }

    private record Followed(ContainerRecord container, Instant since) {}

    private record Ended(ContainerRecord container, int code) {}

    /** Hears of ends. */
    @FunctionalInterface
    interface Listener {
        /** All that the container wrote until then has been shown. */
        void ended(ContainerRecord container, int code) throws IOException;
    }

    LogFollow(Invocation call, Engine engine, Containers containers, LogQuery query, LogOutput output) {
        this(call.world().clock(), call::say, engine, containers, query, output, SHARE);
    }

    /**
     * With what a command line has.
     *
     * @param say takes what a person is told
     * @param share so many lines are shown before the containers are looked at again
     */
    LogFollow(
            InstantSource clock,
            Consumer<String> say,
            Engine engine,
            Containers containers,
            LogQuery query,
            LogOutput output,
            long share) {
        this.clock = clock;
        this.say = say;
        this.share = share;
        this.engine = engine;
        this.containers = containers;
        this.query = query;
        this.output = output;
    }

    /** What there is. */
    void read() throws IOException {
        try (var merge = new LogMerge<ContainerRecord>()) {
            for (var container : containers.get()) {
                add(container, query, merge);
            }
            while (merge.drain(share, output::print)) {
                // on
            }
            merge.unfinished(output::print);
            output.flush();
        }
    }

    /** What there is and what comes. */
    void follow() throws IOException, InterruptedException {
        follow((container, code) -> {});
    }

    /** The same, with the ends of those that run meanwhile; not of those that have ended before. */
    void follow(Listener listener) throws IOException, InterruptedException {
        try (var watch = engine.containers().watchLogs();
                var merge = new LogMerge<ContainerRecord>()) {
            var later = new LogQuery(OptionalInt.empty(), query.since(), query.until());
            var asked = query;
            var looked = System.nanoTime();
            var over = look(asked, watch, merge);
            asked = later;
            while (!Thread.interrupted()) {
                // Asked before reading: what was written before the end is then read after it.
                var last = over || isPast();
                // The same with ends: those that come up while we read have more to be read.
                var ends = List.copyOf(ended);
                var leaving = Set.copyOf(removed);
                var more = merge.drain(share, this::print);
                if (!more) {
                    merge.letGo(container -> leaving.contains(container.id()), this::print);
                    removed.removeAll(leaving);
                    known.removeAll(leaving);
                    if (last) {
                        merge.unfinished(output::print);
                    }
                    for (var end : ends) {
                        listener.ended(end.container(), end.code());
                    }
                    ended.removeAll(ends);
                    if (last) {
                        output.flush();
                        sayGaps(merge);
                        return;
                    }
                    output.flush();
                    // conmon writes each few KiB that it gets: woken by every one, we would take its turns.
                    LockSupport.parkNanos((shown > FLOOD ? LONG_BREATH : BREATH).toNanos());
                    shown = 0;
                }
                var changed = watch.await(more ? Duration.ZERO : untilLook(looked));
                if (changed || System.nanoTime() - looked >= LOOK.toNanos()) {
                    looked = System.nanoTime();
                    over = look(asked, watch, merge);
                }
            }
            throw new InterruptedException("not needed any more");
        }
    }

    private void print(ContainerRecord container, LogLine line) throws IOException {
        shown++;
        output.print(container, line);
    }

    private static Duration untilLook(long looked) {
        return Duration.ofNanos(Math.max(0, LOOK.toNanos() - (System.nanoTime() - looked)));
    }

    private boolean isPast() {
        return query.until().filter(clock.instant()::isAfter).isPresent();
    }

    /** Adds those that are new; whether nothing more will come. */
    private boolean look(LogQuery which, LogWatch watch, LogMerge<ContainerRecord> merge) throws IOException {
        var over = true;
        var found = containers.get();
        ends(found);
        var there = found.stream().map(ObservedContainer::id).collect(Collectors.toSet());
        known.stream().filter(id -> !there.contains(id) && isRemoved(id)).forEach(removed::add);
        for (var container : found) {
            if (!known.contains(container.id())) {
                watch.add(container.record());
                add(container, which, merge);
            }
            over &= isOver(container);
        }
        return over;
    }

    private void ends(List<ObservedContainer> found) throws IOException {
        var gone = new HashSet<>(runs.keySet());
        for (var container : found) {
            var id = container.id();
            gone.remove(id);
            var before = Optional.ofNullable(runs.get(id));
            var now = container.state() instanceof ContainerState.Running running
                    ? Optional.of(running.startedAt())
                    : Optional.<Instant>empty();
            if (before.isPresent() && !before.map(Followed::since).equals(now)) {
                ended(before.get(), container.state());
                runs.remove(id);
            }
            now.ifPresent(since -> runs.put(id, new Followed(container.record(), since)));
        }
        for (var id : gone) {
            ended(Objects.requireNonNull(runs.remove(id)), new ContainerState.Lost());
        }
    }

    /** One that has been started again, or removed, meanwhile has its code in the events alone. */
    private void ended(Followed run, ContainerState state) throws IOException {
        var code = state instanceof ContainerState.Exited(var outcome, var unused)
                ? Optional.of(outcome.exitCode())
                : engine.events().between(Optional.of(run.since()), Optional.empty()).stream()
                        .filter(event -> event.id().equals(run.container().id())
                                && event.action().equals("die"))
                        .findFirst()
                        .map(event -> event.attributes().getOrDefault("exitCode", ""))
                        .filter(text -> text.matches("\\d{1,3}"))
                        .map(Integer::valueOf);
        code.ifPresent(known -> ended.add(new Ended(run.container(), known)));
    }

    private void add(ObservedContainer container, LogQuery which, LogMerge<ContainerRecord> merge) throws IOException {
        known.add(container.id());
        output.expect(container.record());
        try {
            merge.add(
                    container.record(), engine.containers().logs(container.id()).open(which));
        } catch (ContainerException e) {
            // It cannot be read, or is gone: the others can.
            say.accept("lockstep: " + e.getMessage());
        }
    }

    private boolean isOver(ObservedContainer container) {
        try {
            return !container.isRunning()
                    && !(container.state() instanceof ContainerState.Created)
                    && !(engine.containers().decideRestart(container.id()) instanceof RestartDecision.Restart);
        } catch (IOException e) {
            return true;
        }
    }

    /** Not one that is left out because its record is damaged: that is repaired, and what it wrote was shown. */
    private boolean isRemoved(String id) {
        try {
            return engine.containers().observe(id).isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    private void sayGaps(LogMerge<ContainerRecord> merge) {
        for (var container : merge.withGap()) {
            say.accept("lockstep: lines of " + Printable.text(StackContainers.label(container))
                    + " may be missing: they were rotated away before they could be shown.");
        }
    }

    /** That container, as long as it is there. */
    static Containers only(Engine engine, ObservedContainer container) {
        return () -> engine.containers().observe(container.id()).map(List::of).orElse(List.of());
    }

    static Optional<String> unreadable(ContainerRecord container) {
        return switch (container.spec().options().log().driver()) {
            case FILES, JOURNALD -> Optional.empty();
            case NONE -> Optional.of("configured logging driver does not support reading");
        };
    }
}
