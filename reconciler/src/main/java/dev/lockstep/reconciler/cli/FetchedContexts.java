package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.runtime.archive.ArchiveStream;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.ContextWorkspace;
import dev.lockstep.runtime.context.ContextArchive;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
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
final class FetchedContexts implements AutoCloseable {
    /** How long the end of the process waits for a fetch to notice: a read of standard input never does. */
    private static final Duration BRIEFLY = Duration.ofMillis(500);
    /** The same for a build that is called off, and takes away what it runs. */
    private static final Duration PATIENTLY = Duration.ofSeconds(30);

    private final Place place;
    private final CredentialSource logins;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = Thread.ofPlatform().name("contexts-close").unstarted(this::closeAtExit);
    private volatile boolean fetching;
    private final Map<ContextAddress.Git, BuildRooms.Commit> commits = new HashMap<>();
    private final List<GitSource> sources = new ArrayList<>();
    private Optional<ContextWorkspace> workspace = Optional.empty();

    private FetchedContexts(Place place, CredentialSource logins) {
        this.place = place;
        this.logins = logins;
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
    static FetchedContexts below(Root root, CredentialSource logins) {
        return new FetchedContexts(() -> ContextWorkspace.open(root), logins);
    }

    /** For builds whose contexts are all directories of this host. */
    static FetchedContexts none() {
        return new FetchedContexts(
                () -> {
                    throw new IllegalStateException("a context that is here is not fetched");
                },
                CredentialSource.none());
    }

    /** What came. */
    sealed interface Fetched {
        /**
         * A tree of files.
         *
         * @param labels that tell where they are from
         */
        record Files(BuildRequest.Opener opener, Map<String, String> labels) implements Fetched {
            public Files {
                labels = Map.copyOf(labels);
            }
        }

        /** No archive: a Dockerfile alone. */
        final class Text implements Fetched {
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
    Fetched read(InputStream in, String name) throws IOException, CommandException {
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
                throw new CommandException(String.valueOf(e.getMessage()));
            }
            return new Fetched.Files(() -> OpenDirectory.open(directory), Map.of());
        }
    }

    /** Downloads a file of the web, which is an archive or a Dockerfile. */
    Fetched web(ContextAddress.Web web) throws IOException, CommandException {
        var file = directory().resolve("download");
        WebFile answer;
        try (var out = Files.newOutputStream(file)) {
            answer = fetch(() -> WebFile.fetch(web.address(), out));
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandException("cannot get the context " + web.shown() + ": " + e);
        }
        if (answer.status() >= 400) {
            throw new CommandException(
                    "cannot get the context " + web.shown() + ": invalid response status " + answer.status());
        }
        var fetched = read(Files.newInputStream(file), "the context " + web.shown());
        Files.delete(file);
        return fetched;
    }

    /** A commit as a context, with the labels that name it. */
    Fetched.Files git(ContextAddress.Git git) throws IOException {
        var commit = commit(git);
        return new Fetched.Files(
                commit.files(),
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
    BuildRooms.Commit commit(ContextAddress.Git git) throws IOException {
        synchronized (commits) {
            var known = Optional.ofNullable(commits.get(git));
            if (known.isPresent()) {
                return known.get();
            }
            var source =
                    GitRepositories.once(git.remote(), GitSettings.defaults().withCredentials(logins), directory());
            keep(source);
            var revision = fetch(() -> source.fetch(git.ref()).revision());
            var tree = source.open(revision);
            // Asked once before anything is built: a directory that is not there is said here.
            tree.directory(git.directory()).close();
            var commit = new BuildRooms.Commit(revision.commit(), () -> tree.directory(git.directory()));
            commits.put(git, commit);
            return commit;
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
