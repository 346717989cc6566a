package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.Submodules;
import dev.lockstep.runtime.archive.ArchiveStream;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.ContextWorkspace;
import dev.lockstep.runtime.context.ContextArchive;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.registry.OutsideGate;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.store.IncomingFile;
import dev.lockstep.runtime.store.NoRoomException;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Contexts that do not lie in a directory of this host: brought here for a build, and gone when this is closed. Nothing
 * is made before the first of them.
 */
public final class FetchedContexts implements AutoCloseable {
    /** How long the end of the process waits for a fetch to notice: a read of standard input never does. */
    private static final Duration BRIEFLY = Duration.ofMillis(500);
    /** The same for a build that is called off, and takes away what it runs. */
    private static final Duration PATIENTLY = Duration.ofSeconds(30);

    private final Place place;
    private final CredentialSource logins;
    private final Optional<OutsideGate.Judge> judge;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = Thread.ofPlatform().name("contexts-close").unstarted(this::closeAtExit);
    private volatile boolean fetching;
    private final Map<ContextAddress.Git, BuildRooms.Commit> commits = new HashMap<>();
    private final Map<String, CommitTree> trees = new HashMap<>();
    private final List<GitSource> sources = new ArrayList<>();
    private Optional<ContextWorkspace> workspace = Optional.empty();

    /** @param judge says what of the web they may come from; absent: from whatever who asks could fetch as well */
    private FetchedContexts(Place place, CredentialSource logins, Optional<OutsideGate.Judge> judge) {
        this.place = place;
        this.logins = logins;
        this.judge = judge;
    }

    /** Where they lie meanwhile. */
    @FunctionalInterface
    private interface Place {
        ContextWorkspace open() throws IOException;
    }

    /**
     * They lie below this root meanwhile.
     *
     * @param logins for Git repositories whose address has none
     */
    public static FetchedContexts below(Root root, CredentialSource logins) {
        return new FetchedContexts(() -> ContextWorkspace.open(root), logins, Optional.empty());
    }

    /**
     * The same from the web alone, as far as it is judged to be outside: neither a repository of this host nor one that
     * its SSH keys open, and nothing that only this host reaches because of where it stands.
     */
    public static FetchedContexts below(Root root, CredentialSource logins, OutsideGate.Judge judge) {
        return new FetchedContexts(() -> ContextWorkspace.open(root), logins, Optional.of(judge));
    }

    /** For builds whose contexts are all directories of this host. */
    public static FetchedContexts none() {
        return new FetchedContexts(
                () -> {
                    throw new IllegalStateException("a context that is here is not fetched");
                },
                CredentialSource.none(),
                Optional.empty());
    }

    /** What came. */
    public sealed interface Fetched {
        /**
         * A tree of files.
         *
         * @param labels that tell where they are from
         */
        public record Files(BuildRequest.Opener opener, Map<String, String> labels) implements Fetched {
            public Files {
                labels = Map.copyOf(labels);
            }
        }

        /** No archive: a Dockerfile alone. */
        public final class Text implements Fetched {
            private final byte[] content;

            Text(byte[] content) {
                this.content = content.clone();
            }

            byte[] content() {
                return content.clone();
            }
        }
    }

    /** What takes its time, and may wait for others without end. */
    @FunctionalInterface
    private interface Fetch<T> {
        T run() throws IOException;
    }

    private <T> T fetch(Fetch<T> fetch) throws IOException {
        fetching = true;
        try {
            return fetch.run();
        } finally {
            fetching = false;
        }
    }

    private synchronized void keep(GitSource source) {
        sources.add(source);
    }

    private synchronized Path directory() throws IOException {
        if (workspace.isEmpty()) {
            workspace = Optional.of(place.open());
            // SIGINT and SIGTERM end the JVM; it closes nothing by itself.
            Runtime.getRuntime().addShutdownHook(hook);
        }
        return workspace.get().directory();
    }

    /**
     * Unpacks an archive as it comes in; what is none is a Dockerfile.
     *
     * @param name for messages
     */
    public Fetched read(InputStream in, String name) throws IOException {
        try (var stream = new PushbackInputStream(in, ArchiveStream.HEAD)) {
            var head = stream.readNBytes(ArchiveStream.HEAD);
            stream.unread(head);
            if (!ArchiveStream.isArchive(head)) {
                return new Fetched.Text(stream.readNBytes(DockerfileParser.LARGEST + 1));
            }
            var directory = directory();
            try {
                fetch(() -> {
                    ContextArchive.unpack(stream, name, directory);
                    return directory;
                });
            } catch (ContextException e) {
                throw new UnbuildableException(String.valueOf(e.getMessage()));
            }
            return new Fetched.Files(() -> OpenDirectory.open(directory), Map.of());
        }
    }

    /** Downloads a file from where it may come from. Any number of threads may. */
    public WebFile download(URI address, WebFile.Version known, OutputStream to) throws IOException {
        if (judge.isEmpty()) {
            return WebFile.fetch(address, known, to);
        }
        try (var gate = new OutsideGate(judge.get())) {
            try {
                return WebFile.fetch(address, known, to, gate);
            } catch (IOException e) {
                var why = gate.refusal();
                throw why.isEmpty()
                        ? e
                        : new BuildException(
                                "cannot get " + new ContextAddress.Web(address).shown() + " for a followed repository: "
                                        + why.get(),
                                e);
            }
        }
    }

