package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Projects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** What overlayfs needs to keep what a container writes: its files, and a place where it makes them ready. */
final class WrittenFiles {
    private WrittenFiles() {}

    /**
     * The directory of its files.
     *
     * @throws ContainerException where it is gone: with an empty one in its place the container would run as if it had
     *     never written anything
     */
    static Path content(ContainerRecord record, ContainerFiles files) throws ContainerException {
        var upper = files.upper();
        if (!Files.isDirectory(upper, LinkOption.NOFOLLOW_LINKS)) {
            throw new ContainerException(
                    ContainerException.Reason.HOST,
                    "Container " + record.spec().name() + " has lost what it wrote: " + upper
                            + " is missing. Put that directory back, or remove the container and create it again.");
        }
        return upper;
    }

    /**
     * The two directories, ready to be mounted; the container's lock is held. The one for work holds nothing while it
     * is not mounted, so where somebody has deleted it by hand there is a new one.
     *
     * @throws ContainerException where the files are gone, see {@link #content}
     */
    static Mounts.Upper mounted(ContainerRecord record, ContainerFiles files) throws IOException {
        var upper = content(record, files);
        if (Files.notExists(files.work(), LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(files.work());
        }
        if (record.spec().options().storage().size().isPresent()) {
            // Or overlayfs could not move to one what it made in the other. Killed in between it is joined next time.
            Projects.join(files.work(), upper);
        }
        return new Mounts.Upper(upper, files.work());
    }
}
