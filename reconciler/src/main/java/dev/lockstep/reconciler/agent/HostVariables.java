package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.spec.load.EnvironmentFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Values that are not in Git: {@code /etc/lockstep/stacks/STACK/env}, in the syntax of {@code .env}. All are secret.
 */
final class HostVariables {
    private final Path directory;

    HostVariables(Path directory) {
        this.directory = directory;
    }

    /**
     * What was found.
     *
     * @param file the variables; none when the file does not exist or cannot be read
     * @param place where they stand, or would; empty where nothing is looked for
     * @param problem why it cannot be read: then the stack stays as it is, and no other one is concerned
     */
    record Values(EnvironmentFile file, Optional<Path> place, Optional<String> problem) {
        static final Values NONE = new Values(EnvironmentFile.EMPTY, Optional.empty(), Optional.empty());

        EnvironmentFile orThrow() throws IOException {
            if (problem.isPresent()) {
                throw new IOException(problem.get());
            }
            return file;
        }
    }

    /** The stack's variables, as they are now. */
    Values of(String stack) {
        var place = Optional.of(directory.resolve(stack).resolve("env"));
        try {
            return new Values(read(place.get()), place, Optional.empty());
        } catch (IOException e) {
            // Of most of these exceptions the message is a path.
            var why = e instanceof FileSystemException ? e.toString() : e.getMessage();
            return new Values(EnvironmentFile.EMPTY, place, Optional.of("the host's variables cannot be read: " + why));
        }
    }

    private static EnvironmentFile read(Path file) throws IOException {
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                HostSecrets.requireClosed(file);
            }
            return EnvironmentFile.read(file.toString(), Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        } catch (NoSuchFileException e) {
            return EnvironmentFile.EMPTY;
        }
    }
}
