package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** There is one agent for a root: the one that holds this lock. Who it is stands in the lock's file. */
public final class AgentLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AgentLock.class);
    private static final int TRIES = 20;

    private final Flock lock;

    private AgentLock(Flock lock) {
        this.lock = lock;
    }

    /** There is another agent; the message says which. */
    public static final class TakenException extends IOException {
        private static final long serialVersionUID = 1L;

        TakenException(String holder) {
            super("an agent runs on this root already (" + holder + ")");
        }
    }

    /** @throws TakenException when there is another agent */
    static AgentLock take(Root root, Instant now) throws IOException, InterruptedException {
        var file = root.lock("agent");
        // The on-exit script looks whether there is an agent by sharing the lock for a moment: that is no other agent.
        for (var tries = 0; ; tries++) {
            var lock = Flock.tryExclusive(file);
            if (lock.isPresent()) {
                note(file, now);
                return new AgentLock(lock.get());
            }
            if (tries == TRIES) {
                throw new TakenException(holder(file));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Where the run root has no room for the note, it is the lock all the same. */
    private static void note(Path file, Instant now) {
        try {
            Files.writeString(
                    file,
                    "process " + ProcessHandle.current().pid() + ", since " + now.truncatedTo(ChronoUnit.SECONDS));
        } catch (IOException e) {
            LOG.debug("it is not noted who holds lock={}", file, e);
        }
    }

    private static String holder(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "another process";
        }
    }

    @Override
    public void close() throws LinuxException {
        lock.close();
    }
}
