package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Inotify;
import dev.lockstep.runtime.log.Journal;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Wakes a reader of logs when there may be more to read, or containers have come, ended or gone. Platform threads only;
 * for one thread.
 */
public final class LogWatch implements AutoCloseable {
    private static final int NAMES = Inotify.CREATE | Inotify.MOVED_TO | Inotify.DELETE;

    private final Root root;
    private final Inotify inotify = Inotify.open();
    private final Set<Integer> changes = new HashSet<>();
    private boolean journal;

    LogWatch(Root root) throws IOException {
        this.root = root;
        // Looking makes nothing: where a directory is missing there is nothing to hear yet.
        for (var directory : Set.of(ContainerFiles.all(root), ContainerFiles.exits(root))) {
            if (Files.isDirectory(directory)) {
                changes.add(inotify.watch(directory, NAMES));
            }
        }
    }

    /** From now on hears also of that container. */
    public void add(ContainerRecord record) throws IOException {
        var files = new ContainerFiles(root, record.id());
        watch(files.state(), NAMES, true);
        switch (record.spec().options().log().driver()) {
            case FILES -> watch(files.log().directory(), NAMES | Inotify.MODIFY, false);
            case JOURNALD -> {
                if (!journal) {
                    journal = true;
                    for (var directory : Journal.watched()) {
                        watch(directory, NAMES | Inotify.MODIFY, false);
                    }
                }
            }
            case NONE -> {
                // Nothing is written.
            }
        }
    }

    private void watch(Path directory, int mask, boolean change) throws IOException {
        try {
            var number = inotify.watch(directory, mask);
            if (change) {
                changes.add(number);
            }
        } catch (IOException e) {
            if (Files.exists(directory)) {
                throw e; // else it was removed meanwhile
            }
        }
    }

    /** Waits until something happens, at most so long; whether containers may have changed, and not only their logs. */
    public boolean await(Duration longest) throws IOException {
        var changed = false;
        for (var event : inotify.read(longest)) {
            changed |= changes.contains(event.watch()) || (event.mask() & Inotify.OVERFLOW) != 0;
        }
        return changed;
    }

    @Override
    public void close() {
        inotify.close();
    }
}
