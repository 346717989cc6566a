package dev.lockstep.spec.policy;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a policy speaks about. The order is that of the documentation. */
public enum Subject {
    /** Nothing is kept from the container: {@code privileged}, also of a hook. */
    PRIVILEGED("privileged", true),
    /** Namespaces of the host that a container shares, namespaces(7). */
    HOST_NAMESPACES("host-namespaces", true),
    /** Rights besides those that every container has. */
    CAPABILITIES("capabilities", true),
    /** Files and directories of the host. */
    BIND_SOURCES("bind-sources", true),
    /** Sockets of the host, such as an engine's: whoever has one commands who listens there. */
    SOCKETS("sockets", true),
    /** Device files, CDI devices and rules of the device cgroup. */
    DEVICES("devices", true),
    /** File systems that volumes mount. */
    VOLUME_TYPES("volume-types", true),
    /** Values of {@code security_opt} that take a wall away. */
    SECURITY_OPTIONS("security-options", true),
    /** Programs that start containers: they run as root on the host. */
    RUNTIMES("runtimes", true),
    /** Words for these programs; some of them name files that are opened as root. */
    ANNOTATIONS("annotations", true),
    /** Containers, volumes and networks that are not the stack's own, and images that other repositories build. */
    EXTERNAL("external", true),
    /** Links of the host that macvlan and ipvlan networks stand on. */
    NETWORK_PARENTS("network-parents", true),
    /** What takes processors or memory away from the host itself. */
    HOST_RESOURCES("host-resources", true),
    /** The most processes and threads that one container may have; also the number of who asks for none. */
    PIDS("pids-limit", false),
    /** Settings of the container's own namespaces: no container can set others. */
    SYSCTLS("sysctls", false),
    /** Addresses of the host at which ports are published. */
    PUBLISHED_ADDRESSES("published-addresses", false);

    private final String key;
    private final boolean closed;

    Subject(String key, boolean closed) {
        this.key = key;
        this.closed = closed;
    }

    /** As policies write it. */
    public String key() {
        return key;
    }

    /** Whether a host that says nothing allows nothing. */
    public boolean isClosed() {
        return closed;
    }

    /** The keys of all subjects, with blanks between. */
    public static String keys() {
        return Arrays.stream(values()).map(Subject::key).collect(Collectors.joining(" "));
    }
}
