package dev.lockstep.reconciler.cli;

import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Hears that the agent's settings have changed: by their file, and by SIGHUP. A file that is wrong is told of and
 * changes nothing.
 */
final class SettingsWatch implements AutoCloseable {
    /** Who writes a file often does so in several steps. */
    private static final long QUIET_MILLIS = 300;

    private final Path file;
    private final Callable<AgentSettings> read;
    private final Consumer<AgentSettings> changed;
    private final Consumer<String> say;
    private final WatchService events;
    private AgentSettings now;

    private SettingsWatch(
            Path file,
            Callable<AgentSettings> read,
            AgentSettings now,
            Consumer<AgentSettings> changed,
            Consumer<String> say)
            throws IOException {
        this.file = file;
        this.read = read;
        this.now = now;
        this.changed = changed;
        this.say = say;
        this.events = file.getFileSystem().newWatchService();
    }

    /**
     * Begins.
     *
     * @param file that the settings stand in; it need not exist
     * @param read reads them anew, with what the command line says
     * @param now those that are in force
     * @param changed hears of others
     * @param say hears what a person should know
     */
    static SettingsWatch start(
            Path file,
            Callable<AgentSettings> read,
            AgentSettings now,
            Consumer<AgentSettings> changed,
            Consumer<String> say)
            throws IOException {
        var watch = new SettingsWatch(file, read, now, changed, say);
        var directory = Objects.requireNonNull(file.toAbsolutePath().getParent());
        if (Files.isDirectory(directory)) {
            directory.register(
                    watch.events,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
        }
        Thread.ofPlatform().daemon().name("settings").start(watch::watch);
        Signals.hear("HUP", watch::look);
        return watch;
    }

    private void watch() {
        try {
            while (true) {
                if (isAbout(events.take())) {
                    for (var more = events.poll(QUIET_MILLIS, TimeUnit.MILLISECONDS); more != null; ) {
                        isAbout(more);
                        more = events.poll(QUIET_MILLIS, TimeUnit.MILLISECONDS);
                    }
                    look();
                }
            }
        } catch (ClosedWatchServiceException e) {
            // The agent ends.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isAbout(WatchKey key) {
        var about = key.pollEvents().stream()
                .anyMatch(event -> event.kind().equals(StandardWatchEventKinds.OVERFLOW)
                        || event.context() instanceof Path name && name.equals(file.getFileName()));
        key.reset();
        return about;
    }

    private synchronized void look() {
        AgentSettings next;
        try {
            next = read.call();
        } catch (Exception e) {
            say.accept("the settings have changed and cannot be taken, so the agent goes on with those it has: "
                    + Sentences.of(e));
            return;
        }
        if (!next.equals(now)) {
            now = next;
            changed.accept(next);
        }
    }

    @Override
    public void close() throws IOException {
        events.close();
    }
}
