package dev.lockstep.runtime.build;

import java.time.Duration;
import java.util.List;

/** What happens during a build. Steps have numbers from 1, in the order in which they begin. */
public sealed interface BuildEvent {
    /**
     * It has begun.
     *
     * @param title {@code [stage 2/5] RUN make}
     */
    record Started(int step, String title) implements BuildEvent {}

    /**
     * It is done.
     *
     * @param cached whether nothing had to be done
     */
    record Done(int step, boolean cached, Duration took) implements BuildEvent {}

    /** It failed, and with it the build. */
    record Failed(int step, String message, Duration took) implements BuildEvent {}

    /** It was called off. */
    record Cancelled(int step) implements BuildEvent {}

    /** A whole line that a step's program wrote, without its end. */
    record Output(int step, boolean error, String line) implements BuildEvent {}

    /** How far something is, in bytes; 0 of 0: it is not known. */
    record Progressed(int step, String what, long done, long total) implements BuildEvent {}

    /** Something that is probably not meant so. */
    record Warning(String text) implements BuildEvent {}

    /** Receives events, from several threads at once. */
    @FunctionalInterface
    interface Listener {
        /** Must not wait. */
        void happened(BuildEvent event);
    }

    /** The last lines of a step that failed. */
    record Tail(String title, List<String> lines) {
        public Tail {
            lines = List.copyOf(lines);
        }
    }
}
