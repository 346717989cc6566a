package dev.lockstep.spec.model;

/**
 * One line for a container's {@code /etc/hosts}.
 *
 * @param address an IP address without brackets, or {@code host-gateway}
 */
public record ExtraHost(String name, String address) {
    public ExtraHost {
        if (name.isEmpty() || name.indexOf(':') >= 0 || name.indexOf('=') >= 0) {
            throw new IllegalArgumentException("\"" + name + "\" is no host name. Write NAME=ADDRESS");
        }
    }

    /** {@code NAME=ADDRESS}. */
    @Override
    public String toString() {
        return name + "=" + address;
    }
}
