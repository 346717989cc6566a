package dev.lockstep.reconciler.building;

import dev.lockstep.runtime.build.Cancellation;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Calls a build off, whatever it is doing: its steps, or its tests. Any thread may; it stays called off. */
final class Stop {
    private final Cancellation steps = new Cancellation();
    private final Set<Runnable> tests = new LinkedHashSet<>();
    private Optional<String> why = Optional.empty();

    /** What the builder is given. */
    Cancellation steps() {
        return steps;
    }

    /**
     * The first reason counts.
     *
     * @throws RuntimeException of what could not be stopped; the others were told all the same
     */
    void now(String reason) {
        Set<Runnable> told;
        synchronized (this) {
            if (why.isPresent()) {
                return;
            }
            why = Optional.of(reason);
            told = Set.copyOf(tests);
        }
        Optional<RuntimeException> failure = Optional.empty();
        for (var one :
                Stream.concat(Stream.<Runnable>of(steps::cancel), told.stream()).toList()) {
            try {
                one.run();
            } catch (RuntimeException e) {
                failure.ifPresent(e::addSuppressed);
                failure = Optional.of(e);
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    /** Why it was called off, if it was. */
    synchronized Optional<String> why() {
        return why;
    }

    /** Something that is to be told; at once if it is called off already. */
    Watch watch(Runnable action) {
        boolean over;
        synchronized (this) {
            over = why.isPresent();
            tests.add(action);
        }
        if (over) {
            action.run();
        }
        return () -> {
            synchronized (this) {
                tests.remove(action);
            }
        };
    }

    /** It is not told any more when this is closed. */
    @FunctionalInterface
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
