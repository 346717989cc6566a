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
 * The content of a response, taken piece by piece as fast as it is used. A server that falls silent is noticed, which
 * the stream that the JDK offers does not do. Closing it early gives up the connection.
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
    private volatile boolean closed;

    Body(Duration idle) {
        this.idle = idle;
    }

    /**
     * The next bytes, or empty at the end.
     *
     * @throws HttpTimeoutException when none came for too long
     */
    Optional<List<ByteBuffer>> next() throws IOException, InterruptedException {
        if (ended) {
            return Optional.empty();
        }
        return switch (events.poll(idle.toMillis(), TimeUnit.MILLISECONDS)) {
            case Event.Bytes(var buffers) -> {
                Objects.requireNonNull(subscription.get()).request(1);
                yield Optional.of(buffers);
            }
            case Event.End _ -> {
                ended = true;
                yield Optional.empty();
            }
            case Event.Failure(var cause) -> throw new IOException(cause.getMessage(), cause);
            case null -> throw new HttpTimeoutException("nothing came for " + idle.toSeconds() + " s");
        };
    }

    /** All of it, when it has at most {@code limit} bytes; the first {@code limit} and one more otherwise. */
    byte[] readAll(int limit) throws IOException, InterruptedException {
        var all = new ByteArrayOutputStream();
        for (var piece = next(); piece.isPresent() && all.size() <= limit; piece = next()) {
            for (var buffer : piece.get()) {
                var bytes = new byte[Math.min(buffer.remaining(), limit + 1 - all.size())];
                buffer.get(bytes);
                all.write(bytes, 0, bytes.length);
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
            readAll(DRAIN_LIMIT);
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
