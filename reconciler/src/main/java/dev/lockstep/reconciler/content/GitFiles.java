package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * Files of a commit that go to disk: what is refused, and how one is written so that it is whole. By descriptor and
 * name, so that neither a link nor the process's locale has a say.
 */
final class GitFiles {
    // https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    private static final byte[] LFS = "version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.US_ASCII);
    private static final int LFS_SIZE = 1024;

    private GitFiles() {}

    /**
     * The files and links at or below a mounted entry, looked through: no submodule, no pointer of Git LFS, no link out
     * of the mounted directory, not too large.
     */
    static List<TreeEntry> below(CommitTree tree, TreeEntry mounted) throws GitException {
        var entries = mounted.isDirectory() ? tree.walk(mounted) : List.of(mounted);
        var limits = tree.limits();
        var sum = 0L;
        for (var entry : entries) {
            switch (entry.mode()) {
                case GITLINK, DIRECTORY ->
                    throw tree.refused(entry.path() + " is a submodule; its files are not part of this repository");
                case SYMLINK -> checkLink(tree, mounted, entry);
                case FILE, EXECUTABLE -> {
                    var size = tree.size(entry);
                    sum += size;
                    if (size > limits.mountedFile()) {
                        throw tree.refused(entry.path() + " has " + size + " bytes; a mounted file has at most "
                                + limits.mountedFile());
                    }
                    if (size <= LFS_SIZE) {
                        checkPointer(tree, entry);
                    }
                }
            }
            if (sum > limits.mountedTree()) {
                throw tree.refused((mounted.path().isEmpty() ? "the repository" : mounted.path())
                        + " has more than the " + limits.mountedTree() + " bytes that one mount may have");
            }
        }
        return entries;
    }

    private static void checkLink(CommitTree tree, TreeEntry mounted, TreeEntry link) throws GitException {
        var target = tree.linkTarget(link);
        var resolved = RepositoryPath.resolve(RepositoryPath.parent(link.path()), target);
        if (resolved.isEmpty() || !RepositoryPath.isWithin(resolved.get(), mounted.path())) {
            throw tree.refused(link.path() + " is a symbolic link to " + target + ", outside of what is mounted ("
                    + (mounted.path().isEmpty() ? "." : mounted.path())
                    + "); a container would find something else there");
        }
    }

    private static void checkPointer(CommitTree tree, TreeEntry entry) throws GitException {
        var bytes = new ByteArrayOutputStream();
        try {
            tree.copyTo(entry, bytes);
        } catch (GitException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("a byte array cannot fail", e);
        }
        var content = bytes.toByteArray();
        if (content.length >= LFS.length && Arrays.mismatch(content, 0, LFS.length, LFS, 0, LFS.length) < 0) {
            throw tree.refused(entry.path() + " is a pointer of Git LFS, not the file; store the file itself in Git");
        }
    }

    /** Makes a new file or link with exactly Git's mode, synced. The name must be free. */
    static void write(CommitTree tree, TreeEntry entry, Directory directory, RawPath name) throws IOException {
        if (entry.mode() == TreeEntry.Mode.SYMLINK) {
            directory.makeSymlink(RawPath.of(tree.linkTarget(entry)), name);
            return;
        }
        try (var file = directory.createFile(name)) {
            tree.copyTo(entry, file.outputStream());
            directory.setMode(name, entry.mode() == TreeEntry.Mode.EXECUTABLE ? 0755 : 0644);
            sync(file);
        }
    }

    private static void sync(Fd file) throws IOException {
        // A second descriptor of the same file; fsync(2) is about the file, not the descriptor.
        try (var channel = FileChannel.open(file.procPath(), StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
