package dev.lockstep.runtime.container;

import dev.lockstep.runtime.dns.ResolvConf;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.network.AttachRequest;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.oci.Bundle;
import dev.lockstep.runtime.oci.BundleConfig;
import dev.lockstep.runtime.oci.ProcessSpec;
import dev.lockstep.runtime.oci.UserDatabase;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts containers. The order: record that it is wanted, mount the root, network, bundle, conmon and runtime prepare,
 * record the processes, publish ports, start the program, record that it runs. A kill in between leaves a run that is
 * not marked as started, which {@link CleanUpAfterCrash} takes away.
 */
final class Start {
    private static final Path HOST_RESOLV_CONF = Path.of("/etc/resolv.conf");

    /**
     * Allowed by runc 1.1 whatever the bundle says. Version 1 of cgroups lets us take it back; on version 2 the rules
     * are a program that is loaded already, and a container without CAP_NET_ADMIN can do nothing with the device.
     */
    private static final String TUN = "10:200";

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final RunRoot runRoot;
    private final Teardown teardown;
    private final OnExitScript onExit;

    Start(
            ContainerRooms rooms,
            ContainerStore store,
            Host host,
            RunRoot runRoot,
            Teardown teardown,
            OnExitScript onExit) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.runRoot = runRoot;
        this.teardown = teardown;
        this.onExit = onExit;
    }

    /**
     * Starts it; its lock is held, and nothing of an earlier run is left.
     *
     * @param waited the delay that its policy asked for; empty when it is started by hand
     */
    void start(ContainerRecord record, Optional<Duration> waited) throws IOException {
        start(record, waited, Interaction.NONE);
    }

    /** The same with somebody at its streams. */
    void start(ContainerRecord record, Optional<Duration> waited, Interaction how) throws IOException {
        var files = store.files(record.id());
        var before = store.life(record.id());
        var now = rooms.clock().instant();
        var life = waited.isPresent() ? before.startedAgain(now, waited.get()) : before.startedByHand(now);
        store.writeStart(record.id(), life);
        marker(files, record.spec().restart());
        try (var _ = runRoot.enter()) {
            try {
                run(record, files, how);
            } catch (IOException | RuntimeException e) {
                undo(record, files, e);
                store.write(record.id(), life.failedToStart(before, String.valueOf(e.getMessage())));
                Files.deleteIfExists(files.restartMarker());
                throw e;
            }
        }
    }

    /** Puts the file there or takes it away, as the policy says. */
    static void marker(ContainerFiles files, RestartPolicy policy) throws IOException {
        if (policy.condition() == RestartPolicy.Condition.NO) {
            Files.deleteIfExists(files.restartMarker());
        } else if (Files.notExists(files.restartMarker())) {
            Files.createFile(files.restartMarker());
        }
    }

    private void undo(ContainerRecord record, ContainerFiles files, Exception cause) {
        try {
            teardown.run(
                    files,
                    store.run(record.id(), host.bootId()),
                    !record.spec().networks().isEmpty());
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private void run(ContainerRecord record, ContainerFiles files, Interaction how) throws IOException {
        var id = record.id();
        var spec = record.spec();
        var effective = record.made();
        var runtime = rooms.runtime().get();
        var conmon = new Conmon(
                rooms.conmon().get(),
                runtime,
                host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root())),
                rooms.root().json());
        host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root())).create();
        Root.directory(files.run());
        Root.directory(files.rootfs());
        var starting = new Run(
                host.bootId(),
                false,
                Optional.empty(),
                Optional.empty(),
                rooms.clock().instant(),
                runtime.program().toString(),
                List.of(),
                List.of(),
                how.terminal(),
                how.input());
        store.write(id, starting);
        Mounts.overlay(
                rooms.images().layers(effective.image()),
                Optional.of(new Mounts.Upper(files.upper(), files.work())),
                files.rootfs());
        rooms.failPoint().reached(FailPoint.Step.START_MOUNTED);
        var attached = spec.networks().isEmpty()
                ? Optional.<Attached>empty()
                : Optional.of(rooms.networks().get().attach(request(record)));
        rooms.failPoint().reached(FailPoint.Step.START_ATTACHED);
        etcFiles(record, files, attached);
        bundle(record, files, attached, how.terminal());
        var prepared = conmon.prepare(files, spec.name(), onExit.path(), how);
        var run = starting.supervised(prepared.process(), prepared.conmon())
                .withAddresses(attached.map(Start::addresses).orElse(List.of()));
        store.write(id, run);
        host.cgroups().at(files.cgroup()).denyDevice("c " + TUN + " rwm");
        rooms.failPoint().reached(FailPoint.Step.START_SUPERVISED);
        if (!spec.ports().isEmpty()) {
            run = run.withPorts(rooms.networks().get().publish(id, spec.ports()));
        }
        rooms.failPoint().reached(FailPoint.Step.START_PUBLISHED);
        how.prepared().accept(files);
        var begin = rooms.clock().instant();
        var started =
                runtime.run("--log-format=json", "--log", files.runtimeLog().toString(), "start", id);
        if (!started.succeeded()) {
            var message = RuntimeMessages.lastError(
                    files.runtimeLog(), started.output(), rooms.root().json());
            throw new ContainerException(
                    RuntimeMessages.classify(message),
                    runtime.name() + " cannot start container " + spec.name() + ": " + message);
        }
        rooms.failPoint().reached(FailPoint.Step.START_STARTED);
        var when = rooms.clock().instant();
        store.write(id, run.startedAt(when));
        if (effective.healthCheck().isPresent()) {
            store.write(id, HealthState.starting(when));
        }
        // It may have ended by now; what began before is said to have begun before.
        rooms.events().tell(record, "start", Map.of(), begin);
    }

    /** What a container asks of the networks; its names are those of Docker: service, container, short id. */
    static AttachRequest request(ContainerRecord record) {
        var spec = record.spec();
        var names = new ArrayList<String>();
        if (!spec.service().isEmpty()) {
            names.add(spec.service());
        }
        if (!names.contains(spec.name())) {
            names.add(spec.name());
        }
        names.add(record.shortId());
        return new AttachRequest(
                record.id(),
                new LeaseKey(
                        spec.owner().stack(), spec.service().isEmpty() ? spec.name() : spec.service(), spec.slot()),
                spec.networks(),
                names,
                List.of());
    }

    static List<ContainerAddress> addresses(Attached attached) {
        return attached.endpoints().stream()
                .map(end -> new ContainerAddress(end.network(), end.address().toString()))
                .toList();
    }

    /** Writes hosts, hostname and resolv.conf; in place, since a running container has them mounted. */
    static void etcFiles(ContainerRecord record, ContainerFiles files, Optional<Attached> attached) throws IOException {
        var hostname = record.made().hostname();
        var hosts = new ArrayList<>(List.of(
                "127.0.0.1\tlocalhost",
                "::1\tlocalhost ip6-localhost ip6-loopback",
                "fe00::\tip6-localnet",
                "ff00::\tip6-mcastprefix",
                "ff02::1\tip6-allnodes",
                "ff02::2\tip6-allrouters"));
        attached.ifPresent(place -> place.endpoints().forEach(end -> hosts.add(end.address() + "\t" + hostname)));
        new EtcFile(files.hosts()).write(hosts);
        new EtcFile(files.hostname()).write(List.of(hostname));
        var hostResolver = Files.exists(HOST_RESOLV_CONF) ? Files.readString(HOST_RESOLV_CONF) : "";
        var resolver = attached.filter(place -> !place.endpoints().isEmpty())
                .map(place -> ResolvConf.ofContainer(place.nameServers(), ResolvConf.parse(hostResolver))
                        .text())
                .orElse(hostResolver);
        new EtcFile(files.resolvConf()).write(resolver.lines().toList());
    }

    private void bundle(ContainerRecord record, ContainerFiles files, Optional<Attached> attached, boolean terminal)
            throws IOException {
        var effective = record.made();
        var bundle = new Bundle(
                process(record, files, terminal),
                files.rootfs(),
                effective.hostname(),
                files.cgroup(),
                attached.map(Attached::namespace),
                MountPlan.of(record, files, rooms.volumes()),
                LimitFiles.toOci(effective.resources(), rooms.root().json()),
                rooms.seccomp().get().forContainer(effective.capabilities()),
                host.cgroups().isUnified());
        var json = rooms.root().json();
        Files.write(files.config(), json.writeValueAsBytes(new BundleConfig(json).of(bundle)));
    }

    /** The container's own process; its user is looked up anew, since a volume may have changed. */
    static ProcessSpec process(ContainerRecord record, ContainerFiles files, boolean terminal) throws IOException {
        var effective = record.made();
        var environment = new LinkedHashMap<>(effective.environment());
        if (terminal) {
            environment.putIfAbsent("TERM", "xterm");
        }
        return process(
                record,
                files,
                terminal,
                effective.user(),
                effective.args(),
                environment,
                effective.workingDir(),
                effective.capabilities());
    }

    static ProcessSpec process(
            ContainerRecord record,
            ContainerFiles files,
            boolean terminal,
            String userText,
            List<String> args,
            Map<String, String> environment,
            String workingDir,
            List<String> capabilities)
            throws IOException {
        try {
            var user = UserDatabase.read(files.rootfs()).resolve(userText);
            var withHome = new LinkedHashMap<>(environment);
            withHome.putIfAbsent("HOME", user.home());
            return new ProcessSpec(terminal, user, args, withHome, workingDir, capabilities);
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + record.spec().name() + ": " + e.getMessage() + ".",
                    e);
        }
    }
}
