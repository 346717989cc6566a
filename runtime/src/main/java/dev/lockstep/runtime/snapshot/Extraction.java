package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.copy.TreeCopy;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Copies layers into one plain directory. They are mounted over each other for that, so that the kernel says what hides
 * what; the mount has a place in the file system only until it is open, under a lock, and whoever is killed in between
 * leaves it to the next one.
 */
final class Extraction {
    private static final RawPath HERE = new RawPath(".");

    private final Root root;
    private final Removal removal;

    /** Removes a tree. */
    interface Removal {
        void remove(Path tree) throws IOException;
    }

    Extraction(Root root, Removal removal) {
        this.root = root;
        this.removal = removal;
    }

    void extract(List<Path> layers, Path target) throws IOException {
        checkFree(target);
        var parent = Objects.requireNonNull(target.toAbsolutePath().normalize().getParent(), "below the root");
        if (!Files.isDirectory(parent)) {
            throw new NoSuchFileException(parent.toString(), null, "there is no such directory to unpack into");
        }
        var unfinished = new Unfinished(root, removal);
        unfinished.removeDead();
        var temporary = AtomicFiles.temporaryBeside(target.toAbsolutePath().normalize());
        try (var claim = unfinished.claim(temporary)) {
            try {
                Files.createDirectory(temporary);
                try (var from = look(layers);
                        var to = Directory.open(temporary)) {
                    TreeCopy.copy(from, to);
                    var status = root(layers);
                    to.setOwner(HERE, status.uid(), status.gid());
                    to.setMode(HERE, status.mode());
                    to.setModified(HERE, status.modified());
                    to.syncFileSystem();
                }
                // Over an empty directory rename(2) succeeds, over one that somebody has filled since it does not.
                AtomicFiles.publish(temporary, target.toAbsolutePath().normalize());
            } finally {
                if (Files.exists(temporary, LinkOption.NOFOLLOW_LINKS)) {
                    removal.remove(temporary);
                }
                claim.end();
            }
        }
    }

    /** The root directory as the topmost layer describes it that does; overlayfs shows that of the topmost layer. */
    private static FileStatus root(List<Path> layers) throws IOException {
        for (var layer : layers) {
            var status = status(layer);
            if (!status.modified().equals(Instant.EPOCH)) {
                return status;
            }
        }
        return status(layers.getFirst());
    }

    private static FileStatus status(Path layer) throws IOException {
        try (var directory = Directory.open(layer)) {
            return directory.status(HERE).orElseThrow();
        }
    }

    private static void checkFree(Path target) throws IOException {
        if (Files.notExists(target, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            try (var content = Files.list(target)) {
                if (content.findAny().isEmpty()) {
                    return;
                }
            }
        }
        throw new FileAlreadyExistsException(target.toString(), null, "it must not exist, or be an empty directory");
    }

    /** The layers as one tree; closing it takes the mount away. */
    Directory look(List<Path> layers) throws IOException {
        try (var _ = Flock.exclusive(root.lock("look"))) {
            var place = Root.directory(root.run().resolve("look"));
            var nothing = Root.directory(root.run().resolve("look-nothing"));
            Mounts.unmount(place);
            // A layer alone would be a bind mount, and its whiteouts would show.
            var all = new ArrayList<>(layers);
            all.add(nothing);
            Mounts.overlay(all, Optional.empty(), place);
            try {
                return Directory.open(place);
            } finally {
                Mounts.unmount(place);
            }
        }
    }
}
