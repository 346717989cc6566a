package dev.lockstep.reconciler.story;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;

/** A Git repository that a test commits to, as a person would. */
final class Repository implements AutoCloseable {
    private final Path directory;
    private final Git git;

    Repository(Path directory) throws IOException {
        this.directory = directory;
        try {
            this.git = Git.init()
                    .setDirectory(directory.toFile())
                    .setInitialBranch("main")
                    .call();
        } catch (GitAPIException e) {
            throw new IOException(e);
        }
    }

    Path directory() {
        return directory;
    }

    /** Writes the files (empty text: removes), commits, and returns the commit's id. */
    String commit(String message, Map<String, String> files) throws IOException {
        return commit(message, files, false);
    }

    /** The same in the place of the last commit, as before a force push. */
    String amend(String message, Map<String, String> files) throws IOException {
        return commit(message, files, true);
    }

    private String commit(String message, Map<String, String> files, boolean amend) throws IOException {
        for (var file : files.entrySet()) {
            var path = directory.resolve(file.getKey());
            if (file.getValue().isEmpty()) {
                Files.delete(path);
            } else {
                Files.createDirectories(Objects.requireNonNull(path.getParent()));
                Files.writeString(path, file.getValue());
            }
        }
        try {
            git.add().addFilepattern(".").call();
            git.add().addFilepattern(".").setUpdate(true).call();
            return git.commit()
                    .setMessage(message)
                    .setAmend(amend)
                    .setAuthor("Test", "test@example.com")
                    .setCommitter("Test", "test@example.com")
                    .setSign(false)
                    .call()
                    .name();
        } catch (GitAPIException e) {
            throw new IOException(e);
        }
    }

    /** Moves the branch back, as a force push does. */
    void reset(String commit) throws IOException {
        try {
            git.reset()
                    .setMode(org.eclipse.jgit.api.ResetCommand.ResetType.HARD)
                    .setRef(commit)
                    .call();
        } catch (GitAPIException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        git.close();
    }
}
