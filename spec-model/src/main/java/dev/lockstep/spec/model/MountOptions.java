package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * What a mount says beyond source and target. Compose takes every block with every type; only that of the type has an
 * effect.
 *
 * @param consistency for file systems that are shared with a virtual machine
 */
public record MountOptions(
        Optional<String> consistency,
        Optional<Bind> bind,
        Optional<Volume> volume,
        Optional<Tmpfs> tmpfs,
        Optional<Image> image) {
    /** Nothing. */
    public static final MountOptions NONE =
            new MountOptions(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * Of a path of the host.
     *
     * @param selinux {@code z} or {@code Z}
     * @param propagation of mounts below
     * @param createHostPath make a directory when the source does not exist
     * @param recursive whether what is mounted below the source comes along: {@code enabled}, {@code disabled},
     *     {@code writable} or {@code readonly}
     */
    public record Bind(
            Optional<String> selinux,
            Optional<Written<Propagation>> propagation,
            boolean createHostPath,
            Optional<String> recursive) {}

    /**
     * Of a volume.
     *
     * @param labels of the volume, where the mount makes it
     * @param noCopy do not fill a new volume with what the image has at the target
     * @param subpath the directory of the volume that is mounted
     */
    public record Volume(Map<String, String> labels, boolean noCopy, Optional<String> subpath) {
        public Volume {
            labels = Copies.ordered(labels);
        }
    }

    /** Of memory. */
    public record Tmpfs(Optional<ByteSize> size, Optional<FileMode> mode) {}

    /**
     * Of an image.
     *
     * @param subpath the directory of the image that is mounted
     */
    public record Image(Optional<String> subpath) {}

    /** What the short form of a bind mount means. */
    public static MountOptions bind(boolean createHostPath) {
        return new MountOptions(
                Optional.empty(),
                Optional.of(new Bind(Optional.empty(), Optional.empty(), createHostPath, Optional.empty())),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
