package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.log.LogEntry;
import dev.lockstep.runtime.log.LogReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;

/** Several logs as one, by time. Holds a few lines of each in memory, however long they are. */
final class LogMerge {
    private static final int AHEAD = 64;

    private LogMerge() {}

    /** A log from its beginning to its end. */
    @FunctionalInterface
    interface Source {
        void read(LogReader.Sink sink) throws IOException;
    }

    /** What is to be done with each line. */
    @FunctionalInterface
    interface Sink {
        void accept(String label, LogEntry entry) throws IOException;
    }

    /** A message of a reading thread: a line, the end, or what went wrong. */
    private sealed interface Read {
        record Line(LogEntry entry) implements Read {}

        record End(Optional<IOException> failure) implements Read {}
    }

    private record Head(String label, LogEntry entry, BlockingQueue<Read> rest) {}

    /** Hands out all lines; of two with the same time the first source's comes first. */
    static void merge(Map<String, Source> sources, Sink sink) throws IOException, InterruptedException {
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            var queues = new ArrayList<Map.Entry<String, BlockingQueue<Read>>>();
            for (var source : sources.entrySet()) {
                var queue = new ArrayBlockingQueue<Read>(AHEAD);
                queues.add(Map.entry(source.getKey(), queue));
                var _ = threads.submit(() -> read(source.getValue(), queue));
            }
            drain(queues, sink);
        } finally {
            // Whoever waits for room is not needed any more.
            threads.shutdownNow();
            threads.close();
        }
    }

    private static void drain(List<Map.Entry<String, BlockingQueue<Read>>> queues, Sink sink)
            throws IOException, InterruptedException {
        var heads = new PriorityQueue<Head>(
                Comparator.comparing((Head h) -> h.entry().time()).thenComparing(Head::label));
        for (var queue : queues) {
            next(queue.getKey(), queue.getValue()).ifPresent(heads::add);
        }
        for (var head = heads.poll(); head != null; head = heads.poll()) {
            sink.accept(head.label(), head.entry());
            next(head.label(), head.rest()).ifPresent(heads::add);
        }
    }

    private static Optional<Head> next(String label, BlockingQueue<Read> queue)
            throws IOException, InterruptedException {
        return switch (queue.take()) {
            case Read.Line(var entry) -> Optional.of(new Head(label, entry, queue));
            case Read.End(var failure) -> {
                if (failure.isPresent()) {
                    throw failure.get();
                }
                yield Optional.empty();
            }
        };
    }

    private static void read(Source source, BlockingQueue<Read> queue) {
        try {
            Optional<IOException> failure = Optional.empty();
            try {
                source.read(entry -> {
                    try {
                        queue.put(new Read.Line(entry));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new IOException("not needed any more", e);
                    }
                });
            } catch (IOException e) {
                failure = Optional.of(e);
            }
            queue.put(new Read.End(failure));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
