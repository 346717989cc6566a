package dev.lockstep.runtime.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Capabilities of containers (capabilities(7)). */
public final class Capabilities {
    /** What Docker gives every container: mask {@code a80425fb}. */
    public static final List<String> DEFAULT = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FSETID",
            "CAP_FOWNER",
            "CAP_MKNOD",
            "CAP_NET_RAW",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETFCAP",
            "CAP_SETPCAP",
            "CAP_NET_BIND_SERVICE",
            "CAP_SYS_CHROOT",
            "CAP_KILL",
            "CAP_AUDIT_WRITE");

    /** In the order of their numbers (linux/capability.h). */
    private static final List<String> NUMBERED = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_BROADCAST",
            "CAP_NET_ADMIN",
            "CAP_NET_RAW",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_SYS_MODULE",
            "CAP_SYS_RAWIO",
            "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE",
            "CAP_SYS_PACCT",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE",
            "CAP_SYS_TIME",
            "CAP_SYS_TTY_CONFIG",
            "CAP_MKNOD",
            "CAP_LEASE",
            "CAP_AUDIT_WRITE",
            "CAP_AUDIT_CONTROL",
            "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE",
            "CAP_MAC_ADMIN",
            "CAP_SYSLOG",
            "CAP_WAKE_ALARM",
            "CAP_BLOCK_SUSPEND",
            "CAP_AUDIT_READ",
            "CAP_PERFMON",
            "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE");

    private static final Path STATUS = Path.of("/proc/self/status");

    private static final String BOUNDING = "CapBnd:";

    /** Stands for every one. */
    public static final String ALL = "ALL";

    private Capabilities() {}

    /**
     * Every one that this process could pass on: those of the kernel, or fewer where we are in a container ourselves.
     * Of a newer kernel those that we know by name.
     */
    public static List<String> ofHost() throws IOException {
        var mask = Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1).stream()
                .filter(line -> line.startsWith(BOUNDING))
                .map(line ->
                        Long.parseUnsignedLong(line.substring(BOUNDING.length()).strip(), 16))
                .findFirst()
                .orElseThrow(() -> new IOException(STATUS + " says nothing of capabilities"));
        return IntStream.range(0, NUMBERED.size())
                .filter(number -> (mask >>> number & 1) == 1)
                .mapToObj(NUMBERED::get)
                .toList();
    }

    /**
     * The default ones with some more and some less, as Docker reckons (moby, oci/caps): {@code ALL} in {@code add}
     * begins with every one, {@code ALL} in {@code drop} with none, and what is added by name counts before what is
     * dropped.
     *
     * @param host every one that there is
     * @throws IllegalArgumentException for one that there is not
     */
    public static List<String> of(List<String> add, List<String> drop, List<String> host) {
        Stream.concat(add.stream(), drop.stream())
                .filter(name -> !name.equals(ALL) && !host.contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("this host has no capability " + name);
                });
        if (add.contains(ALL)) {
            return host.stream().filter(name -> !drop.contains(name)).toList();
        }
        var kept = drop.contains(ALL)
                ? List.<String>of()
                : DEFAULT.stream().filter(name -> !drop.contains(name)).toList();
        return Stream.concat(kept.stream(), add.stream()).distinct().toList();
    }
}
