package dev.lockstep.runtime.copy;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.FileUser;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.IdRange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** {@code docker cp}: what of a source goes where in a target (docs.docker.com/reference/cli/docker/container/cp). */
public final class Copying {
    private static final int PIPE = 1 << 20;

    private Copying() {}

    /**
     * A path in a tree.
     *
     * @param root what {@code /} means; open as long as this is used
     * @param path absolute, as a person wrote it: {@code /.} and {@code /} at its end mean something
     * @param what the tree is called in messages: {@code in container shop-web-1}
     * @param ids of this host that stand for those of the tree, where it is that of users of its own
     * @param mounts what of that which is mounted below the path belongs to the tree and is copied with it, by the
     *     numbers of {@link dev.lockstep.runtime.linux.MountTable#mountedAt}; of the rest there is an empty directory.
     *     Absent: everything
     */
    public record End(Directory root, String path, String what, Optional<IdRange> ids, Optional<Set<Long>> mounts) {
        public End {
            mounts = mounts.map(Set::copyOf);
        }

        /** In a tree whose ids are this host's, all of it. */
        public End(Directory root, String path, String what) {
            this(root, path, what, Optional.empty(), Optional.empty());
        }

        /** What is in the directory, and not the directory itself. */
        private boolean isContent() {
            return path.equals("/") || path.endsWith("/.");
        }

        private boolean isDirectory() {
            return isContent() || path.endsWith("/");
        }

        /** What the copy is called in a directory. */
        private RawPath name() {
            var text = path.replaceFirst("/+$", "");
            return isContent() ? Place.HERE : RawPath.of(text.substring(text.lastIndexOf('/') + 1));
        }

        private IOException missing() {
            return new IOException("Could not find the file " + path + " " + what);
        }
    }

    /**
     * Copies from one tree into another.
     *
     * @param follow whether a source that is a link stands for what it leads to
     * @return what was left out, a sentence each
     * @throws IOException with a sentence when the source is not there or does not fit the target
     */
    public static List<String> copy(End from, End to, boolean follow, Keep keep) throws IOException {
        try (var source = Place.find(from.root(), from.path(), follow).orElseThrow(from::missing)) {
            if (source.status().isEmpty()) {
                throw from.missing();
            }
            var directory = source.isDirectory();
            if (!directory && from.isDirectory()) {
                throw new IOException(from.path() + " " + from.what() + " is not a directory");
            }
            var found = Place.find(to.root(), to.path().replaceFirst("(?<=[^/])/+$", ""), true);
            if (found.isEmpty()) {
                var above = to.path().replaceFirst("/+[^/]*/*$", "");
                throw new IOException("Could not find the file " + (above.isEmpty() ? "/" : above) + " " + to.what());
            }
            try (var target = found.get()) {
                return copy(from, source, to, target, keep);
            }
        }
    }

    private static List<String> copy(End from, Place source, End to, Place target, Keep keep) throws IOException {
        var directory = source.isDirectory();
        if (target.isDirectory()) {
            try (var into = target.open()) {
                return stream(from, source, from.name(), to, into, keep);
            }
        }
        if (target.status().isPresent() && directory) {
            throw new IOException("cannot copy a directory to " + to.path() + " " + to.what() + ", which is a file");
        }
        if (target.status().filter(status -> isDevice(status.type())).isPresent()) {
            // It would be replaced by a file: the whole host would miss /dev/null.
            throw new IOException("cannot copy to " + to.path() + " " + to.what() + ", which is a device; '-' in its"
                    + " place is an archive on standard output");
        }
        if (target.status().isEmpty() && !directory && to.path().endsWith("/")) {
            throw new IOException("no such directory: " + to.path() + " " + to.what());
        }
        return stream(from, source, target.name(), to, target.directory(), keep);
    }

    private static boolean isDevice(FileStatus.Type type) {
        return type == FileStatus.Type.CHARACTER_DEVICE || type == FileStatus.Type.BLOCK_DEVICE;
    }

    /** Through an archive: the one that is written to standard output and read from standard input is no other. */
    private static List<String> stream(End from, Place source, RawPath name, End to, Directory into, Keep keep)
            throws IOException {
        var failure = new AtomicReference<Optional<IOException>>(Optional.empty());
        var notWritten = new AtomicReference<List<String>>(List.of());
        var in = new PipedInputStream(PIPE);
        var out = new PipedOutputStream(in);
        var writer = Thread.ofPlatform().daemon().name("copy").start(() -> {
            try (out) {
                notWritten.set(TreeArchive.write(source, name, true, from.ids(), from.mounts(), out));
            } catch (IOException e) {
                failure.set(Optional.of(e));
            }
        });
        List<String> left;
        try {
            left = extract(in, to, into, keep);
            in.transferTo(OutputStream.nullOutputStream()); // what pads the archive's end
        } finally {
            in.close(); // where we have failed the other side stops, too
            await(writer);
        }
        if (failure.get().isPresent()) {
            throw failure.get().get(); // what could not be read counts as well as what could not be written
        }
        return Stream.concat(notWritten.get().stream(), left.stream()).toList();
    }

    /** Whatever happens: it reads from descriptors that are about to be closed. */
    private static void await(Thread writer) {
        var interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> extract(InputStream archive, End to, Directory into, Keep keep) throws IOException {
        var extraction = new TreeExtraction(into, keep, to.ids());
        return to.ids().isPresent()
                ? FileUser.run(to.ids().get().outside(0), () -> extraction.extract(archive))
                : extraction.extract(archive);
    }

    /** Writes what a path has as an archive. */
    public static void archive(End from, boolean follow, OutputStream out) throws IOException {
        try (var source = Place.find(from.root(), from.path(), follow).orElseThrow(from::missing)) {
            if (source.status().isEmpty()) {
                throw from.missing();
            }
            TreeArchive.write(source, from.name(), false, from.ids(), from.mounts(), out);
            out.flush();
        }
    }

    /**
     * Writes everything below a root and what the root itself is, for {@link #fill}: with the holes of its files as
     * holes, as {@code tar --sparse} does.
     *
     * @return what was left out, a sentence each
     */
    public static List<String> archiveWhole(Directory root, OutputStream out) throws IOException {
        try (var top = Place.find(root, "/", false).orElseThrow()) {
            return TreeArchive.write(top, Place.HERE, true, Optional.empty(), Optional.empty(), out);
        }
    }

    /**
     * Writes everything below a root as it is, the way {@code docker export} does: {@code bin/}, not {@code ./bin/}.
     */
    public static void archiveContent(Directory root, OutputStream out) throws IOException {
        TreeArchive.writeContent(root, out);
        out.flush();
    }

    /** Fills an empty directory from an archive of a whole one, and gives it what the archive says of itself. */
    public static List<String> fill(InputStream archive, Directory target) throws IOException {
        return new TreeExtraction(target, new Keep(true, true), Optional.empty(), true).extract(archive);
    }

    /** Extracts an archive into a directory that exists. */
    public static List<String> extract(InputStream archive, End to, Keep keep) throws IOException {
        try (var target = Place.find(to.root(), to.path(), true).orElseThrow(to::missing)) {
            if (!target.isDirectory()) {
                throw new IOException("destination " + to.path() + " " + to.what() + " must be a directory");
            }
            try (var into = target.open()) {
                return extract(archive, to, into, keep);
            }
        }
    }
}
