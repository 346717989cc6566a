package dev.lockstep.runtime.container;

import dev.lockstep.runtime.log.LogFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;

/** Where everything of one container is; the only place that knows. All names derive from the id. */
record ContainerFiles(Root root, String id) {
    // What survives a reboot.

    static Path all(Root root) {
        return root.state().resolve("containers");
    }

    Path state() {
        return all(root).resolve(id);
    }

    Path record() {
        return state().resolve("container.json");
    }

    /**
     * Exists while the record may get lost with a loss of power, and the container with it: nothing but this directory
     * has been made for it. Empty, because then the name may be there and the content not.
     */
    Path creating() {
        return state().resolve("creating");
    }

    Path life() {
        return state().resolve("life.json");
    }

    Path health() {
        return state().resolve("health.json");
    }

    /**
     * Exists while an exit may lead to a restart by policy, touched by each start; what the on-exit script looks at.
     */
    Path restartMarker() {
        return state().resolve("restart");
    }

    /** Exists from the moment when it is asked to end in order to be restarted until it is started. */
    Path restarting() {
        return state().resolve("restarting");
    }

    /** Exists from a kill by hand, while somebody else worked on the container, until its end is put away. */
    Path killed() {
        return state().resolve("killed");
    }

    /** Exists where the container goes with its end. */
    Path removeMarker() {
        return state().resolve("remove");
    }

    /** What the container wrote into its root file system. */
    Path upper() {
        return state().resolve("upper");
    }

    Path work() {
        return state().resolve("work");
    }

    LogFiles log() {
        return new LogFiles(state().resolve("log"));
    }

    Path hosts() {
        return state().resolve("hosts");
    }

    Path hostname() {
        return state().resolve("hostname");
    }

    Path resolvConf() {
        return state().resolve("resolv.conf");
    }

    /** One file per name, which says who has it. */
    static Path name(Root root, String name) {
        return names(root).resolve(name);
    }

    static Path names(Root root) {
        return root.state().resolve("container-names");
    }

    // What does not.

    static Path allRun(Root root) {
        return root.run().resolve("containers");
    }

    /** Bundle of the container: conmon puts its sockets and pid files here too. */
    Path run() {
        return allRun(root).resolve(id);
    }

    Path runRecord() {
        return run().resolve("run.json");
    }

    /** Of the container's own record, while there is a run. */
    Path recordCopy() {
        return run().resolve("container.json");
    }

    /** Exists from the beginning of a start until the hooks after it have run, where there are any. */
    Path hooksDue() {
        return run().resolve("hooks-due");
    }

    Path config() {
        return run().resolve("config.json");
    }

    /** Sources of binds that are mounted here first, because their path cannot be trusted. */
    Path pins() {
        return run().resolve("pins");
    }

    /** Namespaces of other containers that it enters, by type. */
    Path joined() {
        return run().resolve("joined");
    }

    /** Directories with other ids, while its root is put together. */
    Path mapped() {
        return run().resolve("mapped");
    }

    /** SELinux contexts of one that has those of another. */
    Path labels() {
        return run().resolve("labels");
    }

    /** Memory that others may share with it. */
    Path sharedMemory() {
        return run().resolve("shm");
    }

    Path rootfs() {
        return run().resolve("root");
    }

    Path pidFile() {
        return run().resolve("pid");
    }

    Path conmonPidFile() {
        return run().resolve(Conmon.PID_FILE);
    }

    Path conmonErrors() {
        return run().resolve("conmon.err");
    }

    Path runtimeLog() {
        return run().resolve("oci.log");
    }

    Path persist() {
        return run().resolve("persist");
    }

    Path oom() {
        return persist().resolve("oom");
    }

    Path control() {
        return run().resolve("ctl");
    }

    Path sessions() {
        return run().resolve("exec");
    }

    /** The container's own process with a health check's program in its place; one file per program. */
    Path probeProcess(String digest) {
        return run().resolve("probe-" + digest + ".json");
    }

    /** The pid of the health check that runs; gone when none does. */
    Path probePid() {
        return run().resolve("probe.pid");
    }

    /** Held while a health check runs, by whichever process runs it. */
    Path probeLock() {
        return run().resolve("probe.lock");
    }

    /** conmon writes {@code exits/ID} when the container has ended and its log is complete. */
    static Path exits(Root root) {
        return root.run().resolve("exits");
    }

    Path exit() {
        return exits(root).resolve(id);
    }

    // Names in the kernel.

    /** Of all containers of the root. */
    static String cgroupParent(Root root) {
        return "/lockstep-" + root.shortId();
    }

    String cgroup() {
        return cgroupParent(root) + "/" + id;
    }

    /** The same, where another parent is asked for. */
    String cgroup(ContainerSpec spec) {
        return spec.options()
                .isolation()
                .cgroupParent()
                .map(parent -> parent + "/" + id)
                .orElseGet(this::cgroup);
    }

    static String supervisorCgroup(Root root) {
        return cgroupParent(root) + "/supervisor";
    }

    /** Held by who waits for its end and removes it then. */
    Path attended() throws IOException {
        return root.lock("attended/" + id);
    }

    Path lock() throws IOException {
        return root.lock("container/" + id);
    }
}
