package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.ProjectQuota;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Projects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * What an empty volume begins with. It is made beside the volume's own directory and, when it is whole, moved into
 * that: containers that run may have the directory mounted since it was empty, and would not see another one in its
 * place. Who is killed before it is whole leaves the volume empty; of who is killed after, {@link #finish} moves the
 * rest. The volume's lock is held.
 */
final class FirstContent {
    /** How names of it begin in what is mounted, for which whoever has it mounted may look. */
    private static final String OURS = ".lockstep-first-";

    private final Path data;
    private final Path place;
    private final String filling;
    private final String arriving;

    private FirstContent(Path data, Path place, String filling, String arriving) {
        this.data = data;
        this.place = place;
        this.filling = filling;
        this.arriving = arriving;
    }

    /** Of a directory of ours: {@code data} in the directory of the volume. */
    static FirstContent beside(Path volume) {
        return new FirstContent(volume.resolve("data"), volume, "filling" + AtomicFiles.TEMPORARY, "arriving");
    }

    /**
     * Of what is mounted as a volume. It is made in there, since nothing can be moved in from elsewhere, and beside
     * what others write, for it may be mounted on other hosts, too.
     *
     * @param root whose it is: of other roots nothing is taken away
     */
    static FirstContent within(Path mounted, String root) {
        return new FirstContent(mounted, mounted, OURS + root + "-filling", OURS + root + "-arriving");
    }

    private boolean isWithin() {
        return place.equals(data);
    }

    /** Whether there is nothing in the volume yet. */
    boolean isMissing() throws IOException {
        try (var entries = Files.newDirectoryStream(
                data, entry -> !isWithin() || !entry.getFileName().toString().startsWith(OURS))) {
            return !entries.iterator().hasNext();
        }
    }

    /** Gives it to the volume, whole or not at all; {@link #finish} has been called. */
    void put(Volumes.Content content) throws IOException {
        try (var parent = Directory.open(place)) {
            make(content, parent);
            moveIn(parent);
        }
    }

    private void make(Volumes.Content content, Directory parent) throws IOException {
        var name = RawPath.of(filling);
        parent.makeDirectory(name, 0755);
        var whole = false;
        try (var made = parent.directory(name)) {
            // Not by its name: who has it mounted could put a link there.
            var directory = made.fd().procPath();
            var project = isWithin() ? 0 : ProjectQuota.project(data);
            if (project != 0) {
                // What counts for another project cannot be moved there, and against the limit it counts once.
                ProjectQuota.assign(directory, project);
            }
            content.writeTo(directory);
            if (!made.list().isEmpty()) {
                // What the volume's record calls its content is on the disk before the record is.
                made.syncFileSystem();
            }
            parent.rename(name, parent, RawPath.of(arriving));
            whole = true;
        } finally {
            if (!whole) {
                parent.removeTree(name);
            }
        }
    }

    /**
     * Moves in what a killed process left whole, and removes what it left half made.
     *
     * @return whether there was something whole
     */
    boolean finish() throws IOException {
        if (Files.notExists(data)) {
            return false;
        }
        var half = place.resolve(filling);
        if (!isWithin()
                && Files.isDirectory(half, LinkOption.NOFOLLOW_LINKS)
                && ProjectQuota.project(half) != ProjectQuota.project(data)) {
            Projects.release(half); // of an earlier Lockstep it has a project of its own
        }
        try (var parent = Directory.open(place)) {
            parent.removeTree(RawPath.of(filling));
            var whole = Files.isDirectory(place.resolve(arriving), LinkOption.NOFOLLOW_LINKS);
            if (whole) {
                moveIn(parent);
            } else {
                parent.removeTree(RawPath.of(arriving)); // somebody else's
            }
            return whole;
        }
    }

    private void moveIn(Directory parent) throws IOException {
        var name = RawPath.of(arriving);
        try (var from = parent.directory(name);
                var to = Directory.open(data)) {
            to.imitate(from);
            for (var entry : from.list()) {
                // What a container has made meanwhile is its own, and stays.
                from.renameNew(entry, to, entry);
            }
            if (isWithin()) {
                to.syncFileSystem(); // not every file system has fsync(2) for directories
            } else {
                to.sync();
            }
        }
        parent.removeTree(name);
    }
}
