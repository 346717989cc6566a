package dev.lockstep.runtime.build;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.container.AppArmor;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.container.SharedLimits;
import dev.lockstep.runtime.dns.ResolvConf;
import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.ForeignText;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.Endpoint;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.oci.Bundle;
import dev.lockstep.runtime.oci.BundleConfig;
import dev.lockstep.runtime.oci.BundleDevices;
import dev.lockstep.runtime.oci.BundleMount;
import dev.lockstep.runtime.oci.BundleNamespace;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.ProcessRules;
import dev.lockstep.runtime.oci.ProcessSpec;
import dev.lockstep.runtime.oci.UserDatabase;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The container that one {@code RUN} runs in. No supervisor stays with it, for it ends with its build: a shell waits at
 * a pipe for the end of this process and deletes the container when this process did not.
 */
final class StepContainer {
    /** Even one that forks for ever leaves the host its processes, and they are soon gone. */
    static final int PROCESSES = Math.max(4096, 512 * Runtime.getRuntime().availableProcessors());

    private static final Duration BETWEEN_KILLS = Duration.ofMillis(200);
    private static final int CGROUP_TRIES = 500;
    private static final String SHM = "/dev/shm";
    private static final Path HOST_RESOLV_CONF = Path.of("/etc/resolv.conf");

    /** Process id, the runtime, its state, the container's id. */
    private static final String WATCH = "read -r over && exit 0; kill -9 \"$0\"; i=0; while [ $i -lt 20 ]; do"
            + " \"$1\" --root \"$2\" delete --force \"$3\"; i=$((i+1)); [ -e \"$2/$3\" ] || [ $i -lt 3 ] || break;"
            + " sleep 0.2; done";

    private final BuildRooms rooms;
    private final StepWorkspace workspace;

    StepContainer(BuildRooms rooms, StepWorkspace workspace) {
        this.rooms = rooms;
        this.workspace = workspace;
    }

    /** What the program writes, as it comes. */
    @FunctionalInterface
    interface Output {
        /**
         * Some of it.
         *
         * @param error whether it was written to the error stream
         */
        void write(boolean error, byte[] bytes, int length);
    }

    /**
     * Runs it to its end in the workspace, whose root is mounted.
     *
     * @return its exit code
     * @throws BuildException when it cannot be started, in a sentence
     * @throws BuildCancelledException when it was called off; nothing of it runs then
     */
    int run(StepProcess process, List<BundleMount> mounts, Output output, Cancellation cancellation)
            throws IOException {
        if (process.network() != StepProcess.Network.DEFAULT) {
            return run(process, mounts, Optional.empty(), output, cancellation);
        }
        try (var network =
                StepNetwork.attach(rooms.networks().get(), rooms.root(), rooms.host(), workspace.id(), cancellation)) {
            return run(process, mounts, Optional.of(network.attached()), output, cancellation);
        }
    }

    private int run(
            StepProcess process,
            List<BundleMount> mounts,
            Optional<Attached> attached,
            Output output,
            Cancellation cancellation)
            throws IOException {
        var runtime = rooms.runtime().get();
        var cgroups = Cgroups.detect();
        var parent = rooms.limits().map(SharedLimits::cgroup).orElse(cgroupParent(rooms.root()));
        var cgroup = cgroups.at(parent + "/" + workspace.id());
        // What the step asks for goes over them, and in their place.
        var all = new ArrayList<>(etcFiles(process, attached));
        all.removeIf(ours -> mounts.stream().anyMatch(asked -> isAtOrBelow(ours.destination(), asked.destination())));
        all.addAll(mounts);
        var json = rooms.root().json();
        Files.write(
                workspace.file("config.json"),
                json.writeValueAsBytes(new BundleConfig(json).of(bundle(process, all, attached, cgroup, cgroups))));
        try {
            return run(runtime, process.arguments(), output, cancellation);
        } finally {
            removeCgroup(cgroup, cgroups);
        }
    }

    private static boolean isAtOrBelow(String path, String above) {
        return path.equals(above) || path.startsWith(above + "/");
    }

    private int run(OciRuntime runtime, List<String> arguments, Output output, Cancellation cancellation)
            throws IOException {
        var log = workspace.file("oci.log");
        try (var input = Pipe.open();
                var out = Pipe.open();
                var err = Pipe.open();
                var watch = Pipe.open()) {
            input.writeEnd().close();
            cancellation.check();
            var pid = ProcessSpawner.spawn(new ProcessSpawner.Command(
                    List.of(
                            runtime.program().toString(),
                            "--root",
                            runtime.state().toString(),
                            "--log-format=json",
                            "--log",
                            log.toString(),
                            "run",
                            "--bundle",
                            workspace.file("").toString(),
                            workspace.id()),
                    OciRuntime.ENVIRONMENT,
                    new ProcessSpawner.Stream.Descriptor(input.readEnd()),
                    new ProcessSpawner.Stream.Descriptor(out.writeEnd()),
                    new ProcessSpawner.Stream.Descriptor(err.writeEnd()),
                    List.of()));
            int exit;
            try (var process = Pidfd.ofChild(pid)) {
                var watcher = watch(runtime, pid, watch);
                out.writeEnd().close();
                err.writeEnd().close();
                var readers = List.of(
                        reader(out.readEnd().inputStream(), false, output),
                        reader(err.readEnd().inputStream(), true, output));
                await(runtime, process, cancellation);
                exit = ProcessSpawner.reap(pid);
                watch.writeEnd().outputStream().write('\n');
                ProcessSpawner.reap(watcher);
                join(readers);
            }
            if (Files.exists(runtime.state().resolve(workspace.id()))) {
                runtime.run("delete", "--force", workspace.id());
            }
            cancellation.check();
            if (exit != 0) {
                var failure = failure(log);
                if (failure.isPresent()) {
                    throw new BuildException(Quoted.process(arguments) + ": " + failure.get());
                }
            }
            return exit;
        }
    }

