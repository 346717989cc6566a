package dev.lockstep.runtime.linux;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;

/**
 * A mount that is nowhere yet: made, given its attributes, then attached, so that there is no moment in which it is
 * visible and, say, still writable. Closing it without {@link #attach} undoes everything.
 */
public final class DetachedMount implements AutoCloseable {
    /** What a mount forbids; mount_setattr(2) and statfs(2) have the same bits for it. */
    public enum Attribute {
        READ_ONLY(1, "ro"),
        NO_SUID(2, "nosuid"),
        NO_DEVICES(4, "nodev"),
        NO_EXEC(8, "noexec");

        private final long bit;
        private final String word;

        Attribute(long bit, String word) {
            this.bit = bit;
            this.word = word;
        }

        /** As mount(8) and the OCI Runtime Specification call it. */
        public String word() {
            return word;
        }

        static Set<Attribute> of(long bits) {
            var attributes = EnumSet.allOf(Attribute.class);
            attributes.removeIf(attribute -> (bits & attribute.bit) == 0);
            return attributes;
        }

        static long bits(Collection<Attribute> attributes) {
            return attributes.stream().mapToLong(a -> a.bit).reduce(0, (a, b) -> a | b);
        }
    }

    /** How later mounts below travel between this mount and its peers (mount_namespaces(7)). */
    public enum Propagation {
        PRIVATE(1L << 18),
        SLAVE(1L << 19),
        SHARED(1L << 20);

        private final long bit;

        Propagation(long bit) {
            this.bit = bit;
        }
    }

    private final Fd mount;

    DetachedMount(Fd mount) {
        this.mount = mount;
    }

    /** A bind mount of a file or directory that is open (O_PATH is enough), without what is mounted below it. */
    public static DetachedMount bind(Fd source) throws LinuxException {
        return new DetachedMount(MountCalls.openTree(source, 0));
    }

    /** A bind mount with everything that is mounted below. */
    public static DetachedMount bindRecursively(Fd source) throws LinuxException {
        return new DetachedMount(MountCalls.openTree(source, MountCalls.AT_RECURSIVE));
    }

    /** Forbids more, for this mount and what is mounted below it. */
    public DetachedMount forbid(Collection<Attribute> attributes) throws LinuxException {
        if (!attributes.isEmpty()) {
            MountCalls.setAttributes(mount, Attribute.bits(EnumSet.copyOf(attributes)), 0, 0, MountCalls.AT_RECURSIVE);
        }
        return this;
    }

    /** Sets the propagation of this mount and what is mounted below it. */
    public DetachedMount propagate(Propagation propagation) throws LinuxException {
        MountCalls.setAttributes(mount, 0, 0, propagation.bit, MountCalls.AT_RECURSIVE);
        return this;
    }

    /**
     * Maps the ids of files: what is root's on disk is, through this mount, the root's of the user namespace, and what
     * that root makes is root's on disk. For this mount and what is mounted below it.
     *
     * @param userNamespace open for reading
     * @throws LinuxException with EINVAL where a kernel or a file system of them cannot, EPERM where one is mapped
     *     already
     */
    public DetachedMount mapIds(Fd userNamespace) throws LinuxException {
        MountCalls.mapIds(mount, userNamespace, MountCalls.AT_RECURSIVE);
        return this;
    }

    /** Puts the mount over an open place (O_PATH is enough); from then on it stays after {@link #close}. */
    public void attach(Fd target) throws LinuxException {
        MountCalls.moveMount(mount, target);
    }

    @Override
    public void close() {
        mount.close();
    }
}
