package dev.lockstep.runtime.registry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The content of a response, taken piece by piece as fast as it is used. A server that falls silent, or sends so little
 * that it might as well, is noticed, which the stream that the JDK offers does not do. Only time that is spent waiting
 * for the server counts, not what the content is used for in between. Closing it early gives up the connection, or with
 * HTTP/2 the stream.
 */
final class Body implements HttpResponse.BodySubscriber<Body>, AutoCloseable {
    /** What arrived: bytes, the end, or a failure. No switch: its code would be made in every cold pull. */
    private sealed interface Event {
        Optional<List<ByteBuffer>> take(Body body) throws IOException;

        record Bytes(List<ByteBuffer> buffers) implements Event {
            @Override
            public Optional<List<ByteBuffer>> take(Body body) {
                return body.bytes(buffers);
            }
        }

        record End() implements Event {
            @Override
            public Optional<List<ByteBuffer>> take(Body body) {
                return body.end();
            }
        }

        record Failure(Throwable cause) implements Event {
            @Override
            public Optional<List<ByteBuffer>> take(Body body) throws IOException {
                throw new IOException(cause.getMessage(), cause);
            }
        }
    }

    private static final int DRAIN_LIMIT = 64 * 1024;
    /**
     * Pieces that may wait here, of up to 48 KiB each. With one at a time each needs a thread to wake up here and one
     * there, which on a busy machine takes longer than all else that is done with it.
     */
    private static final int AHEAD = 32;

    private final Duration idle;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
    private boolean ended;
    private long waited;
    private long arrived;
    private boolean begun;
    private int taken;
    private volatile boolean closed;

    Body(Duration idle) {
        this.idle = idle;
    }

    /**
     * The next bytes, or empty at the end.
     *
     * @throws HttpTimeoutException when none or too few came for too long
     */
    Optional<List<ByteBuffer>> next() throws IOException, InterruptedException {
        if (ended) {
            return Optional.empty();
        }
        var begin = System.nanoTime();
        var event = events.poll(Math.max(0, idle.toNanos() - waited), TimeUnit.NANOSECONDS);
        waited += System.nanoTime() - begin;
        if (event == null) {
            throw new HttpTimeoutException((arrived == 0 ? "nothing" : "hardly anything") + " came for "
                    + Math.max(1, idle.toSeconds()) + " s");
        }
        return event.take(this);
    }

    private Optional<List<ByteBuffer>> bytes(List<ByteBuffer> buffers) {
        buffers.forEach(buffer -> arrived += buffer.remaining());
        if (arrived >= idle.toMillis() * RegistrySettings.LEAST_RATE / 1000) {
            arrived = 0;
            waited = 0;
        }
        if (!begun) {
            begun = true;
            Objects.requireNonNull(subscription.get()).request(AHEAD);
        } else if (++taken == AHEAD / 2) {
            taken = 0;
            Objects.requireNonNull(subscription.get()).request(AHEAD / 2);
        }
        return Optional.of(buffers);
    }

    private Optional<List<ByteBuffer>> end() {
        ended = true;
        return Optional.empty();
    }

    /**
     * All of it, when it has at most {@code limit} bytes; the first {@code limit} and one more otherwise.
     *
     * @param longest time for all of it
     */
    byte[] readAll(int limit, Duration longest) throws IOException, InterruptedException {
        var begin = System.nanoTime();
        var all = new ByteArrayOutputStream();
        for (var piece = next(); piece.isPresent() && all.size() <= limit; piece = next()) {
            for (var buffer : piece.get()) {
                var bytes = new byte[Math.min(buffer.remaining(), limit + 1 - all.size())];
                buffer.get(bytes);
                all.write(bytes, 0, bytes.length);
            }
            if (System.nanoTime() - begin > longest.toNanos()) {
                throw new HttpTimeoutException("it did not end within " + longest.toSeconds() + " s");
            }
        }
        return all.toByteArray();
    }

    @Override
    public CompletionStage<Body> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription upstream) {
        if (subscription.compareAndSet(null, upstream) && !closed) {
            // One, until somebody takes it: a connection that is cut sooner fails the whole answer, with all that came.
            upstream.request(1);
        } else {
            upstream.cancel();
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        events.add(new Event.Bytes(buffers));
    }

    @Override
    public void onError(Throwable cause) {
        events.add(new Event.Failure(cause));
    }

    @Override
    public void onComplete() {
        events.add(new Event.End());
    }

    /** Reads to the end if that is near, so that the connection can serve the next request. */
    void drain() throws InterruptedException {
        try {
            readAll(DRAIN_LIMIT, idle);
        } catch (IOException e) {
            // Then the connection is of no use, and close() gives it up.
        }
    }

    @Override
    public void close() {
        closed = true;
        var upstream = subscription.get();
        if (upstream != null && !ended) {
            upstream.cancel();
        }
    }
}