    /** Downloads a file of the web, which is an archive or a Dockerfile. */
    Fetched web(ContextAddress.Web web) throws IOException {
        var file = directory().resolve("download");
        WebFile answer;
        try (var out = IncomingFile.create(file)) {
            answer = fetch(() -> download(web.address(), WebFile.Version.UNKNOWN, out));
        } catch (BuildException e) {
            throw new UnbuildableException(String.valueOf(e.getMessage()));
        } catch (NoRoomException e) {
            throw new UnbuildableException("cannot get the context " + web.shown() + ": " + e.getMessage());
        } catch (IOException | IllegalArgumentException e) {
            throw new UnbuildableException("cannot get the context " + web.shown() + ": " + e);
        }
        if (answer.status() >= 400) {
            throw new UnbuildableException(
                    "cannot get the context " + web.shown() + ": invalid response status " + answer.status());
        }
        var fetched = read(Files.newInputStream(file), "the context " + web.shown());
        Files.delete(file);
        return fetched;
    }

    /**
     * A commit as a context, with the labels that name it.
     *
     * @param keep with a {@code .git}
     */
    Fetched.Files git(ContextAddress.Git git, boolean keep) throws IOException {
        var commit = commit(git);
        return new Fetched.Files(
                keep ? commit.repository() : commit.files(),
                Map.of(
                        "org.opencontainers.image.revision",
                        commit.id(),
                        "org.opencontainers.image.source",
                        git.remote().url()));
    }

    /**
     * Fetches a commit, whose files are read from its objects. What is asked for twice is one commit, whatever is
     * pushed meanwhile. Any number of threads may ask.
     */
    public BuildRooms.Commit commit(ContextAddress.Git git) throws IOException {
        synchronized (commits) {
            var known = Optional.ofNullable(commits.get(git));
            if (known.isPresent()) {
                return known.get();
            }
            var tree = tree(git.remote(), git.ref());
            var submodules = new FetchedSubmodules(this, git.remote(), tree, 0);
            // Asked once before anything is built: a directory that is not there is said here.
            tree.directory(git.directory()).close();
            var place = directory().resolve("kept" + commits.size()).resolve(".git");
            var commit = new BuildRooms.Commit(
                    tree.revision().commit(),
                    () -> tree.directory(git.directory(), submodules),
                    // As with BuildKit: a part of the files is no repository.
                    () -> git.directory().isEmpty()
                            ? withGit(tree, place, git.remote(), submodules)
                            : tree.directory(git.directory(), submodules));
            commits.put(git, commit);
            return commit;
        }
    }

    private SourceDirectory withGit(CommitTree tree, Path place, Remote remote, Submodules submodules)
            throws IOException {
        synchronized (commits) {
            return tree.withGit(place, remote, submodules);
        }
    }

    /**
     * Fetches a commit; the same once. Any number of threads may ask.
     *
     * @throws UnbuildableException when nothing is fetched from there
     */
    CommitTree tree(Remote remote, FollowedRef ref) throws IOException {
        // Here, and not where a context is named: a submodule's address is the repository's choice as well.
        if (judge.isPresent()) {
            requireWeb(remote);
        }
        synchronized (commits) {
            var known = Optional.ofNullable(trees.get(remote + " " + ref));
            if (known.isPresent()) {
                return known.get();
            }
            var tree = judge.isEmpty()
                    ? tree(remote, ref, GitSettings.defaults().withCredentials(logins))
                    : treeFromOutside(remote, ref, judge.get());
            trees.put(remote + " " + ref, tree);
            return tree;
        }
    }

    private CommitTree treeFromOutside(Remote remote, FollowedRef ref, OutsideGate.Judge outside) throws IOException {
        try (var gate = new OutsideGate(outside)) {
            try {
                return tree(
                        remote,
                        ref,
                        GitSettings.defaults().withCredentials(logins).withProxy(gate.proxy()));
            } catch (IOException e) {
                var why = gate.refusal();
                throw why.isEmpty()
                        ? e
                        : new UnbuildableException(remote + " is not fetched for a followed repository: " + why.get());
            }
        }
    }

    private CommitTree tree(Remote remote, FollowedRef ref, GitSettings settings) throws IOException {
        var place = Files.createDirectory(directory().resolve("git" + trees.size()));
        var source = GitRepositories.once(remote, settings, place);
        keep(source);
        return source.open(fetch(() -> source.fetch(ref).revision()));
    }

    private static void requireWeb(Remote remote) throws UnbuildableException {
        switch (remote.transport()) {
            case HTTP, HTTPS -> {}
            case LOCAL ->
                throw new UnbuildableException(
                        remote + " is a repository of this host, and who can push must not read it");
            case SSH, GIT ->
                throw new UnbuildableException(
                        remote + " is not fetched for a followed repository, since this host's own"
                                + " keys would open it; give its address with https://");
        }
    }

    private void closeAtExit() {
        try {
            if (!closed.await((fetching ? BRIEFLY : PATIENTLY).toMillis(), TimeUnit.MILLISECONDS)) {
                remove();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // What stays goes with the next clean-up, as after a kill.
        }
    }

    private synchronized void remove() throws IOException {
        sources.forEach(GitSource::close);
        sources.clear();
        if (workspace.isPresent()) {
            workspace.get().close();
            workspace = Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            remove();
        } finally {
            closed.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The JVM is on its way out, and has waited for us.
            }
        }
    }
}
