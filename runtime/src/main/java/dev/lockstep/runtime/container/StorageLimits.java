package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProjectQuota;
import dev.lockstep.runtime.store.Projects;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How much containers may write into their root file systems: each has a project of its own, to which the overlay's
 * upper and work directory belong. Both, since overlayfs makes files in one and moves them to the other, which file
 * systems refuse from project to project.
 */
public final class StorageLimits {
    private StorageLimits() {}

    /**
     * Why none can be set below that directory, which need not be there yet, and how to change that; a sentence that
     * goes on. Absent: they can.
     */
    public static Optional<String> missing(Path state) throws IOException {
        return Projects.missing("what a container writes", state);
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
        Projects.give(files.root(), List.of(files.upper(), files.work()), bytes);
    }

    /** Sets another limit; nothing where the container has no project. */
    static void change(ContainerFiles files, long bytes) throws IOException {
        Projects.change(files.upper(), bytes);
    }

    /** Lets the project go, whose directories are removed next. */
    static void release(ContainerFiles files, ContainerSpec spec) throws IOException {
        if (spec.options().storage().size().isPresent()) {
            Projects.release(files.upper());
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
