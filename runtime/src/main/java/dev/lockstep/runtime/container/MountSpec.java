package dev.lockstep.runtime.container;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.nio.file.Path;
import java.util.Optional;

/** Something mounted into a container. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = MountSpec.Bind.class, name = "bind"),
    @JsonSubTypes.Type(value = MountSpec.Volume.class, name = "volume"),
    @JsonSubTypes.Type(value = MountSpec.Anonymous.class, name = "anonymous"),
    @JsonSubTypes.Type(value = MountSpec.Tmpfs.class, name = "tmpfs")
})
public sealed interface MountSpec {
    /** Absolute path inside the container. */
    String target();

    /**
     * A file or directory of the host.
     *
     * @param source absolute path on the host
     * @param identity what the source <em>is</em>, for comparing: (stack, path) with mode and object id where it is
     *     content, the path where it is the host's. Two binds with equal identity are the same, wherever we keep it
     * @param create make a missing source as a directory of root, 0755
     * @param base directory above the source below which containers write: a link that one put on the way there is not
     *     followed. Absent: the path is the host owner's, and means what it means
     */
    record Bind(Path source, String identity, String target, boolean readOnly, boolean create, Optional<Path> base)
            implements MountSpec {
        public Bind {
            if (base.isPresent() && !source.startsWith(base.get())) {
                throw new IllegalArgumentException(source + " is not below " + base.get());
            }
        }

        /** A path of the host's owner. */
        public Bind(Path source, String identity, String target, boolean readOnly, boolean create) {
            this(source, identity, target, readOnly, create, Optional.empty());
        }
    }

    /**
     * A named volume of this root, which must exist.
     *
     * @param noCopy do not copy the image's content at the target into an empty volume
     */
    record Volume(String name, String target, boolean readOnly, boolean noCopy) implements MountSpec {}

    /** A volume of the slot without a name; kept when the container is replaced. */
    record Anonymous(String target, boolean readOnly) implements MountSpec {}

    /**
     * Memory; empty at every start.
     *
     * @param size bytes, absent: half of the memory, as the kernel does
     * @param mode permission bits, absent: 1777
     */
    record Tmpfs(String target, Optional<Long> size, Optional<Integer> mode, boolean readOnly) implements MountSpec {}
}
