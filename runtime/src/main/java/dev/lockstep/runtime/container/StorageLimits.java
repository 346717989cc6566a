package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.ProjectQuota;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How much containers may write into their root file systems: each has a project of its own, to which the overlay's
 * upper and work directory belong. Both, since overlayfs makes files in one and moves them to the other, which file
 * systems refuse from project to project.
 *
 * <p>Nothing is written down: which number a container has stands at its directory, and whether a number is free the
 * file system knows. A limit goes before the directory does, so that who is killed in between leaves no number taken.
 */
public final class StorageLimits {
    /** Above what people and other engines count up from 1, and below where some tools see negative numbers. */
    private static final int FIRST = 0x4000_0000;

    private static final int TRIES = 1 << 20;

    private StorageLimits() {}

    /**
     * Why none can be set below that directory, which need not be there yet, and how to change that; a sentence that
     * goes on. Absent: they can.
     */
    public static Optional<String> missing(Path state) throws IOException {
        var directory = existing(state);
        if (ProjectQuota.isEnforced(directory)) {
            return Optional.empty();
        }
        var store = Files.getFileStore(directory);
        return Optional.of("what a container writes is limited by project quotas, and those of " + directory + " ("
                + store.type() + ") are not on. " + remedy(store.type(), store.name()));
    }

    static String remedy(String type, String device) {
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

    /** Refuses a container whose limit would hold nothing. */
    static void check(ContainerSpec spec, Root root) throws IOException {
        if (spec.options().storage().size().isPresent()) {
            var missing = missing(ContainerFiles.all(root));
            if (missing.isPresent()) {
                throw new ContainerException(
                        ContainerException.Reason.INVALID, "container " + spec.name() + ": " + missing.get() + ".");
            }
        }
    }

    /** Gives a container a project and that many bytes; its directories are there and empty. */
    static void give(ContainerFiles files, long bytes) throws IOException {
        try (var _ = Flock.exclusive(files.root().lock("storage-limits"))) {
            var project = free(files);
            for (var directory : List.of(files.upper(), files.work())) {
                ProjectQuota.assign(directory, project);
            }
            ProjectQuota.limit(files.upper(), project, bytes);
        }
    }

    /** Roots begin at different places, so that two of them on one file system do not look at the same number. */
    private static int free(ContainerFiles files) throws IOException {
        var start = FIRST + (Integer.parseInt(files.root().id().substring(0, 6), 16) << 5);
        for (var i = 0; i < TRIES; i++) {
            if (ProjectQuota.use(files.upper(), start + i)
                    .filter(ProjectQuota.Use::isNobodys)
                    .isPresent()) {
                return start + i;
            }
        }
        throw new IOException("no project of the file system of " + files.upper() + " is free");
    }

    /** Sets another limit; nothing where the container has no project. */
    static void change(ContainerFiles files, long bytes) throws IOException {
        var project = ProjectQuota.project(files.upper());
        if (project != 0) {
            ProjectQuota.limit(files.upper(), project, bytes);
        }
    }

    /** Lets the project go, whose directories are removed next. */
    static void release(ContainerFiles files, ContainerSpec spec) throws IOException {
        if (spec.options().storage().size().isPresent() && Files.exists(files.upper())) {
            // Where quotas were switched off since, there is nothing to let go.
            if (ProjectQuota.isEnforced(files.upper())) {
                change(files, 0);
            }
        }
    }

    /** What the file system says; absent for a container without a limit, and where nobody is held to one any more. */
    static Optional<StorageUse> observe(ContainerFiles files, ContainerSpec spec) throws IOException {
        if (spec.options().storage().size().isEmpty()
                || Files.notExists(files.upper())
                || !ProjectQuota.isEnforced(files.upper())) {
            return Optional.empty();
        }
        var project = ProjectQuota.project(files.upper());
        return project == 0
                ? Optional.empty()
                : ProjectQuota.use(files.upper(), project).map(use -> new StorageUse(use.limit(), use.used()));
    }
}
