package dev.lockstep.spec.lint;

import static dev.lockstep.spec.lint.ComposeRule.Level.ERROR;
import static dev.lockstep.spec.lint.ComposeRule.Level.INFO;
import static dev.lockstep.spec.lint.ComposeRule.Level.WARNING;

import dev.lockstep.spec.lint.ComposeRule.Level;
import java.util.List;

/** All rules for Compose files. The page of rules in this module's documentation is this table. */
public final class ComposeRules {
    static final ComposeRule PRIVILEGED =
            rule("LS1001", ERROR, "5.4", "privileged: true", "The container is as strong as root on the host.");
    static final ComposeRule CAPABILITY = rule(
            "LS1002", WARNING, "5.3", "cap_add of more than the default", "Each one is a way out of the container.");
    static final ComposeRule ENGINE_SOCKET =
            rule("LS1003", ERROR, "5.31", "an engine's socket is mounted", "Who has it is root on the host.");
    static final ComposeRule HOST_PATH = rule(
            "LS1004",
            WARNING,
            "5.5",
            "a directory of the host's system is mounted",
            "The container sees or changes the host.");
    static final ComposeRule HOST_NETWORK = rule(
            "LS1005", WARNING, "5.9", "network_mode: host", "Nothing is between the container and the host's network.");
    static final ComposeRule HOST_PID =
            rule("LS1006", WARNING, "5.15", "pid: host", "The container sees and signals the host's processes.");
    static final ComposeRule HOST_IPC =
            rule("LS1007", WARNING, "5.16", "ipc: host", "The container shares memory with the host's processes.");
    static final ComposeRule HOST_UTS =
            rule("LS1008", WARNING, "5.20", "uts: host", "The container can rename the host.");
    static final ComposeRule HOST_USERS =
            rule("LS1009", WARNING, "5.30", "userns_mode: host", "Root in the container is root on the host.");
    static final ComposeRule UNCONFINED = rule(
            "LS1010",
            ERROR,
            "5.1, 5.2, 5.21",
            "security_opt takes a wall away",
            "seccomp, AppArmor and SELinux keep a broken program in.");
    static final ComposeRule NEW_PRIVILEGES = rule(
            "LS1011",
            WARNING,
            "5.25",
            "security_opt no-new-privileges:false",
            "A setuid program makes an intruder root.");
    static final ComposeRule PROPAGATION = rule(
            "LS1012",
            WARNING,
            "5.19",
            "a mount is shared with the host",
            "What the container mounts appears on the host.");
    static final ComposeRule DEVICE =
            rule("LS1013", INFO, "5.17", "a device of the host", "The container can read and break it.");
    static final ComposeRule ROOT =
            rule("LS1014", WARNING, "4.1", "user: root", "A flaw in the program is one in the container's root.");
    static final ComposeRule CGROUP =
            rule("LS1015", INFO, "5.24", "cgroup_parent", "Limits of another group hold for the container.");
    static final ComposeRule MEMORY =
            rule("LS1020", INFO, "5.10", "no limit of memory", "One leak takes the memory of everything on the host.");
    static final ComposeRule PROCESSES =
            rule("LS1021", INFO, "5.28", "no limit of processes", "One fork bomb takes the process ids of the host.");
    static final ComposeRule CPU = rule(
            "LS1022", INFO, "5.11", "no limit and no weight of CPU", "One busy loop slows everything on the host.");
    static final ComposeRule WRITABLE = rule(
            "LS1023", INFO, "5.12", "the root file system can be written to", "An intruder can leave programs behind.");
    static final ComposeRule TAG =
            rule("LS1030", WARNING, "5.27", "an image without a tag, or latest", "It is another one tomorrow.");
    static final ComposeRule LOW_PORT = rule(
            "LS1040",
            INFO,
            "5.7",
            "a port below 1024 on every address",
            "Ports of the system are reachable from everywhere.");
    static final ComposeRule EVERY_ADDRESS = rule(
            "LS1041",
            INFO,
            "5.13",
            "a port on every address of the host",
            "It is reachable from networks that are not meant.");
    static final ComposeRule SSH =
            rule("LS1042", WARNING, "5.6", "port 22 of a container", "lockstep exec needs no SSH server in it.");
    static final ComposeRule SECRET = rule(
            "LS1050",
            WARNING,
            "4.10",
            "a secret in environment or in a build argument",
            "Everybody who may look at the container or the image reads it.");
    static final ComposeRule HEALTH = rule(
            "LS1060",
            INFO,
            "4.6, 5.26",
            "others depend on a service without healthcheck",
            "They start before it can answer.");
    static final ComposeRule DEFAULT_BRIDGE = rule(
            "LS1070",
            WARNING,
            "5.29",
            "network_mode: bridge",
            "All containers on it reach each other, and by address only.");

    /** In the order in which the page has them. */
    public static final List<ComposeRule> ALL = List.of(
            PRIVILEGED,
            CAPABILITY,
            ENGINE_SOCKET,
            HOST_PATH,
            HOST_NETWORK,
            HOST_PID,
            HOST_IPC,
            HOST_UTS,
            HOST_USERS,
            UNCONFINED,
            NEW_PRIVILEGES,
            PROPAGATION,
            DEVICE,
            ROOT,
            CGROUP,
            MEMORY,
            PROCESSES,
            CPU,
            WRITABLE,
            TAG,
            LOW_PORT,
            EVERY_ADDRESS,
            SSH,
            SECRET,
            HEALTH,
            DEFAULT_BRIDGE);

    private ComposeRules() {}

    private static ComposeRule rule(String id, Level level, String cis, String what, String why) {
        return new ComposeRule(id, level, cis, what, why);
    }
}
