package dev.lockstep.runtime.oci;

import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Device nodes of the host, as containers get them. */
public final class HostDevices {
    private static final Path DEV = Path.of("/dev");

    /**
     * Directories of /dev that are no devices, and the console, which every container has its own of (moby, devices).
     */
    private static final Set<String> PASSED_OVER =
            Set.of("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console");

    private HostDevices() {}

    /**
     * One device node in a container.
     *
     * @param path in the container
     * @param mode permission bits
     */
    public record Node(String path, FileStatus.Type type, DeviceNumber number, int mode, int uid, int gid) {
        /** {@code c} or {@code b}, as rules have it. */
        public String letter() {
            return type == FileStatus.Type.BLOCK_DEVICE ? "b" : "c";
        }
    }

    /**
     * The device at a path of the host, or all devices below a directory. Links are followed at the path itself alone.
     *
     * @throws IllegalArgumentException with a sentence, when there is no device
     */
    public static List<Node> at(Path source, String target) throws IOException {
        Path real;
        try {
            real = source.toRealPath();
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("the host has no device " + source, e);
        }
        var found = new ArrayList<Node>();
        if (Files.isDirectory(real)) {
            below(real, target, found);
        } else {
            status(real).filter(HostDevices::isDevice).ifPresent(status -> found.add(node(target, status)));
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException(source + " is neither a device nor a directory with devices");
        }
        return List.copyOf(found);
    }

    /** Every device of the host, for containers from which nothing is kept. */
    public static List<Node> all() throws IOException {
        var found = new ArrayList<Node>();
        below(DEV, DEV.toString(), found);
        return List.copyOf(found);
    }

    /**
     * The number of a block device.
     *
     * @throws IllegalArgumentException with a sentence, when there is none
     */
    public static DeviceNumber blockDevice(Path path) {
        try {
            return status(path.toRealPath())
                    .filter(status -> status.type() == FileStatus.Type.BLOCK_DEVICE)
                    .map(FileStatus::device)
                    .orElseThrow(() -> new IllegalArgumentException(path + " is no block device"));
        } catch (IOException e) {
            throw new IllegalArgumentException("the host has no block device " + path, e);
        }
    }

    private static void below(Path directory, String target, List<Node> found) throws IOException {
        var names = new ArrayList<String>();
        try (var entries = Files.list(directory)) {
            entries.map(entry -> entry.getFileName().toString()).forEach(names::add);
        }
        names.sort(Comparator.naturalOrder());
        for (var name : names) {
            var path = directory.resolve(name);
            var status = status(path);
            if (status.isEmpty() || PASSED_OVER.contains(name)) {
                continue;
            }
            if (status.get().isDirectory()) {
                below(path, target + "/" + name, found);
            } else if (isDevice(status.get())) {
                found.add(node(target + "/" + name, status.get()));
            }
        }
    }

    private static boolean isDevice(FileStatus status) {
        return status.type() == FileStatus.Type.CHARACTER_DEVICE || status.type() == FileStatus.Type.BLOCK_DEVICE;
    }

    private static Node node(String target, FileStatus status) {
        return new Node(target, status.type(), status.device(), status.mode(), status.uid(), status.gid());
    }

    private static Optional<FileStatus> status(Path path) throws IOException {
        try (var parent = Directory.open(Objects.requireNonNullElse(path.getParent(), path))) {
            return parent.status(RawPath.of(path.getFileName().toString()));
        }
    }
}
