package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/** Something mounted into a service's containers. */
public sealed interface Mount {
    /** Where it appears in the container, a cleaned path. */
    String target();

    boolean readOnly();

    /** The word for its kind in {@code volumes}. */
    String type();

    /** What is mounted, as {@code source} names it; empty for what has no name. */
    Optional<String> from();

    /** What the file says beyond source and target. */
    MountOptions options();

    /**
     * A file or directory of the host.
     *
     * @param source absolute, or relative to the project directory; cleaned ({@code ./data} is {@code data}), and may
     *     begin with {@code ../}
     */
    record Bind(String source, String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "bind";
        }

        @Override
        public Optional<String> from() {
            return Optional.of(source);
        }

        /** As the short form makes it: without propagation and relabelling. */
        public Bind(String source, String target, boolean readOnly, boolean createHostPath) {
            this(source, target, readOnly, MountOptions.bind(createHostPath));
        }

        /** Whether a directory is made when the source does not exist. */
        public boolean createHostPath() {
            return options.bind().map(MountOptions.Bind::createHostPath).orElse(true);
        }

        /** Of mounts below; {@link Propagation#RPRIVATE} when empty. */
        public Optional<Propagation> propagation() {
            return options.bind().flatMap(MountOptions.Bind::propagation).flatMap(Written::value);
        }

        /** {@code z} or {@code Z}: relabel for all containers or for one. */
        public Optional<String> selinux() {
            return options.bind().flatMap(MountOptions.Bind::selinux);
        }
    }

    /**
     * A volume of the project.
     *
     * @param key its key below the top-level {@code volumes}
     */
    record NamedVolume(String key, String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "volume";
        }

        @Override
        public Optional<String> from() {
            return Optional.of(key);
        }

        /** Do not fill a new volume with what the image has at the target. */
        public boolean noCopy() {
            return options.volume().filter(MountOptions.Volume::noCopy).isPresent();
        }

        /** The directory of the volume that is mounted; its root when empty. */
        public Optional<String> subpath() {
            return options.volume().flatMap(MountOptions.Volume::subpath);
        }
    }

    /** A volume without a name, one for each container. */
    record AnonymousVolume(String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "volume";
        }

        @Override
        public Optional<String> from() {
            return Optional.empty();
        }

        /** What the volume is labelled when it is made. */
        public Map<String, String> labels() {
            return options.volume().map(MountOptions.Volume::labels).orElse(Map.of());
        }

        /** Do not fill it with what the image has at the target. */
        public boolean noCopy() {
            return options.volume().filter(MountOptions.Volume::noCopy).isPresent();
        }
    }

    /** Memory. */
    record Tmpfs(String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "tmpfs";
        }

        @Override
        public Optional<String> from() {
            return Optional.empty();
        }

        /** The most that it may hold; half of the host's memory when empty, tmpfs(5). */
        public Optional<ByteSize> size() {
            return options.tmpfs().flatMap(MountOptions.Tmpfs::size);
        }

        /** Of its root directory. */
        public Optional<FileMode> mode() {
            return options.tmpfs().flatMap(MountOptions.Tmpfs::mode);
        }
    }

    /**
     * The files of an image.
     *
     * @param image as written
     */
    record Image(String image, String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "image";
        }

        @Override
        public Optional<String> from() {
            return Optional.of(image);
        }

        /** The directory of the image that is mounted; its root when empty. */
        public Optional<String> subpath() {
            return options.image().flatMap(MountOptions.Image::subpath);
        }
    }

    /** A named pipe of Windows. */
    record NamedPipe(String source, String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "npipe";
        }

        @Override
        public Optional<String> from() {
            return Optional.of(source);
        }
    }

    /** A volume that a cluster provides. */
    record ClusterVolume(String source, String target, boolean readOnly, MountOptions options) implements Mount {
        @Override
        public String type() {
            return "cluster";
        }

        @Override
        public Optional<String> from() {
            return Optional.of(source);
        }
    }
}
