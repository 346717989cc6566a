package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One apply of a stack at a time on this host, whoever applies. Who holds it is written in it, for people. */
public final class StackLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StackLock.class);
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Flock lock;

    private StackLock(Flock lock) {
        this.lock = lock;
    }

    /**
     * Takes the lock.
     *
     * @param waiting hears once who has it, when it has to be waited for
     * @throws IOException when nobody gave it back within {@code timeout}: names the holder
     */
    public static StackLock take(Root root, String stack, Duration timeout, Consumer<String> waiting)
            throws IOException, InterruptedException {
        return take(
                root.lock("stack/" + stack),
                timeout,
                waiting,
                holder -> "stack " + stack + " is being changed by " + holder
                        + "; try again when it is done, or wait longer with --lock-timeout");
    }

    /**
     * The same for a container of no stack that is to stand still: only who holds it knows whether it does, and until
     * when.
     *
     * @param name of the container, for people
     */
    public static StackLock ofContainer(Root root, String id, String name, Duration timeout, Consumer<String> waiting)
            throws IOException, InterruptedException {
        return take(
                root.lock("stand-still/" + id),
                timeout,
                waiting,
                holder -> "container " + name + " stands still for " + holder + "; try again when that is done");
    }

    private static StackLock take(Path file, Duration timeout, Consumer<String> waiting, UnaryOperator<String> tooLong)
            throws IOException, InterruptedException {
        var deadline = System.nanoTime() + timeout.toNanos();
        var told = false;
        while (true) {
            var lock = Flock.tryExclusive(file);
            if (lock.isPresent()) {
                note(file);
                return new StackLock(lock.get());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(tooLong.apply(holder(file)));
            }
            if (!told) {
                waiting.accept(holder(file));
                told = true;
            }
            // flock(2) has no timeout, and a signal to a JVM thread is no way to give it one.
            java.util.concurrent.TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
        }
    }

    /** Where the run root has no room for the note, who waits hears of no more than another process. */
    private static void note(Path file) {
        try {
            Files.writeString(file, "process " + ProcessHandle.current().pid());
        } catch (IOException e) {
            LOG.debug("it is not noted who holds lock={}", file, e);
        }
    }

    private static String holder(Path file) throws IOException {
        var text = Files.readString(file);
        return text.isBlank() ? "another process" : text;
    }

    @Override
    public void close() {
        lock.close();
    }
}
