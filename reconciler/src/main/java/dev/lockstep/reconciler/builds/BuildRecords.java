package dev.lockstep.reconciler.builds;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The builds of a root: {@code builds/NUMBER/} with {@code record.json}, {@code log} and {@code reports/}. */
public final class BuildRecords {
    private static final Logger LOG = LoggerFactory.getLogger(BuildRecords.class);

    /** What a record is called that was moved aside. */
    private static final String DAMAGED = "record.json.damaged";

    private final Root root;
    private final StateFile<BuildRecord> state;

    public BuildRecords(Root root) {
        this.root = root;
        this.state = root.stateFile(BuildRecord.class, 1);
    }

    /** Writes down how far a build is. Its directory is made by the first. */
    public void write(BuildRecord record) throws IOException {
        var directory = directory(record.number());
        Files.createDirectories(directory);
        state.write(directory.resolve("record.json"), record);
    }

    /** One build; empty where there is none of that number. */
    public Optional<BuildRecord> read(long number) throws IOException {
        return state.read(directory(number).resolve("record.json"));
    }

    /** All of them that can be read, the newest first. */
    public List<BuildRecord> all() throws IOException {
        return all(e -> LOG.debug("build record is left out", e));
    }

    /**
     * The same.
     *
     * @param leftOut hears of each that cannot be read: it is no reason to know nothing of the others
     */
    public List<BuildRecord> all(Consumer<StateException> leftOut) throws IOException {
        var all = new ArrayList<BuildRecord>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(builds(), "[0-9]*")) {
            for (var directory : directories) {
                try {
                    state.read(directory.resolve("record.json")).ifPresent(all::add);
                } catch (StateException e) {
                    leftOut.accept(e);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        all.sort(Comparator.comparingLong(BuildRecord::number).reversed());
        return List.copyOf(all);
    }

    /**
     * Moves the damaged record of a build aside, to {@code record.json.damaged}, where nothing looks for it: its log
     * and its reports stay with it. Does nothing where another Lockstep can read it.
     *
     * @return whether it was moved
     */
    public boolean setAside(StateException unusable) throws IOException {
        if (unusable.reason() != StateException.Reason.DAMAGED) {
            return false;
        }
        try {
            Files.move(unusable.file(), unusable.file().resolveSibling(DAMAGED), StandardCopyOption.REPLACE_EXISTING);
            return true;
        } catch (NoSuchFileException e) {
            return false; // somebody has removed it
        }
    }

    /** What a build has printed. */
    public Path log(long number) {
        return directory(number).resolve("log");
    }

    /** What its tests have left. */
    public Path reports(long number) {
        return directory(number).resolve("reports");
    }

    /** Forgets a build with its log and its reports; its image stays. */
    public void remove(long number) throws IOException {
        AtomicFiles.delete(directory(number).resolve("record.json"));
        // All that is there: also what a kill has left of a record that was being written.
        try (var all = Directory.open(builds())) {
            all.removeTree(RawPath.of(Long.toString(number)));
        }
    }

    /**
     * Removes what lies there of builds without a record: of those that were being forgotten, or begun, at a kill; and
     * what killed processes had begun to write. Not while somebody writes records.
     */
    public void removeLeftovers(Instant now) throws IOException {
        if (Files.notExists(builds())) {
            return;
        }
        AtomicFiles.removeUnfinished(builds(), now);
        try (var all = Directory.open(builds());
                DirectoryStream<Path> directories = Files.newDirectoryStream(builds(), "[1-9]*")) {
            for (var directory : directories) {
                var name = directory.getFileName().toString();
                if (name.matches("[0-9]+")
                        && Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
                        && Files.notExists(directory.resolve(DAMAGED), LinkOption.NOFOLLOW_LINKS)) {
                    if (Files.notExists(directory.resolve("record.json"), LinkOption.NOFOLLOW_LINKS)) {
                        all.removeTree(RawPath.of(name));
                    } else {
                        AtomicFiles.removeUnfinished(directory, now);
                    }
                }
            }
        }
    }

    /** Removes what a build has left beside its record: it is to be made again. */
    public void clear(long number) throws IOException {
        Files.deleteIfExists(log(number));
        if (Files.exists(reports(number), LinkOption.NOFOLLOW_LINKS)) {
            // By descriptors: what is in there came out of a container.
            try (var own = Directory.open(directory(number))) {
                own.removeTree(RawPath.of("reports"));
            }
        }
    }

    /** The lock of who gives out numbers. */
    Path numbers() throws IOException {
        return root.lock("builds");
    }

    /** Which of them gave an image its name. */
    Path names() {
        return builds().resolve("names.json");
    }

    /** The highest number of a directory, whether it has a record or not; 0 without any. */
    long highest() throws IOException {
        var highest = 0L;
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(builds(), "[0-9]*")) {
            for (var directory : directories) {
                try {
                    highest = Math.max(
                            highest, Long.parseLong(directory.getFileName().toString()));
                } catch (NumberFormatException e) {
                    // Nothing of ours.
                }
            }
        } catch (NoSuchFileException e) {
            return 0;
        }
        return highest;
    }

    Path builds() {
        return root.state().resolve("builds");
    }

    private Path directory(long number) {
        return builds().resolve(Long.toString(number));
    }
}
