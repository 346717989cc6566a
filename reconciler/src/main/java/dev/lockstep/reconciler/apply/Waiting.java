package dev.lockstep.reconciler.apply;

import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.EndWatch;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Waits for containers. Of those whose end alone matters the kernel tells, and of those that must only have run for a
 * while the time is known; the others are looked at again and again.
 */
final class Waiting {
    /**
     * How often a container is looked at while nothing tells us of its health: probes may be run by another process. As
     * often somebody may end the waiting.
     */
    private static final Duration LOOK = Duration.ofMillis(50);

    /** How often all of them are, those as well that were as they should be: one may have ended since, or been made. */
    private static final Duration LOOK_AT_ALL = Duration.ofSeconds(1);

    private final Containers containers;
    /** Each ends every wait when it is counted down. */
    private final List<CountDownLatch> ends;

    private final InstantSource clock;

    Waiting(Containers containers, List<CountDownLatch> ends, InstantSource clock) {
        this.containers = containers;
        this.ends = List.copyOf(ends);
        this.clock = clock;
    }

    /** Those that are waited for, as they are now. */
    @FunctionalInterface
    interface Look {
        List<ObservedContainer> now() throws IOException;
    }

    /**
     * What is waited for.
     *
     * @param look all containers that it is about
     * @param verdict of each of them
     * @param ifNone why it fails when there are none; empty: then it holds
     * @param limit how long is waited for these at most; empty: for ever
     */
    record Need(
            Look look,
            Function<ObservedContainer, Verdict> verdict,
            Optional<String> ifNone,
            Function<List<ObservedContainer>, Optional<Duration>> limit) {}

    /**
     * What does not hold.
     *
     * @param container absent where it is none, or waiting was ended
     * @param why a sentence
     */
    record Unmet(Optional<ObservedContainer> container, String why) {}

    /**
     * Waits until it holds for all of them, fails for one, or its time is over.
     *
     * @return what fails, or is not so in time; empty when all of it holds
     */
    List<Unmet> await(Need need) throws IOException, InterruptedException {
        return await(need, need.look().now());
    }

    /**
     * The same where somebody has just looked.
     *
     * @param first those that {@link Need#look} would give
     */
    List<Unmet> await(Need need, List<ObservedContainer> first) throws IOException, InterruptedException {
        var began = System.nanoTime();
        var seen = first;
        try (var watch = containers.watchEnds()) {
            while (true) {
                if (seen.isEmpty() && need.ifNone().isPresent()) {
                    return List.of(new Unmet(Optional.empty(), need.ifNone().get()));
                }
                var failed = new ArrayList<Unmet>();
                var late = new ArrayList<Unmet>();
                var awaited = new HashMap<String, Verdict.NotYet>();
                for (var container : seen) {
                    switch (need.verdict().apply(container)) {
                        case Verdict.Holds _ -> {}
                        case Verdict.Fails(var why) -> failed.add(new Unmet(Optional.of(container), why));
                        case Verdict.NotYet notYet -> {
                            late.add(new Unmet(Optional.of(container), notYet.what()));
                            awaited.put(container.id(), notYet);
                        }
                    }
                }
                if (!failed.isEmpty() || awaited.isEmpty()) {
                    return List.copyOf(failed);
                }
                var limit = need.limit().apply(seen);
                var left = limit.map(l -> l.minusNanos(System.nanoTime() - began));
                if (left.filter(Duration::isNegative).isPresent()) {
                    var one = late.getFirst();
                    var after = " after " + limit.orElseThrow().toSeconds() + " s";
                    return List.of(new Unmet(one.container(), one.why() + after));
                }
                var pause = left.filter(l -> l.compareTo(LOOK_AT_ALL) < 0).orElse(LOOK_AT_ALL);
                if (awaitNews(need, awaited, watch, pause)) {
                    return List.of(new Unmet(Optional.empty(), "waiting was interrupted"));
                }
                seen = need.look().now();
            }
        }
    }

    /**
     * Waits until all are to be looked at: one fails, none is waited for any more, or the time is over.
     *
     * @param awaited by id, as they were found; what is found of them later is put here
     * @return whether waiting was ended
     */
    private boolean awaitNews(Need need, Map<String, Verdict.NotYet> awaited, EndWatch watch, Duration time)
            throws IOException, InterruptedException {
        var end = System.nanoTime() + time.toNanos();
        while (!awaited.isEmpty()) {
            var left = Duration.ofNanos(end - System.nanoTime());
            if (left.isNegative()) {
                return false;
            }
            var pause = left;
            for (var one : awaited.entrySet()) {
                var next = quiet(one.getKey(), one.getValue(), watch).orElse(LOOK);
                pause = next.compareTo(pause) < 0 ? next : pause;
            }
            if (pause(pause, watch)) {
                return true;
            }
            for (var one : List.copyOf(awaited.entrySet())) {
                if (quiet(one.getKey(), one.getValue(), watch).isPresent()) {
                    continue;
                }
                var verdict = containers.observe(one.getKey()).map(need.verdict());
                if (verdict.isEmpty()) {
                    return false;
                }
                switch (verdict.get()) {
                    case Verdict.Fails _ -> {
                        return false;
                    }
                    case Verdict.Holds _ -> awaited.remove(one.getKey());
                    case Verdict.NotYet notYet -> awaited.put(one.getKey(), notYet);
                }
            }
        }
        return false;
    }

    /** How long it stays as it is unless its end is told before; empty where it has to be looked at. */
    private Optional<Duration> quiet(String id, Verdict.NotYet verdict, EndWatch watch) {
        return verdict.until()
                .map(until -> Duration.between(clock.instant(), until))
                .filter(time -> time.isPositive() && watch.watch(id));
    }

    /** Lets time go by; says whether waiting was ended. */
    boolean pause(Duration time) throws InterruptedException {
        var end = System.nanoTime() + time.toNanos();
        while (!isEnded()) {
            var left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            var _ = ends.getLast().await(Math.min(left, LOOK.toNanos()), TimeUnit.NANOSECONDS);
        }
        return true;
    }

    /** The same, over as soon as one that is watched ends. */
    private boolean pause(Duration time, EndWatch watch) throws IOException, InterruptedException {
        var end = System.nanoTime() + time.toNanos();
        while (!isEnded()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            var left = Duration.ofNanos(end - System.nanoTime());
            if (left.isNegative()
                    || !watch.await(left.compareTo(LOOK) < 0 ? left : LOOK).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    private boolean isEnded() {
        return ends.stream().anyMatch(latch -> latch.getCount() == 0);
    }
}
