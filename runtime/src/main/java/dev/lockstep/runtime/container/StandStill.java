package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Containers that do nothing for a while. A note on disk says which: where the process that asked for it is killed, the
 * next one that opens the root lets them go on.
 */
public final class StandStill implements AutoCloseable {
    /** How they are brought to it. */
    public enum Manner {
        /** Frozen where they are. */
        PAUSE,
        /** Stopped as a person stops them, and started again. */
        STOP
    }

    /** @param containers ids, in the order they are brought to it */
    private record Note(Manner manner, List<String> containers) {
        Note {
            Objects.requireNonNull(manner, "manner");
            containers = List.copyOf(containers);
        }
    }

    private final StateFile<Note> notes;
    private final Containers containers;
    private final Note note;
    private final Path file;
    private final Flock lock;

    private StandStill(StateFile<Note> notes, Containers containers, Note note, Path file, Flock lock) {
        this.notes = notes;
        this.containers = containers;
        this.note = note;
        this.file = file;
        this.lock = lock;
    }

    /**
     * Brings containers that run and are not paused to it; when one fails, the others go on at once.
     *
     * @param ids in this order; {@link #close} goes backwards
     * @param grace for a stop, instead of each one's own
     */
    public static StandStill begin(
            Root root, Containers containers, Manner manner, List<String> ids, Optional<Duration> grace)
            throws IOException {
        var name = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Root.directory(directory(root));
        var file = directory(root).resolve(name + ".json");
        var lock = Flock.fleeting(root.lock("stand-still/" + name));
        var still = new StandStill(notes(root), containers, new Note(manner, List.copyOf(ids)), file, lock);
        try {
            still.notes.write(file, still.note);
            for (var id : ids) {
                switch (manner) {
                    case PAUSE -> containers.pause(id);
                    case STOP -> containers.stop(id, grace);
                }
            }
            return still;
        } catch (IOException | RuntimeException e) {
            try {
                still.close();
            } catch (IOException also) {
                e.addSuppressed(also);
            }
            throw e;
        }
    }

    /**
     * Lets those go on whose process was killed; returns a sentence for each such process, and for each note and
     * container with which that cannot be done: the note of those stays, and the next call tries again. A damaged note
     * is set aside; one of a newer Lockstep is left to that.
     *
     * @throws IOException when the notes cannot be listed
     */
    public static List<String> recover(Root root, Containers containers) throws IOException {
        var done = new ArrayList<String>();
        for (var file : files(root)) {
            try {
                recover(root, containers, file, done);
            } catch (IOException | RuntimeException e) {
                done.add("containers that stood still for a process that was killed do not go on, which is tried"
                        + " again: " + e.getMessage());
            }
        }
        return List.copyOf(done);
    }

    private static void recover(Root root, Containers containers, Path file, List<String> done) throws IOException {
        var name = file.getFileName().toString().replaceFirst("\\.json$", "");
        var path = root.lock("stand-still/" + name);
        var lock = Flock.tryExclusive(path);
        if (lock.isEmpty()) {
            return; // somebody is at it
        }
        try (var held = lock.get()) {
            var notes = notes(root);
            var note = notes.read(file);
            if (note.isPresent()) {
                var still = new StandStill(notes, containers, note.get(), file, held);
                var failed = still.letGo();
                var count = note.get().containers().size() - failed.size();
                if (count > 0) {
                    done.add(sentence(count));
                }
                if (!failed.isEmpty()) {
                    throw failure(failed);
                }
            }
            Files.deleteIfExists(path);
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            var aside = file.resolveSibling(name + ".damaged");
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            done.add("the note of which containers stand still for a process that was killed cannot be read, and is set"
                    + " aside as " + aside + "; 'lockstep unpause' lets paused ones go on: " + e.getMessage());
        }
    }

    /** Whether {@link #recover} has something to look at; for a price of one call. */
    public static boolean isPending(Root root) throws IOException {
        return !files(root).isEmpty();
    }

    private static String sentence(int count) {
        return "let " + count + " containers go on that stood still for a process that was killed";
    }

    private static List<Path> files(Root root) throws IOException {
        if (Files.notExists(directory(root))) {
            return List.of();
        }
        try (var all = Files.list(directory(root))) {
            return all.filter(p -> p.toString().endsWith(".json")).toList();
        }
    }

    private static Path directory(Root root) {
        return root.state().resolve("stand-still");
    }

    private static StateFile<Note> notes(Root root) {
        return root.stateFile(Note.class, 1);
    }

    /**
     * Lets them go on, all that can; what somebody has removed or let go on meanwhile is left as it is. Where one
     * cannot, {@link #recover} tries again.
     */
    @Override
    public void close() throws IOException {
        Map<String, Exception> failed;
        try (lock) {
            failed = letGo();
        }
        if (!failed.isEmpty()) {
            throw failure(failed);
        }
    }

    /** Returns which do not go on, and why; the note is of those alone then. */
    private Map<String, Exception> letGo() throws IOException {
        var failed = new LinkedHashMap<String, Exception>();
        for (var id : note.containers().reversed()) {
            try {
                goOn(id);
            } catch (IOException | RuntimeException e) {
                failed.put(id, e);
            }
        }
        if (failed.isEmpty()) {
            AtomicFiles.delete(file);
        } else if (failed.size() < note.containers().size()) {
            var left = note.containers().stream().filter(failed::containsKey).toList();
            notes.write(file, new Note(note.manner(), left));
        }
        return failed;
    }

    private static IOException failure(Map<String, Exception> failed) {
        var all = List.copyOf(failed.values());
        var failure = new IOException(all.getFirst().getMessage(), all.getFirst());
        all.stream().skip(1).forEach(failure::addSuppressed);
        return failure;
    }

    private void goOn(String id) throws IOException {
        var container = containers.observe(id);
        if (container.isEmpty()) {
            return;
        }
        switch (note.manner()) {
            case PAUSE -> {
                if (container.get().isPaused()) {
                    containers.unpause(id);
                }
            }
            case STOP -> {
                if (!container.get().isRunning()) {
                    containers.start(id);
                }
            }
        }
    }
}
