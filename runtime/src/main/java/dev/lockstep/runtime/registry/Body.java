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
    /** What arrived: bytes, the end, or a failure. */
    private sealed interface Event {
        record Bytes(List<ByteBuffer> buffers) implements Event {}

        record End() implements Event {}

        record Failure(Throwable cause) implements Event {}
    }

    private static final int DRAIN_LIMIT = 64 * 1024;

    private final Duration idle;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
    private boolean ended;
    private long waited;
    private long arrived;
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
        return switch (event) {
            case Event.Bytes(var buffers) -> {
                buffers.forEach(buffer -> arrived += buffer.remaining());
                if (arrived >= idle.toMillis() * RegistrySettings.LEAST_RATE / 1000) {
                    arrived = 0;
                    waited = 0;
                }
                Objects.requireNonNull(subscription.get()).request(1);
                yield Optional.of(buffers);
            }
            case Event.End _ -> {
                ended = true;
                yield Optional.empty();
            }
            case Event.Failure(var cause) -> throw new IOException(cause.getMessage(), cause);
            case null ->
                throw new HttpTimeoutException((arrived == 0 ? "nothing" : "hardly anything") + " came for "
                        + Math.max(1, idle.toSeconds()) + " s");
        };
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
