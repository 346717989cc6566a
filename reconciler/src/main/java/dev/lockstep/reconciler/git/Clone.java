package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.RepositoryCache;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.util.FS;
import org.jspecify.annotations.Nullable;

/**
 * The bare clone on disk. Only who holds the clone's lock writes into it, so every lock file and unfinished pack that
 * the holder finds was left by a process that died.
 */
final class Clone {
    private final Path directory;

    Clone(Path directory) {
        this.directory = directory;
    }

    boolean exists() {
        return Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
    }

    /** Opens for reading; no lock needed. The caller closes it. */
    Repository open() throws IOException {
        QuietSystemReader.install();
        if (!Files.isRegularFile(directory.resolve(Constants.HEAD))) {
            // JGit does not mind; what else is missing then nobody knows.
            throw new NoSuchFileException(directory.resolve(Constants.HEAD).toString());
        }
        return new FileRepositoryBuilder()
                .setGitDir(directory.toFile())
                .setFS(FS.DETECTED)
                .setBare()
                .setMustExist(true)
                .build();
    }

    /** Makes an empty bare repository where there is none. Under the lock. */
    void create() throws IOException {
        QuietSystemReader.install();
        var temporary = directory.resolveSibling("." + directory.getFileName() + ".new");
        delete(temporary);
        Files.createDirectory(
                temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (var repository = new FileRepository(temporary.toFile())) {
            repository.create(true);
            var config = repository.getConfig();
            // Objects are on disk before a ref names them: a power cut leaves the old state, not a damaged one.
            config.setString("core", null, "fsync", "all");
            config.setBoolean("core", null, "fsyncObjectFiles", true);
            config.setBoolean("core", null, "fsyncRefFiles", true);
            // Under our lock, and not in a thread that nobody waits for.
            config.setBoolean("gc", null, "autoDetach", false);
            config.setString("protocol", null, "version", "2");
            config.save();
        }
        Files.move(temporary, directory);
    }

    /**
     * Gives it anew what is the same in every clone and what it cannot be opened without, so that all else that a
     * damaged one still has can be read: which refs it follows, and what it keeps. Under the lock.
     */
    void restoreFrame() throws IOException {
        var fresh = fresh();
        for (var name : List.of(Constants.HEAD, Constants.CONFIG)) {
            delete(directory.resolve(name));
            Files.copy(fresh.directory.resolve(name), directory.resolve(name));
        }
        delete(fresh.directory);
    }

    /** A new empty clone beside this one, to take its place when it is complete. Under the lock. */
    Clone fresh() throws IOException {
        var fresh = new Clone(directory.resolveSibling(directory.getFileName() + ".fresh"));
        delete(fresh.directory);
        fresh.create();
        return fresh;
    }

    /**
     * Moves the fresh clone to the place of this damaged one, in one step, and this one aside (the one moved before it
     * goes). Under the lock.
     */
    void replaceBy(Clone fresh) throws IOException {
        var aside = directory.resolveSibling(directory.getFileName() + ".damaged");
        delete(aside);
        try (var parent = Directory.open(directory.resolveSibling("."))) {
            parent.exchange(name(fresh.directory), parent, name(directory));
        }
        Files.move(fresh.directory, aside);
        AtomicFiles.syncDirectory(directory.resolveSibling("."));
        RepositoryCache.clear();
    }

    /**
     * Removes what killed processes left: lock files beside refs and configuration, unfinished packs and objects.
     * Returns a sentence for each kind. Under the lock.
     */
    List<String> removeLeftovers() throws IOException {
        var removed = new ArrayList<Path>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (isLeftover(file)) {
                    Files.delete(file);
                    removed.add(directory.relativize(file));
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return removed.isEmpty()
                ? List.of()
                : List.of(
                        "removed " + removed.size() + " file(s) that an interrupted fetch left: " + removed.getFirst());
    }

    private boolean isLeftover(Path file) {
        var name = file.getFileName().toString();
        var inObjects = file.startsWith(directory.resolve(Constants.OBJECTS));
        return name.endsWith(".lock")
                || (inObjects
                        && (name.startsWith("tmp_")
                                || name.startsWith("incoming_")
                                || name.startsWith("incoming-")
                                || name.startsWith("noz")
                                || name.startsWith(".tmp")
                                || name.endsWith(".tmp")
                                || name.endsWith(".temp")));
    }

    private static RawPath name(Path path) {
        return RawPath.of(path.getFileName().toString());
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
