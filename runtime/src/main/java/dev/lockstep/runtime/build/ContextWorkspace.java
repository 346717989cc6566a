package dev.lockstep.runtime.build;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Private directories for contexts that come from elsewhere, as long as a build needs them. They are gone when this is
 * closed; what a killed process left goes with the next {@link Builder#cleanUp}.
 */
public final class ContextWorkspace implements AutoCloseable {
    private final StepWorkspace workspace;

    private ContextWorkspace(StepWorkspace workspace) {
        this.workspace = workspace;
    }

    /** Opens one; whoever opens it closes it when the build is over. */
    public static ContextWorkspace open(Root root) throws IOException {
        return new ContextWorkspace(StepWorkspace.open(root));
    }

    /** A new and empty directory, mode 0755, in one that nobody but root may enter. */
    public Path directory() throws IOException {
        var above = workspace.scratch();
        Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwx------"));
        var directory = Files.createDirectory(above.resolve("files"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        return directory;
    }

    @Override
    public void close() throws IOException {
        workspace.close();
    }
}
