package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    private static final int LONGEST = 20;

    /** The outcome, once it is written. That it ended is true also where the file does not hold a code. */
    Optional<ExitOutcome> read() throws IOException {
        try {
            var code = code();
            return Optional.of(new ExitOutcome(
                    code.orElse(ExitOutcome.UNKNOWN),
                    Files.getLastModifiedTime(files.exit()).toInstant(),
                    Files.exists(files.oom()),
                    code.isEmpty()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private Optional<Integer> code() throws IOException {
        if (Files.size(files.exit()) > LONGEST || !Files.isRegularFile(files.exit())) {
            return Optional.empty();
        }
        var text = Files.readString(files.exit(), StandardCharsets.ISO_8859_1).strip();
        return text.matches("\\d{1,3}") ? Optional.of(Integer.valueOf(text)) : Optional.empty();
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
