package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.spec.load.EnvironmentFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Values that are not in Git: {@code /etc/lockstep/stacks/STACK/env}, in the syntax of {@code .env}. All are secret.
 */
final class HostVariables {
    private final Path directory;

    HostVariables(Path directory) {
        this.directory = directory;
    }

    /** The stack's variables; none when the file does not exist. */
    EnvironmentFile of(String stack) throws IOException {
        var file = directory.resolve(stack).resolve("env");
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                HostSecrets.requireClosed(file);
            }
            return EnvironmentFile.read(file.toString(), Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        } catch (NoSuchFileException e) {
            return EnvironmentFile.EMPTY;
        }
    }
}
