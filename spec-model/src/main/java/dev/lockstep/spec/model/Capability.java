package dev.lockstep.spec.model;

import java.util.Locale;
import java.util.Set;

/**
 * A right of the kernel that a process can have without being root, capabilities(7).
 *
 * @param name as the kernel writes it without {@code CAP_}, or {@code ALL}
 */
public record Capability(String name) {
    /** Every one that Linux has, in the order of their numbers. */
    private static final Set<String> KNOWN = Set.of(("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID"
                    + " SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK"
                    + " IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE"
                    + " SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP"
                    + " MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF"
                    + " CHECKPOINT_RESTORE")
            .split(" ", -1));

    public Capability {
        if (!name.equals("ALL") && !KNOWN.contains(name)) {
            throw new IllegalArgumentException("Linux has no capability \"" + name + "\"");
        }
    }

    /**
     * Reads {@code NET_ADMIN}, {@code cap_net_admin} or {@code ALL}, in any case.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Capability parse(String text) {
        var upper = text.toUpperCase(Locale.ROOT);
        return new Capability(upper.startsWith("CAP_") ? upper.substring(4) : upper);
    }

    /** The names that {@link #parse} takes, for suggestions. */
    public static Set<String> names() {
        return KNOWN;
    }

    @Override
    public String toString() {
        return name;
    }
}
