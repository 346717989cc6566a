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
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What an empty volume begins with. It is made beside the volume's own directory and, when it is whole, moved into
 * that: containers that run may have the directory mounted since it was empty, and would not see another one in its
 * place. Who is killed before it is whole leaves the volume empty; of who is killed after, {@link #finish} moves the
 * rest. The volume's lock is held.
 */
final class FirstContent {
    private static final RawPath ITSELF = RawPath.of(".");

    /** How a directory in what is mounted begins. */
    private static final String FILLING = ".lockstep-filling-";

    private final Path data;
    private final Path filling;
    private final Path arriving;

    /** @param volume its directory, with {@code data} in it */
    FirstContent(Path volume) {
        this.data = volume.resolve("data");
        this.filling = volume.resolve("filling" + AtomicFiles.TEMPORARY);
        this.arriving = volume.resolve("arriving");
    }

    /** Gives it to the volume. */
    void put(Volumes.Content content) throws IOException {
        Files.createDirectory(filling);
        Files.setPosixFilePermissions(filling, PosixFilePermissions.fromString("rwxr-xr-x"));
        var project = ProjectQuota.project(data);
        if (project != 0) {
            // What counts for another project cannot be moved there, and against the limit it counts once.
            ProjectQuota.assign(filling, project);
        }
        content.writeTo(filling);
        if (!Volumes.isEmpty(filling)) {
            // What the volume's record calls its content is on the disk before the record is.
            try (var whole = Directory.open(filling)) {
                whole.syncFileSystem();
            }
        }
        AtomicFiles.publish(filling, arriving);
        moveIn();
    }

    /**
     * Gives it to what is mounted as a volume. It is made in there, since nothing can be moved from elsewhere, and
     * beside what others write, for it may be mounted on other hosts, too. Whatever fails, nothing of it stays.
     */
    static void putInto(Path mounted, Volumes.Content content) throws IOException {
        var filling = mounted.resolve(
                FILLING + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()));
        try {
            Files.createDirectory(filling);
            content.writeTo(filling);
            try (var from = Directory.open(filling);
                    var to = Directory.open(mounted)) {
                imitate(from, to);
                for (var name : from.list()) {
                    // RENAME_NOREPLACE is not for every file system.
                    if (to.status(name).isEmpty()) {
                        from.rename(name, to, name);
                    }
                }
                to.syncFileSystem();
            }
        } finally {
            Volumes.deleteTree(filling);
        }
    }

    private static void imitate(Directory from, Directory to) throws IOException {
        var status = from.status(ITSELF).orElseThrow();
        to.setOwner(ITSELF, status.uid(), status.gid());
        to.setMode(ITSELF, status.mode());
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
        if (Files.isDirectory(filling, LinkOption.NOFOLLOW_LINKS)) {
            // Of an earlier Lockstep it has a project of its own.
            if (ProjectQuota.project(filling) != ProjectQuota.project(data)) {
                Projects.release(filling);
            }
            Volumes.deleteTree(filling);
        }
        var whole = Files.isDirectory(arriving, LinkOption.NOFOLLOW_LINKS);
        if (whole) {
            moveIn();
        }
        return whole;
    }

    private void moveIn() throws IOException {
        try (var from = Directory.open(arriving);
                var to = Directory.open(data)) {
            imitate(from, to);
            for (var name : from.list()) {
                // What a container has made meanwhile is its own, and stays.
                from.renameNew(name, to, name);
            }
            to.sync();
        }
        Volumes.deleteTree(arriving);
    }
}
