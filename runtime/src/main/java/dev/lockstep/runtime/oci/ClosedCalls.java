package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the distribution's profile leaves to the kernel and Docker's refuses without a capability (moby,
 * profiles/seccomp/default_linux.go): new namespaces, mounts, keyrings, the kernel's log. The distribution allows them
 * so that containers may run containers; for all others a namespace of users is root on as much of the kernel as
 * mount(2), nftables and cgroups of version 1 are (CVE-2022-0185, CVE-2022-0492), and keyrings and the log are the
 * host's.
 */
final class ClosedCalls {
    private static final String ALLOW = "SCMP_ACT_ALLOW";
    private static final String REFUSE = "SCMP_ACT_ERRNO";
    private static final int EPERM = 1;
    private static final int ENOSYS = 38;
    private static final String ADMIN = "CAP_SYS_ADMIN";

    /** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (sched.h); clone(2) cannot make one of time. */
    private static final List<Long> NEW_NAMESPACES =
            List.of(0x2_0000L, 0x200_0000L, 0x400_0000L, 0x800_0000L, 0x1000_0000L, 0x2000_0000L, 0x4000_0000L);

    private static final String CLONE = "clone";
    private static final String CLONE3 = "clone3";
    private static final Set<String> ADMINS = Set.of(ADMIN);

    /** By system call, the capabilities of which any opens it. */
    private static final Map<String, Set<String>> OPENED_BY = new TreeMap<>(Map.ofEntries(
            Map.entry(CLONE, ADMINS),
            Map.entry(CLONE3, ADMINS),
            Map.entry("fsconfig", ADMINS),
            Map.entry("fsmount", ADMINS),
            Map.entry("fsopen", ADMINS),
            Map.entry("fspick", ADMINS),
            Map.entry("keyctl", ADMINS),
            Map.entry("mount", ADMINS),
            Map.entry("mount_setattr", ADMINS),
            Map.entry("move_mount", ADMINS),
            Map.entry("open_tree", ADMINS),
            Map.entry("pidfd_getfd", Set.of("CAP_SYS_PTRACE")),
            Map.entry("pivot_root", ADMINS),
            Map.entry("reboot", Set.of("CAP_SYS_BOOT")),
            Map.entry("setns", ADMINS),
            Map.entry("syslog", Set.of(ADMIN, "CAP_SYSLOG")),
            Map.entry("umount", ADMINS),
            Map.entry("umount2", ADMINS),
            Map.entry("unshare", ADMINS)));

    private ClosedCalls() {}

    /** Takes them out of the rules of a translated profile for a container that holds these capabilities. */
    static void close(ObjectNode profile, Set<String> held) {
        var closed = OPENED_BY.entrySet().stream()
                .filter(call -> call.getValue().stream().noneMatch(held::contains))
                .map(Map.Entry::getKey)
                .toList();
        if (closed.isEmpty()) {
            return;
        }
        var kept = without(closed, profile.withArray("syscalls"));
        var rules = profile.putArray("syscalls").addAll(kept);
        refuse(rules, closed.stream().filter(call -> !call.startsWith(CLONE)).toList(), EPERM);
        if (closed.contains(CLONE)) {
            var all = NEW_NAMESPACES.stream().reduce(0L, (a, b) -> a | b);
            flags(rule(rules, List.of(CLONE), ALLOW), all, 0);
            // A profile's default may be ENOSYS, and that there are no namespaces is not so.
            NEW_NAMESPACES.forEach(flag -> flags(refuse(rules, List.of(CLONE), EPERM), flag, flag));
            // Its flags lie in memory, where a filter cannot look; who is told ENOSYS uses clone(2).
            refuse(rules, List.of(CLONE3), ENOSYS);
        }
    }

    private static List<ObjectNode> without(List<String> closed, ArrayNode rules) {
        return rules.valueStream()
                .map(rule -> {
                    var kept = ((ObjectNode) rule).deepCopy();
                    var names = kept.putArray("names");
                    rule.path("names").forEach(name -> {
                        if (!closed.contains(name.asText())) {
                            names.add(name);
                        }
                    });
                    return kept;
                })
                .filter(rule -> !rule.path("names").isEmpty())
                .toList();
    }

    private static ObjectNode refuse(ArrayNode rules, List<String> names, int errno) {
        return rule(rules, names, REFUSE).put("errnoRet", errno);
    }

    /** The rule holds for calls whose first argument has that of the mask. */
    private static void flags(ObjectNode rule, long mask, long value) {
        var arg = rule.putArray("args").addObject();
        arg.put("index", 0).put("value", mask).put("valueTwo", value).put("op", "SCMP_CMP_MASKED_EQ");
    }

    private static ObjectNode rule(ArrayNode rules, List<String> names, String action) {
        var rule = rules.addObject();
        names.forEach(rule.putArray("names")::add);
        return rule.put("action", action);
    }
}
