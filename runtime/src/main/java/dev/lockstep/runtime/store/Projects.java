package dev.lockstep.runtime.store;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.ProjectQuota;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How much directories may hold: each thing with a limit, a container or a volume, has a project of the file system of
 * its own.
 *
 * <p>Nothing is written down: which number a directory has stands at it, and whether a number is free the file system
 * knows. A limit goes before the directory does, so that who is killed in between leaves no number taken.
 */
public final class Projects {
    /** Above what people and other engines count up from 1, and below where some tools see negative numbers. */
    private static final int FIRST = 0x4000_0000;

    private static final int TRIES = 1 << 20;

    private Projects() {}

    /**
     * Why none can be set below that directory, which need not be there yet, and how to change that; a sentence that
     * goes on. Absent: they can.
     *
     * @param what is limited, the beginning of the sentence: {@code what a container writes}
     */
    public static Optional<String> missing(String what, Path place) throws IOException {
        var directory = existing(place);
        if (ProjectQuota.isEnforced(directory)) {
            return Optional.empty();
        }
        var store = Files.getFileStore(directory);
        return Optional.of(what + " is limited by project quotas, and those of " + directory + " (" + store.type()
                + ") are not on. " + remedy(store.type(), store.name()));
    }

    /** What to do about a file system that holds nobody to a limit, a sentence without its end. */
    public static String remedy(String type, String device) {
        return switch (type) {
            case "xfs" ->
                "Mount it with the option pquota; what is mounted already has to be unmounted first, and / takes"
                        + " rootflags=pquota on the kernel's command line";
            case "ext4" ->
                "Unmount it, run 'tune2fs -O project,quota -Q prjquota " + device
                        + "', and mount it with the option prjquota";
            default ->
                "Keep the root of Lockstep on xfs mounted with pquota, or on ext4 with the features project and quota"
                        + " mounted with prjquota";
        };
    }

    private static Path existing(Path path) {
        var at = path.toAbsolutePath();
        while (Files.notExists(at)) {
            at = Objects.requireNonNull(at.getParent(), "the root is there");
        }
        return at;
    }

    /**
     * Gives directories one project and together that many bytes.
     *
     * @param directories empty ones of one file system, at least one
     */
    public static void give(Root root, List<Path> directories, long bytes) throws IOException {
        try (var _ = Flock.exclusive(root.lock("storage-limits"))) {
            var first = directories.getFirst();
            var project = free(root, first);
            for (var directory : directories) {
                ProjectQuota.assign(directory, project);
            }
            ProjectQuota.limit(first, project, bytes);
        }
    }

    /** Gives an empty directory to the project of another one, which may have none. */
    public static void join(Path directory, Path other) throws IOException {
        var project = ProjectQuota.project(other);
        if (project != 0 && ProjectQuota.project(directory) != project) {
            ProjectQuota.assign(directory, project);
        }
    }

    /** Roots begin at different places, so that two of them on one file system do not look at the same number. */
    private static int free(Root root, Path directory) throws IOException {
        var start = FIRST + (Integer.parseInt(root.id().substring(0, 6), 16) << 5);
        for (var i = 0; i < TRIES; i++) {
            if (ProjectQuota.use(directory, start + i)
                    .filter(ProjectQuota.Use::isNobodys)
                    .isPresent()) {
                return start + i;
            }
        }
        throw new IOException("no project of the file system of " + directory + " is free");
    }

    /** Sets another limit; nothing where the directory has no project. */
    public static void change(Path directory, long bytes) throws IOException {
        var project = ProjectQuota.project(directory);
        if (project != 0) {
            ProjectQuota.limit(directory, project, bytes);
        }
    }

    /** Lets the project of a directory go, which is removed next; nothing where there is none. */
    public static void release(Path directory) throws IOException {
        // Where quotas were switched off since, there is nothing to let go.
        if (Files.exists(directory) && ProjectQuota.isEnforced(directory)) {
            change(directory, 0);
        }
    }
}
