package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardWatchEventKinds;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The file in which conmon says how its container ended. It waits for its exit command afterwards, so a live conmon
 * does not mean a live container; and the log is complete once the file is there.
 */
record ExitFile(ContainerFiles files) {
    /** The outcome, once it is written. */
    Optional<ExitOutcome> read() throws IOException {
        try {
            var code = Integer.parseInt(Files.readString(files.exit()).strip());
            return Optional.of(new ExitOutcome(
                    code, Files.getLastModifiedTime(files.exit()).toInstant(), Files.exists(files.oom()), false));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (NumberFormatException e) {
            throw new IOException(files.exit() + " does not hold an exit code", e);
        }
    }

    /** Waits for the outcome as long as conmon lives and {@code limit} has not passed. */
    Optional<ExitOutcome> await(Optional<ProcessIdentity> conmon, Duration limit) throws IOException {
        var present = read();
        if (present.isPresent() || conmon.isEmpty()) {
            return present;
        }
        var deadline = System.nanoTime() + limit.toNanos();
        var directory = ContainerFiles.exits(files.root());
        try (var watcher = directory.getFileSystem().newWatchService()) {
            directory.register(watcher, StandardWatchEventKinds.ENTRY_CREATE);
            while (true) {
                // In this order: a conmon that is found dead has written before it died.
                var over = !conmon.get().isAlive() || System.nanoTime() > deadline;
                var outcome = read();
                if (outcome.isPresent() || over) {
                    return outcome;
                }
                var key = watcher.poll(20, TimeUnit.MILLISECONDS);
                if (key != null) {
                    key.pollEvents();
                    key.reset();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return read();
        }
    }
}