    private void await(OciRuntime runtime, Pidfd process, Cancellation cancellation) throws IOException {
        try (var _ = cancellation.watch(() -> kill(runtime, process))) {
            process.awaitExit(Duration.ofDays(365));
        } catch (BuildCancelledException e) {
            // Called off before it was watched; said below, when nothing runs any more.
        } finally {
            kill(runtime, process);
        }
    }

    private int watch(OciRuntime runtime, int pid, Pipe pipe) throws IOException {
        return ProcessSpawner.spawn(new ProcessSpawner.Command(
                List.of(
                        "/bin/sh",
                        "-c",
                        WATCH,
                        String.valueOf(pid),
                        runtime.program().toString(),
                        runtime.state().toString(),
                        workspace.id()),
                OciRuntime.ENVIRONMENT,
                new ProcessSpawner.Stream.Descriptor(pipe.readEnd()),
                new ProcessSpawner.Stream.Nothing(),
                new ProcessSpawner.Stream.Nothing(),
                List.of()));
    }

    /** The container's first process takes all others of it along (pid_namespaces(7)), however many they are. */
    private void kill(OciRuntime runtime, Pidfd process) {
        try {
            for (var tries = 0; !process.awaitExit(Duration.ZERO); tries++) {
                runtime.run("delete", "--force", workspace.id());
                if (process.awaitExit(BETWEEN_KILLS)) {
                    return;
                }
                if (tries > 2) {
                    process.send(Signal.KILL); // the runtime itself is stuck before there is a container
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Thread reader(InputStream in, boolean error, Output output) {
        return Thread.ofPlatform().daemon().name("build-output").start(() -> {
            var buffer = new byte[16 * 1024];
            try {
                for (int n; (n = in.read(buffer)) >= 0; ) {
                    output.write(error, buffer, n);
                }
            } catch (IOException e) {
                // The pipe was closed under it.
            }
        });
    }

    private static void join(List<Thread> threads) {
        for (var thread : threads) {
            try {
                thread.join(Duration.ofSeconds(10));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What the runtime itself says went wrong; nothing when it was the program. */
    private Optional<String> failure(Path log) {
        try {
            for (var line : ForeignText.read(log).lines().toList().reversed()) {
                var entry = rooms.root().json().readTree(line);
                if (entry.path("level").asText().equals("error")) {
                    return Optional.of(entry.path("msg").asText());
                }
            }
        } catch (IOException e) {
            // None, or not JSON: the program's exit code is all there is.
        }
        return Optional.empty();
    }

    static String cgroupParent(Root root) {
        return "/lockstep-build-" + root.shortId();
    }

    /** Above the steps of builds that have limits together. */
    static String sharedCgroup(Root root) {
        return "/lockstep-builds-" + root.shortId();
    }

    private Bundle bundle(
            StepProcess process, List<BundleMount> mounts, Optional<Attached> attached, Cgroup cgroup, Cgroups cgroups)
            throws IOException {
        var capabilities = process.insecure() ? Capabilities.ofHost() : Capabilities.DEFAULT;
        var namespaces = new ArrayList<BundleNamespace>();
        for (var type : List.of("uts", "pid", "ipc")) {
            namespaces.add(BundleNamespace.created(type));
        }
        if (process.network() != StepProcess.Network.HOST) {
            namespaces.add(new BundleNamespace("network", attached.map(Attached::namespace)));
        }
        if (cgroups.isUnified()) {
            namespaces.add(BundleNamespace.created("cgroup"));
        }
        var shm = new BundleMount(
                SHM, "tmpfs", "shm", List.of("nosuid", "noexec", "nodev", "mode=1777", "size=" + process.shmSize()));
        var all = new ArrayList<>(mounts);
        if (mounts.stream().noneMatch(mount -> mount.destination().equals(SHM))) {
            all.add(shm);
        }
        return new Bundle(
                processSpec(process, capabilities),
                workspace.rootfs(),
                false,
                Optional.of(process.hostname()),
                cgroup.toString(),
                namespaces,
                Optional.empty(),
                all,
                Set.of(),
                Map.of(),
                resources(process),
                process.insecure() ? new BundleDevices(List.of(), List.of(BundleDevices.Rule.ALL)) : BundleDevices.NONE,
                process.insecure()
                        ? Optional.empty()
                        : Optional.of(rooms.seccomp().get().forContainer(capabilities)),
                process.insecure(),
                process.insecure(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    private ObjectNode resources(StepProcess process) {
        var resources = rooms.root().json().createObjectNode();
        resources.putObject("pids").put("limit", PROCESSES);
        // As much swap again, as docker has it (runtime-spec: "swap" is both together).
        process.memory()
                .ifPresent(bytes ->
                        resources.putObject("memory").put("limit", bytes).put("swap", 2 * bytes));
        return resources;
    }

    private ProcessSpec processSpec(StepProcess process, List<String> capabilities) throws IOException {
        try {
            var user = UserDatabase.read(workspace.rootfs()).resolve(process.user());
            var environment = new LinkedHashMap<>(process.environment());
            environment.putIfAbsent("HOME", user.home());
            var apparmor = AppArmor.ofThisHost();
            var profile = !process.insecure() && apparmor.isOn() && apparmor.isLoaded(AppArmor.DEFAULT)
                    ? Optional.of(AppArmor.DEFAULT)
                    : Optional.<String>empty();
            return new ProcessSpec(
                    false,
                    user,
                    process.arguments(),
                    environment,
                    process.workingDir(),
                    capabilities,
                    new ProcessRules(false, 0, process.limits(), profile, Optional.empty()));
        } catch (IllegalArgumentException e) {
            var colon = process.user().indexOf(':');
            var isGroup = colon >= 0 && String.valueOf(e.getMessage()).startsWith("there is no group");
            throw new BuildException(
                    Quoted.process(process.arguments()) + ": unable to find "
                            + (isGroup
                                    ? "group " + process.user().substring(colon + 1)
                                            + ": no matching entries in group file"
                                    : "user " + process.user() + ": no matching entries in passwd file")
                            + " (" + e.getMessage() + ")",
                    e);
        }
    }

    /** Its hosts and resolv.conf: files of ours that are mounted, so that no layer has them. */
    private List<BundleMount> etcFiles(StepProcess process, Optional<Attached> attached) throws IOException {
        var hosts = new StringBuilder();
        if (process.network() == StepProcess.Network.HOST && Files.exists(Path.of("/etc/hosts"))) {
            hosts.append(Files.readString(Path.of("/etc/hosts"), StandardCharsets.ISO_8859_1))
                    .append('\n');
        } else {
            hosts.append("127.0.0.1\tlocalhost ")
                    .append(process.hostname())
                    .append("\n::1\tlocalhost ip6-localhost ip6-loopback\n");
        }
        for (var extra : process.hosts()) {
            hosts.append(address(extra, process, attached))
                    .append('\t')
                    .append(extra.name())
                    .append('\n');
        }
        var hostResolver =
                Files.exists(HOST_RESOLV_CONF) ? Files.readString(HOST_RESOLV_CONF, StandardCharsets.ISO_8859_1) : "";
        var resolver = attached.map(place -> ResolvConf.ofContainer(place.nameServers(), ResolvConf.parse(hostResolver))
                        .text())
                .orElse(hostResolver);
        return List.of(etcFile("hosts", hosts.toString()), etcFile("resolv.conf", resolver));
    }

    private BundleMount etcFile(String name, String text) throws IOException {
        var file = workspace.file(name);
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return BundleMount.bind(file.toString(), "/etc/" + name, false);
    }

    private static String address(Naming.ExtraHost extra, StepProcess process, Optional<Attached> attached)
            throws BuildException {
        if (!extra.address().equals(Naming.HOST_GATEWAY)) {
            return extra.address();
        }
        if (process.network() == StepProcess.Network.HOST) {
            return "127.0.0.1";
        }
        return attached.flatMap(Attached::main)
                .flatMap(Endpoint::gateway)
                .map(IpAddress::toString)
                .orElseThrow(() -> new BuildException("there is no way to the host for " + extra.name()
                        + "=host-gateway, since the step has no network"));
    }

    /** Kills what is left in it, which is nothing unless the runtime was killed. */
    private static void removeCgroup(Cgroup cgroup, Cgroups cgroups) throws IOException {
        for (var tries = 0; cgroup.exists(); tries++) {
            cgroup.kill();
            if (cgroup.remove()) {
                break;
            }
            if (tries == CGROUP_TRIES) {
                throw new IOException("the cgroup " + cgroup + " stays busy; processes in it: " + cgroup.processes());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        var text = cgroup.toString();
        cgroups.at(text.substring(0, text.lastIndexOf('/'))).remove(); // stays when another step is in it
    }

    /** Ends what a killed process left of a step. */
    static void clear(BuildRooms rooms, String id) throws IOException {
        var runtime = rooms.runtime().get();
        if (Files.exists(runtime.state().resolve(id))) {
            runtime.run("delete", "--force", id);
        }
        var cgroups = Cgroups.detect();
        for (var parent : List.of(cgroupParent(rooms.root()), sharedCgroup(rooms.root()))) {
            removeCgroup(cgroups.at(parent + "/" + id), cgroups);
        }
    }
}
