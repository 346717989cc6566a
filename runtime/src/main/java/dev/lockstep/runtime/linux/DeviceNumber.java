package dev.lockstep.runtime.linux;

/** What a device node stands for (makedev(3)). */
public record DeviceNumber(int major, int minor) {
    public static final DeviceNumber NONE = new DeviceNumber(0, 0);

    public DeviceNumber {
        if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
            throw new IllegalArgumentException("no device number: " + major + ":" + minor);
        }
    }

    /** As glibc's {@code dev_t}. */
    long encoded() {
        return ((major & 0xfffL) << 8) | (minor & 0xff) | ((minor & ~0xffL) << 12);
    }

    /** {@code major:minor}, as cgroup files have it. */
    @Override
    public String toString() {
        return major + ":" + minor;
    }
}
