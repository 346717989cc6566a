package dev.lockstep.reconciler.story;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.transport.RemoteRefUpdate;

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

    /** Puts an annotated tag on the newest commit; one of that name moves. */
    void tag(String name) throws IOException {
        try {
            git.tag()
                    .setName(name)
                    .setMessage(name)
                    .setTagger(new PersonIdent("Test", "test@example.com"))
                    .setSigned(false)
                    .setForceUpdate(true)
                    .call();
        } catch (GitAPIException e) {
            throw new IOException(e);
        }
    }

    /** Pushes the branch and all tags to a bare repository, which is made where there is none. */
    void push(Path bare) throws IOException {
        try {
            if (Files.notExists(bare)) {
                Git.init()
                        .setBare(true)
                        .setDirectory(bare.toFile())
                        .setInitialBranch("main")
                        .call()
                        .close();
            }
            for (var result : git.push()
                    .setRemote(bare.toUri().toString())
                    .add("main")
                    .setPushTags()
                    .setForce(true)
                    .call()) {
                for (var update : result.getRemoteUpdates()) {
                    if (update.getStatus() != RemoteRefUpdate.Status.OK
                            && update.getStatus() != RemoteRefUpdate.Status.UP_TO_DATE) {
                        throw new IOException(update.toString());
                    }
                }
            }
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
