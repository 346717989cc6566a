package dev.lockstep.runtime.oci;

import java.util.regex.Pattern;

/** The two numbers of a Linux release that profiles compare. */
record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    /** Reads {@code 6.1}, {@code 6.1.0-13-amd64}. */
    static KernelVersion parse(String release) {
        var matcher = RELEASE.matcher(release);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a kernel version: " + release);
        }
        return new KernelVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /** The running one. */
    static KernelVersion current() {
        return parse(System.getProperty("os.version"));
    }

    @Override
    public int compareTo(KernelVersion other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }
}
