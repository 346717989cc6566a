package dev.lockstep.spec.model;

import java.util.Optional;

/** Something mounted into a service's containers. */
public sealed interface Mount {
    /** Where it appears in the container, a cleaned absolute path. */
    String target();

    boolean readOnly();

    /**
     * A file or directory of the host.
     *
     * @param source absolute, or relative to the project directory; cleaned ({@code ./data} is {@code data}), and may
     *     begin with {@code ../}
     * @param createHostPath make a directory when the source does not exist
     * @param propagation of mounts below, such as {@code rslave}
     * @param selinux {@code z} or {@code Z}: relabel for one or for all containers
     */
    record Bind(
            String source,
            String target,
            boolean readOnly,
            boolean createHostPath,
            Optional<String> propagation,
            Optional<String> selinux)
            implements Mount {
        /** Without propagation and relabelling. */
        public Bind(String source, String target, boolean readOnly, boolean createHostPath) {
            this(source, target, readOnly, createHostPath, Optional.empty(), Optional.empty());
        }
    }

    /**
     * A volume of the project.
     *
     * @param key its key below the top-level {@code volumes}
     * @param noCopy do not fill a new volume with what the image has at the target
     */
    record NamedVolume(String key, String target, boolean readOnly, boolean noCopy) implements Mount {}

    /** A volume without a name, one for each container. */
    record AnonymousVolume(String target, boolean readOnly, boolean noCopy) implements Mount {}

    /**
     * Memory.
     *
     * @param mode permission bits of its root directory
     */
    record Tmpfs(String target, boolean readOnly, Optional<ByteSize> size, Optional<Integer> mode) implements Mount {}
}
