package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;

/** Gives files of the host to containers, by the SELinux context that they may use. */
final class Relabelling {
    private static final String ATTRIBUTE = "security.selinux";

    /** What a host lives in: with another context nobody logs in any more (opencontainers/selinux, excludePaths). */
    private static final Set<String> THE_HOSTS = Set.of(
            "/",
            "/bin",
            "/boot",
            "/dev",
            "/etc",
            "/home",
            "/lib",
            "/lib64",
            "/media",
            "/opt",
            "/proc",
            "/root",
            "/run",
            "/sbin",
            "/srv",
            "/sys",
            "/tmp",
            "/usr",
            "/var",
            "/var/lib",
            "/var/log");

    private final byte[] label;

    private Relabelling(String label) {
        this.label = (label + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Relabels a file, or a directory with all that is in it; links are not followed, and nothing is where the file
     * system has no labels.
     *
     * @throws IllegalArgumentException with a sentence, for a directory that the host itself lives in
     */
    static void relabel(Path tree, String label) throws IOException {
        if (THE_HOSTS.contains(tree.toString())) {
            throw new IllegalArgumentException(
                    tree + " is the host's own and is not relabelled; mount a directory below"
                            + " it, or leave selinux out");
        }
        try (var above = Directory.open(Objects.requireNonNull(tree.getParent()))) {
            new Relabelling(label).tree(above, RawPath.of(String.valueOf(tree.getFileName())));
        }
    }

    private void tree(Directory above, RawPath name) throws IOException {
        var status = above.status(name);
        if (status.isEmpty()) {
            return;
        }
        set(above, name);
        if (status.get().isDirectory()) {
            try (var directory = above.directory(name)) {
                for (var child : directory.list()) {
                    tree(directory, child);
                }
            }
        }
    }

    private void set(Directory above, RawPath name) throws LinuxException {
        try {
            if (!Arrays.equals(above.attributes(name).get(ATTRIBUTE), label)) {
                above.setAttribute(name, ATTRIBUTE, label);
            }
        } catch (LinuxException e) {
            // As Docker does: some file systems have none, and say so.
            if (e.errno() != Errno.EOPNOTSUPP && !e.isGone()) {
                throw e;
            }
        }
    }
}
