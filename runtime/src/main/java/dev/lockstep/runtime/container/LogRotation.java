package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Fifo;
import dev.lockstep.runtime.linux.Inotify;
import dev.lockstep.runtime.log.LogFiles.Rotated;
import dev.lockstep.runtime.log.LogLimits;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins new log files where the present ones have become large. A container that writes nothing costs nothing: the
 * kernel tells of the first line after a silence (once, so that a flood of lines is no flood of events), and from then
 * on the file is looked at as often as its growth asks for, until it is silent again. For one platform thread.
 */
public final class LogRotation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogRotation.class);

    private static final Duration OFTEN = Duration.ofMillis(10);
    private static final Duration SELDOM = Duration.ofSeconds(1);

    /** Containers that were made while we were not told are found then. */
    private static final Duration SWEEP = Duration.ofMinutes(1);

    /**
     * Also that somebody deletes a file or moves them all away: what conmon goes on writing there is told by nobody.
     */
    private static final int ANY =
            Inotify.MODIFY | Inotify.CREATE | Inotify.MOVED_TO | Inotify.DELETE | Inotify.MOVE_SELF | Inotify.ONE_SHOT;

    private final ContainerStore store;
    private final Inotify inotify = Inotify.open();
    private final int containers;
    private final Map<String, Grown> growing = new HashMap<>();
    private final Map<Integer, String> silent = new HashMap<>();
    /** What is wrong with which, as it was told: a disk that is full stays so for a while. */
    private final Map<String, String> wrong = new HashMap<>();

    private long swept;

    /** @param seen how large it was, at that time; −1: not looked at yet */
    private record Grown(long size, long seen, long next) {}

    LogRotation(Root root, ContainerStore store) throws IOException {
        this.store = store;
        var opened = false;
        try {
            this.containers = inotify.watch(root.room(ContainerFiles.all(root)), Inotify.CREATE | Inotify.MOVED_TO);
            sweep(System.nanoTime());
            opened = true;
        } finally {
            if (!opened) {
                inotify.close();
            }
        }
    }

    private void sweep(long now) throws IOException {
        swept = now;
        var heard = new HashSet<>(silent.values());
        for (var id : store.ids()) {
            if (!heard.contains(id)) {
                growing.putIfAbsent(id, new Grown(-1, now, now));
            }
        }
    }

    /**
     * Waits until there may be something to do, at most so long, and does it. What goes wrong with one container is
     * logged, once until it is something else, and tried again; it concerns no other.
     *
     * @throws IOException when the kernel tells nothing
     */
    public void await(Duration longest) throws IOException {
        var now = System.nanoTime();
        var wait = longest.toNanos();
        for (var grown : growing.values()) {
            wait = Math.min(wait, grown.next() - now);
        }
        for (var event : inotify.read(Duration.ofNanos(Math.max(0, wait)))) {
            if (event.watch() == containers || (event.mask() & Inotify.OVERFLOW) != 0) {
                swept = now - SWEEP.toNanos();
            } else {
                var id = silent.remove(event.watch());
                if (id != null) {
                    growing.put(id, new Grown(-1, now, now));
                }
            }
        }
        now = System.nanoTime();
        if (now - swept >= SWEEP.toNanos()) {
            sweep(now);
        }
        for (var id : growing.keySet().toArray(String[]::new)) {
            var grown = growing.get(id);
            if (grown != null && grown.next() <= now) {
                try {
                    look(id, grown);
                    wrong.remove(id);
                } catch (StateException e) {
                    // Its record is damaged, which whoever repairs says once. The next sweep finds it again.
                    LOG.debug("log of container {} is left alone: {}", id, e.getMessage());
                    growing.remove(id);
                } catch (IOException | RuntimeException e) {
                    growing.put(id, new Grown(-1, 0, now + SELDOM.toNanos()));
                    if (!e.toString().equals(wrong.put(id, e.toString()))) {
                        LOG.warn("log is not rotated, which is tried again container={} error={}", id, e.toString());
                    }
                }
            }
        }
    }

    private void look(String id, Grown before) throws IOException {
        var files = store.files(id);
        var record = store.record(id);
        if (Files.notExists(files.state())
                || record.map(r -> r.spec().options().log().driver())
                        .filter(driver -> driver != LogSettings.Driver.FILES)
                        .isPresent()) {
            growing.remove(id);
            return;
        }
        if (record.isEmpty() || Files.notExists(files.log().directory()) && !store.hasRun(id)) {
            growing.put(id, new Grown(-1, 0, System.nanoTime() + SELDOM.toNanos())); // in the making
            return;
        }
        var limits = record.get().spec().options().log().limits();
        var log = files.log();
        var rotated = Optional.<Rotated>empty();
        if (log.size() >= limits.fileSize() || Files.notExists(log.current())) {
            rotated = rotate(store, id, limits);
        }
        var now = System.nanoTime();
        if (Files.notExists(log.directory())) {
            growing.put(id, new Grown(-1, 0, now + SELDOM.toNanos())); // deleted, and nobody to begin anew
            return;
        }
        var size = log.size();
        if (rotated.isEmpty() && size == before.size()) {
            growing.remove(id);
            var watch = inotify.watch(log.directory(), ANY);
            silent.put(watch, id);
            if (log.size() != size) {
                inotify.forget(watch);
                silent.remove(watch);
                growing.put(id, new Grown(log.size(), now, now));
            }
            return;
        }
        growing.put(id, new Grown(size, now, now + pause(before, size, now, limits, rotated)));
    }

    /**
     * Begins new files where there are large ones now: for commands on hosts where nobody rotates all the time.
     *
     * @throws IOException the first that went wrong; the other containers were looked at all the same
     */
    static void once(ContainerStore store) throws IOException {
        Optional<IOException> failure = Optional.empty();
        for (var id : store.ids()) {
            try {
                var log = store.files(id).log();
                if (log.size() == 0 && Files.exists(log.current())) {
                    continue;
                }
                var settings = store.record(id)
                        .map(record -> record.spec().options().log())
                        .filter(wanted -> wanted.driver() == LogSettings.Driver.FILES);
                if (settings.isPresent()) {
                    rotate(store, id, settings.get().limits());
                }
            } catch (StateException e) {
                LOG.debug("log of container {} is left alone: {}", id, e.getMessage());
            } catch (IOException e) {
                failure = Optional.of(failure.orElse(e));
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    /** Until it may be full, when it goes on to grow as it did; a bit less, for it may write faster. */
    private static long pause(Grown before, long size, long now, LogLimits limits, Optional<Rotated> rotated) {
        if (rotated.equals(Optional.of(Rotated.UNDER_WAY))) {
            return SELDOM.toNanos();
        }
        var grown = size - before.size();
        if (before.size() < 0 || grown <= 0) {
            return OFTEN.toNanos();
        }
        var left = (double) (limits.fileSize() - size) / 2;
        var perNano = (double) grown / Math.max(1, now - before.seen());
        return Math.clamp((long) (left / perNano), OFTEN.toNanos(), SELDOM.toNanos());
    }

    /**
     * Nothing where nobody writes it, as between the end of a container and the putting away of its exit; later where
     * somebody works on the container. Who writes is asked before a file is touched: renamed files would be old ones,
     * and the oldest would go, without a new one.
     */
    private static Optional<Rotated> rotate(ContainerStore store, String id, LogLimits limits) throws IOException {
        if (!store.hasRun(id)) {
            return Optional.empty();
        }
        var files = store.files(id);
        // Before its lock is taken, which keeps others from it.
        if (files.log().size() < limits.fileSize() && Files.exists(files.log().current())) {
            return Optional.empty();
        }
        var lock = store.tryLock(id);
        if (lock.isEmpty()) {
            return Optional.of(Rotated.UNDER_WAY);
        }
        try (var _ = lock.get()) {
            var conmon = Fifo.open(files.control(), Conmon.of(files.run()));
            if (conmon.isEmpty()) {
                return Optional.empty();
            }
            try (var open = conmon.get()) {
                Creation.logDirectory(files); // it ends when it is to open its file where there is no directory
                return Optional.of(files.log().rotate(limits, () -> open.writeLine("2 0 0")))
                        .filter(rotated -> rotated != Rotated.NOT_NEEDED);
            }
        }
    }

    @Override
    public void close() {
        inotify.close();
    }
}
