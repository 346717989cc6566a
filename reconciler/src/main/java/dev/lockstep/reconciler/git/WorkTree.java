package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jgit.errors.AmbiguousObjectException;
import org.eclipse.jgit.errors.RevisionSyntaxException;
import org.eclipse.jgit.lib.ConfigConstants;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.RemoteConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.FileUtils;

/**
 * The repository that a person works in: a directory with {@code .git} in it. It is read, its commits and nothing of
 * its index, and never written to.
 */
public final class WorkTree implements AutoCloseable {
    private final Path top;
    private final Repository repository;
    private final GitSettings settings;

    private WorkTree(Path top, Repository repository, GitSettings settings) {
        this.top = top;
        this.repository = repository;
        this.settings = settings;
    }

    /** The directory at or above this one that has {@code .git} in it; loads nothing of JGit. */
    public static Optional<Path> top(Path directory) {
        for (var at = directory.toAbsolutePath().normalize(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(Constants.DOT_GIT), LinkOption.NOFOLLOW_LINKS)) {
                return Optional.of(at);
            }
        }
        return Optional.empty();
    }

    /**
     * Opens the repository of that directory. The caller closes it.
     *
     * @param top as {@link #top(Path)} found it
     * @throws GitException when it is none, or a sort that JGit does not read
     */
    public static WorkTree open(Path top, GitSettings settings) throws GitException {
        QuietSystemReader.install();
        try {
            var repository = new FileRepositoryBuilder()
                    .setWorkTree(top.toFile())
                    .setFS(FS.DETECTED)
                    .setMustExist(true)
                    .build();
            return new WorkTree(top, repository, settings);
        } catch (IOException | RuntimeException e) {
            throw new GitException(Kind.LOCAL, "the repository in " + top + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Its directory, absolute. */
    public Path top() {
        return top;
    }

    /**
     * The commit that a person means: a branch, a tag, an id or the beginning of one, {@code HEAD~2}.
     *
     * @throws GitException {@link Kind#NO_SUCH_REF} when it is none
     */
    public Revision revision(String text) throws GitException {
        ObjectId id;
        try {
            id = repository.resolve(text + "^{commit}");
        } catch (AmbiguousObjectException e) {
            throw new GitException(
                    Kind.NO_SUCH_REF, noSuch(text, "is the beginning of several ids; give more digits of it"), e);
        } catch (RevisionSyntaxException | IOException e) {
            throw new GitException(Kind.NO_SUCH_REF, noSuch(text, "is no name of a commit"), e);
        }
        if (id == null) {
            throw new GitException(Kind.NO_SUCH_REF, noSuch(text, "is no branch, tag or commit in it"));
        }
        return read(reader -> Revisions.read(reader, top.toString(), text, id));
    }

    private String noSuch(String text, String why) {
        return "the repository in " + top + ": \"" + text + "\" " + why;
    }

    /** The files of that commit. */
    public CommitTree open(Revision revision) {
        return new CommitTree(objects(), revision);
    }

    /** Which commits the lines of its files come from, as of {@code HEAD}; empty before the first commit. */
    public Optional<LineHistory> lines(Duration budget) throws GitException {
        try {
            var head = repository.resolve(Constants.HEAD);
            return head == null ? Optional.empty() : Optional.of(new LineHistory(objects(), head.name(), budget));
        } catch (IOException e) {
            throw damaged(e);
        }
    }

    /**
     * Where it was cloned from: the remote of the branch that is checked out, else {@code origin}, else the only one.
     * Empty when there is none, or several and nothing says which.
     *
     * @throws GitException when the address of that remote is none that can be asked
     */
    public Optional<Remote> origin() throws GitException {
        try {
            var config = repository.getConfig();
            var names = repository.getRemoteNames();
            var branch = repository.getBranch();
            var tracked = branch == null
                    ? null
                    : config.getString(
                            ConfigConstants.CONFIG_BRANCH_SECTION, branch, ConfigConstants.CONFIG_KEY_REMOTE);
            var name = tracked != null && names.contains(tracked)
                    ? tracked
                    : names.contains(Constants.DEFAULT_REMOTE_NAME) || names.size() != 1
                            ? Constants.DEFAULT_REMOTE_NAME
                            : names.iterator().next();
            var urls = new RemoteConfig(config, name).getURIs();
            if (urls.isEmpty()) {
                return Optional.empty();
            }
            var url = urls.getFirst();
            // Git takes a path as seen from the top of the work tree.
            return Optional.of(Remote.parse(
                    url.isRemote() || url.getScheme() != null
                            ? url.toPrivateString()
                            : top.resolve(url.getPath()).normalize().toString()));
        } catch (IOException | URISyntaxException | IllegalArgumentException e) {
            throw new GitException(
                    Kind.LOCAL, "the remote of the repository in " + top + " cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * What the hosts that follow that remote have reported to it, by the host's name. The answer goes through a
     * directory that is gone afterwards: nothing is written into the person's own repository.
     */
    public Map<String, HostReport> reported(Remote remote) throws GitException {
        try {
            var directory = Files.createTempDirectory("lockstep-reports");
            try (var source = new GitSource(remote, settings, directory.resolve("git"), directory.resolve("lock"))) {
                return source.reported();
            } finally {
                FileUtils.delete(directory.toFile(), FileUtils.RECURSIVE);
            }
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            throw new GitException(
                    Kind.LOCAL, "the reports of hosts at " + remote + " cannot be read: " + e.getMessage(), e);
        }
    }

    private <T> T read(GitSource.Reading<T> reading) throws GitException {
        try (var reader = repository.newObjectReader()) {
            return reading.from(reader);
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            throw damaged(e);
        }
    }

    private GitException damaged(IOException e) {
        return new GitException(Kind.DAMAGED, "the repository in " + top + " is damaged: " + e.getMessage(), e);
    }

    private CommitObjects objects() {
        return new CommitObjects() {
            @Override
            public <T> T read(GitSource.Reading<T> reading) throws GitException {
                return WorkTree.this.read(reading);
            }

            @Override
            public void copy(String objectId, OutputStream target) throws IOException {
                var loader = WorkTree.this.<ObjectLoader>read(
                        reader -> reader.open(ObjectId.fromString(objectId), Constants.OBJ_BLOB));
                loader.copyTo(target);
            }

            @Override
            public GitSettings settings() {
                return settings;
            }

            @Override
            public String name() {
                return String.valueOf(top.getFileName());
            }

            @Override
            public void pin(String name, Revision revision) {
                throw new IllegalStateException("nothing is written into the repository in " + top);
            }
        };
    }

    @Override
    public void close() {
        repository.close();
    }
}
