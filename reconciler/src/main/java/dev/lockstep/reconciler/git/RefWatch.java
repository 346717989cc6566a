package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.net.URI;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears when something may point elsewhere in a repository on this host, so that a push to it need not wait for the
 * next poll. Git replaces the file of a ref, or {@code packed-refs}, or the list of its tables
 * (gitrepository-layout(5), reftable): those directories are watched, and whoever is told asks Git what it means.
 * Nothing relies on it: what is missed here, a poll finds.
 */
public final class RefWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RefWatch.class);

    /** After that the directories are looked up again: a repository may have been put in the place of another. */
    private static final Duration TURN = Duration.ofMinutes(1);

    /** A push moves its refs one after the other. */
    private static final Duration QUIET = Duration.ofMillis(20);

    /** Where something moves all the time, somebody is told that often. */
    private static final Duration LONGEST = Duration.ofMillis(500);

    private final Path repository;
    private final FollowedRef ref;
    private final Runnable moved;
    private final WatchService changes;

    private RefWatch(Path repository, FollowedRef ref, Runnable moved) throws IOException {
        this.repository = repository;
        this.ref = ref;
        this.moved = moved;
        this.changes = repository.getFileSystem().newWatchService();
    }

    /**
     * Begins to watch.
     *
     * @param moved told after a change, from a thread of the watch; soon to return
     * @return empty where there is nothing to hear: the remote is elsewhere, or the ref is a commit
     */
    public static Optional<RefWatch> start(Remote remote, FollowedRef ref, Runnable moved) {
        if (remote.transport() != Remote.Transport.LOCAL || ref.isCommit()) {
            return Optional.empty();
        }
        try {
            var address = remote.url();
            var watch = new RefWatch(
                    address.startsWith("/")
                            ? Path.of(address)
                            : Path.of(URI.create(address).getPath()),
                    ref,
                    moved);
            watch.register();
            Thread.ofPlatform().daemon().name("refs").start(watch::run);
            return Optional.of(watch);
        } catch (IOException | IllegalArgumentException e) {
            // No more watches for this user (inotify(7), max_user_instances), most likely.
            LOG.warn("pushes to {} are found by polling only: {}", remote, e.toString());
            return Optional.empty();
        }
    }

    private void run() {
        try {
            while (true) {
                var key = changes.poll(TURN.toMillis(), TimeUnit.MILLISECONDS);
                var told = false;
                var begin = System.nanoTime();
                while (key != null && System.nanoTime() - begin < LONGEST.toNanos()) {
                    told |= key.pollEvents().stream().anyMatch(RefWatch::isMove);
                    key.reset();
                    key = changes.poll(QUIET.toMillis(), TimeUnit.MILLISECONDS);
                }
                if (key != null) {
                    key.reset();
                    told = true;
                }
                register();
                if (told) {
                    moved.run();
                }
            }
        } catch (ClosedWatchServiceException e) {
            LOG.debug("refs are watched no longer repository={}", repository);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Git writes beside, in {@code NAME.lock}, and renames; what could not be told in full may be anything. */
    private static boolean isMove(WatchEvent<?> event) {
        return !(event.context() instanceof Path file) || !file.toString().endsWith(".lock");
    }

    private void register() {
        for (var directory : directories()) {
            try {
                // Again and again: the same directory keeps its watch.
                directory.register(
                        changes,
                        StandardWatchEventKinds.ENTRY_CREATE,
                        StandardWatchEventKinds.ENTRY_MODIFY,
                        StandardWatchEventKinds.ENTRY_DELETE);
            } catch (IOException e) {
                LOG.debug("{} is not watched: {}", directory, e.toString());
            }
        }
    }

    /** Those that are there: of the repository itself, of tables, and from {@code refs} down to the ref's own. */
    private Set<Path> directories() {
        var all = new LinkedHashSet<Path>();
        var work = repository.resolve(".git");
        var git = Files.isDirectory(work) ? work : repository;
        if (!Files.isDirectory(git.resolve("refs"))) {
            return all; // no repository, or one whose data lies elsewhere
        }
        all.add(git);
        all.add(git.resolve("reftable"));
        for (var candidate : ref.candidates()) {
            for (var at = git.resolve(candidate).getParent(); at != null && !at.equals(git); at = at.getParent()) {
                all.add(at);
            }
        }
        all.removeIf(directory -> !Files.isDirectory(directory));
        return all;
    }

    /** Nobody is told any more. */
    @Override
    public void close() throws IOException {
        changes.close();
    }
}
