package dev.lockstep.runtime.container;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Something mounted into a container. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = MountSpec.Bind.class, name = "bind"),
    @JsonSubTypes.Type(value = MountSpec.Volume.class, name = "volume"),
    @JsonSubTypes.Type(value = MountSpec.Anonymous.class, name = "anonymous"),
    @JsonSubTypes.Type(value = MountSpec.Tmpfs.class, name = "tmpfs"),
    @JsonSubTypes.Type(value = MountSpec.OfImage.class, name = "image"),
    @JsonSubTypes.Type(value = MountSpec.Content.class, name = "content")
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
    record Bind(
            Path source,
            String identity,
            String target,
            boolean readOnly,
            boolean create,
            Optional<Path> base,
            BindOptions options)
            implements MountSpec {
        public Bind {
            // A record of an earlier version has none.
            options = Objects.requireNonNullElse(options, BindOptions.DEFAULT);
            if (base.isPresent() && !source.startsWith(base.get())) {
                throw new IllegalArgumentException(source + " is not below " + base.get());
            }
        }

        /** A path of the host's owner. */
        public Bind(Path source, String identity, String target, boolean readOnly, boolean create) {
            this(source, identity, target, readOnly, create, Optional.empty(), BindOptions.DEFAULT);
        }
    }

    /**
     * How a bind is mounted.
     *
     * @param propagation {@code rprivate}, {@code private}, {@code rshared}, {@code shared}, {@code rslave} or
     *     {@code slave}
     * @param recursion of what is mounted below the source
     * @param selinux {@code z} or {@code Z}: relabel for all containers or for one
     */
    record BindOptions(String propagation, Recursion recursion, Optional<String> selinux) {
        /** Nothing travels; what is mounted below comes along, and is read-only where the bind is. */
        public static final BindOptions DEFAULT = new BindOptions("rprivate", Recursion.ENABLED, Optional.empty());
    }

    /** What becomes of mounts below the source of a bind. */
    enum Recursion {
        /** They come along, read-only where the bind is. */
        ENABLED,
        /** They stay away. */
        DISABLED,
        /** They come along, writable also where the bind is read-only. */
        WRITABLE,
        /** They come along, read-only; the start fails where that cannot be. */
        READONLY
    }

    /**
     * A named volume of this root, which must exist.
     *
     * @param noCopy do not copy the image's content at the target into an empty volume
     * @param subpath a directory or file of the volume, which must exist; links on the way are followed where they are
     *     relative and stay beneath the volume; absent: all
     */
    record Volume(String name, String target, boolean readOnly, boolean noCopy, Optional<String> subpath)
            implements MountSpec {
        /** All of the volume. */
        public Volume(String name, String target, boolean readOnly, boolean noCopy) {
            this(name, target, readOnly, noCopy, Optional.empty());
        }
    }

    /**
     * A volume of the slot without a name; kept when the container is replaced.
     *
     * @param noCopy do not copy the image's content at the target into it
     * @param labels of the volume when it is made; the one that a replaced container had keeps its own
     */
    record Anonymous(String target, boolean readOnly, boolean noCopy, Map<String, String> labels) implements MountSpec {
        public Anonymous {
            // A record of an earlier version has none.
            labels = Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNullElse(labels, Map.of())));
        }

        /** Filled with what the image has there. */
        public Anonymous(String target, boolean readOnly) {
            this(target, readOnly, false, Map.of());
        }
    }

    /**
     * Memory; empty at every start.
     *
     * @param size bytes, absent: half of the memory, as the kernel does
     * @param mode permission bits, absent: those of the directory that it covers, and 1777 where there is none
     * @param options further ones of mount(8) and tmpfs(5), such as {@code exec} or {@code uid=1000}; they count before
     *     {@code noexec}, {@code nosuid} and {@code nodev}, which every one has
     */
    record Tmpfs(String target, Optional<Long> size, Optional<Integer> mode, boolean readOnly, List<String> options)
            implements MountSpec {
        public Tmpfs {
            // A record of an earlier version has none.
            options = List.copyOf(Objects.requireNonNullElse(options, List.of()));
        }

        /** Without further options. */
        public Tmpfs(String target, Optional<Long> size, Optional<Integer> mode, boolean readOnly) {
            this(target, size, mode, readOnly, List.of());
        }
    }

    /**
     * The files of an image, read-only.
     *
     * @param digest the manifest that the reference was resolved to
     * @param subpath a directory or file of the image; absent: all
     */
    record OfImage(ImageReference image, Digest digest, String target, Optional<String> subpath) implements MountSpec {
        /** The same, of another manifest: for when the pull told which one it is. */
        public OfImage withDigest(Digest exact) {
            return new OfImage(image, exact, target, subpath);
        }
    }

    /**
     * A file whose content nobody keeps on a disk: a secret or a config.
     *
     * @param name what it is, for people: {@code secret db_password}
     * @param identity keyed hash of the content, by which {@link Contents} finds it
     * @param uid owner, a number, or a name of the container's passwd
     * @param gid group, the same
     * @param mode permission bits
     */
    record Content(String name, String identity, String target, String uid, String gid, int mode) implements MountSpec {
        /** Whether it is a secret, and no config. */
        @JsonIgnore
        public boolean isSecret() {
            return name.startsWith("secret ");
        }
    }
}
