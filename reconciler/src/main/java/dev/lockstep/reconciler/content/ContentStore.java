package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Files and directories of commits by mode and object id, below {@code ROOT/content}. What has its name is complete and
 * never changes; two stacks that mount the same content mount the same path.
 *
 * <p>Nobody but root reaches {@code ROOT/content} by name. Containers do not need to: a mount is of the file itself.
 */
public final class ContentStore {
    /** An apply materialises first and records its containers later; content younger than this is never collected. */
    private static final Duration GRACE = Duration.ofHours(1);

    private static final RawPath CONTENT = RawPath.of("content");
    private static final String UNFINISHED = ".new-";

    private final Path directory;
    private final Path lock;
    private final InstantSource clock;

    public ContentStore(Root root, InstantSource clock) throws IOException {
        this.directory = root.state().resolve("content");
        this.lock = root.lock("content");
        this.clock = clock;
    }

    /** Of content that is mounted from there {@link TreeEntry#identity()}; empty where that is anything else. */
    public Optional<String> identity(Path source) {
        return source.startsWith(directory) && !source.equals(directory)
                ? Optional.of(directory.relativize(source).getName(0).toString())
                : Optional.empty();
    }

    /** Where the content is or will be; reads nothing. For plans. */
    public Path locate(MountSource.Content content) {
        return directory.resolve(content.entry().identity()).resolve("content");
    }

    /**
     * Refuses what {@link #materialise} would refuse, without writing: for plans.
     *
     * @throws dev.lockstep.reconciler.git.GitException submodule, Git LFS pointer, link that leaves, too large
     */
    public void check(CommitTree tree, MountSource.Content content) throws IOException {
        if (!isThere(content.entry())) {
            GitFiles.below(tree, content.entry());
        }
    }

    /**
     * Puts content in its place if it is not there. After a failure or a crash there is nothing under its name.
     *
     * @return the path to mount
     */
    public Path materialise(CommitTree tree, MountSource.Content content) throws IOException {
        var entry = content.entry();
        var name = RawPath.of(entry.identity());
        makeStore();
        try (var _ = shared();
                var store = Directory.open(directory)) {
            if (store.status(name).isEmpty()) {
                var entries = GitFiles.below(tree, entry);
                var unfinished = RawPath.of(UNFINISHED
                        + Long.toHexString(ThreadLocalRandom.current().nextLong()));
                store.makeDirectory(unfinished, 0755);
                try {
                    try (var target = store.directory(unfinished)) {
                        write(tree, entry, entries, target);
                    }
                    putInPlace(store, unfinished, name);
                } finally {
                    // Renamed, or somebody else's is in place.
                    store.removeTree(unfinished);
                }
            }
            store.setModified(name, clock.instant());
        }
        return locate(content);
    }

    /** Containers that are made at once want the same: the first who has it all puts it there. */
    private static void putInPlace(Directory store, RawPath unfinished, RawPath name) throws IOException {
        try {
            if (store.status(name).isEmpty()) {
                store.rename(unfinished, store, name);
                store.sync();
            }
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOTEMPTY && e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
    }

    private static void write(CommitTree tree, TreeEntry mounted, List<TreeEntry> entries, Directory target)
            throws IOException {
        if (!mounted.isDirectory()) {
            GitFiles.write(tree, mounted, target, CONTENT);
            target.sync();
            return;
        }
        target.makeDirectory(CONTENT, 0755);
        try (var root = target.directory(CONTENT)) {
            for (var entry : entries) {
                var path = mounted.path().isEmpty()
                        ? entry.path()
                        : entry.path().substring(mounted.path().length() + 1);
                var parent = RepositoryPath.parent(path);
                try (var in = root.makeDirectoriesInRoot(RawPath.of(parent), 0755)) {
                    GitFiles.write(tree, entry, in, RawPath.of(entry.name()));
                }
            }
            // Files are synced one by one; this is for the names in all the directories.
            root.syncFileSystem();
        }
    }

    /**
     * Removes content that nobody needs, and what crashes left.
     *
     * @param inUse {@link TreeEntry#identity()} of all content that container records and healthy revisions need
     * @return what was removed
     */
    public Set<String> collect(Set<String> inUse) throws IOException {
        var removed = new HashSet<String>();
        if (Files.notExists(directory)) {
            return removed;
        }
        var youngest = clock.instant().minus(GRACE);
        try (var _ = Flock.exclusive(lock);
                var store = Directory.open(directory)) {
            for (var name : store.list()) {
                var status = store.status(name);
                if (status.isPresent()
                        && !inUse.contains(name.toString())
                        && (name.toString().startsWith(UNFINISHED)
                                || status.get().modified().isBefore(youngest))) {
                    store.removeTree(name);
                    removed.add(name.toString());
                }
            }
            store.sync();
        }
        return removed;
    }

    private boolean isThere(TreeEntry entry) {
        return Files.exists(directory.resolve(entry.identity()), LinkOption.NOFOLLOW_LINKS);
    }

    private void makeStore() throws IOException {
        if (Files.notExists(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            AtomicFiles.syncDirectory(directory.resolve(".."));
        }
    }

    // Collecting is the only exclusive use and is short; a sharer waits for it.
    private Flock shared() throws IOException {
        while (true) {
            var held = Flock.tryShared(lock);
            if (held.isPresent()) {
                return held.get();
            }
            // Returns when the collector is done; then others may share again.
            Flock.exclusive(lock).close();
        }
    }
}
