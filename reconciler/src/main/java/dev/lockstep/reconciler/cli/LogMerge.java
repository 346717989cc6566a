package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.log.LogLine;
import dev.lockstep.runtime.log.LogSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Several logs as one, by time: of what is there, the oldest line comes first. Holds one line of each. */
final class LogMerge<K> implements AutoCloseable {
    /** What is to be done with each line. */
    @FunctionalInterface
    interface Sink<K> {
        void accept(K whose, LogLine line) throws IOException;
    }

    private record Entry<K>(K whose, LogSource source, int order) {
        long time() {
            return source.line().nanos();
        }
    }

    private final List<Entry<K>> all = new ArrayList<>();
    private final List<Entry<K>> waiting = new ArrayList<>();
    private final List<K> gaps = new ArrayList<>();
    private int added;
    private final PriorityQueue<Entry<K>> heads = new PriorityQueue<>(
            Comparator.comparingLong((Entry<K> e) -> e.time()).thenComparingInt(Entry::order));

    /** One more; from now on it is closed with the others, unless it is let go of before. */
    void add(K whose, LogSource source) {
        var entry = new Entry<>(whose, source, added++);
        all.add(entry);
        waiting.add(entry);
    }

    /**
     * Hands out what there is, of two lines with the same time the one first whose source came first.
     *
     * @param most so many lines at most
     * @return false when nothing is left at present
     */
    boolean drain(long most, Sink<K> sink) throws IOException {
        for (var entries = waiting.iterator(); entries.hasNext(); ) {
            var entry = entries.next();
            if (entry.source().next()) {
                entries.remove();
                heads.add(entry);
            }
        }
        for (var count = 0L; count < most; count++) {
            var head = heads.poll();
            if (head == null) {
                return false;
            }
            sink.accept(head.whose(), head.source().line());
            if (head.source().next()) {
                heads.add(head);
            } else {
                waiting.add(head);
            }
        }
        return true;
    }

    /** Hands out what was begun and not ended, of all or of one. */
    void unfinished(Sink<K> sink) throws IOException {
        for (var entry : all) {
            while (entry.source().unfinished()) {
                sink.accept(entry.whose(), entry.source().line());
            }
        }
    }

    /**
     * Closes logs to which nothing more will be written, and of which {@link #drain} has found no more; hands out what
     * was begun there and not ended. Of one that has more to hand out nothing happens.
     */
    void letGo(Predicate<K> over, Sink<K> sink) throws IOException {
        for (var entry : List.copyOf(waiting)) {
            if (over.test(entry.whose())) {
                while (entry.source().unfinished()) {
                    sink.accept(entry.whose(), entry.source().line());
                }
                if (entry.source().hasGap()) {
                    gaps.add(entry.whose());
                }
                waiting.remove(entry);
                all.remove(entry);
                entry.source().close();
            }
        }
    }

    /** Those of which lines were rotated away before they were read. */
    List<K> withGap() {
        return Stream.concat(
                        gaps.stream(),
                        all.stream().filter(e -> e.source().hasGap()).map(Entry::whose))
                .toList();
    }

    @Override
    public void close() throws IOException {
        for (var entry : all) {
            entry.source().close();
        }
    }
}
