package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.ProcessDetails;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.Terminal;
import dev.lockstep.runtime.network.AttachRequest;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.PortConflictException;
import dev.lockstep.runtime.network.PortHolder;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.oci.BundleConfig;
import dev.lockstep.runtime.oci.BundleMount;
import dev.lockstep.runtime.oci.CdiEdits;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.ProcessRules;
import dev.lockstep.runtime.oci.ProcessSpec;
import dev.lockstep.runtime.oci.UserDatabase;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
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
    /** Allowed by runc 1.1 and crun whatever the bundle says, and taken back by us. */
    private static final DeviceNumber TUN = new DeviceNumber(10, 200);

    /** Where Docker has it. */
    private static final String INIT = "/sbin/docker-init";

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final RunRoot runRoot;
    private final Teardown teardown;
    private final Ending ending;
    private final OnExitScript onExit;

    Start(
            ContainerRooms rooms,
            ContainerStore store,
            Host host,
            RunRoot runRoot,
            Teardown teardown,
            Ending ending,
            OnExitScript onExit) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.runRoot = runRoot;
        this.teardown = teardown;
        this.ending = ending;
        this.onExit = onExit;
    }

    /**
     * Starts it; its lock is held, and nothing of an earlier run is left.
     *
     * @param waited the delay that its policy asked for; empty when it is started by hand
     * @param published whether its ports lead to it from the first moment; else somebody sees to them later
     */
    void start(ContainerRecord record, Optional<Duration> waited, boolean published) throws IOException {
        start(record, waited, Interaction.NONE, published);
    }

    /** The same with somebody at its streams. */
    void start(ContainerRecord record, Optional<Duration> waited, Interaction how) throws IOException {
        start(record, waited, how, true);
    }

    private void start(ContainerRecord record, Optional<Duration> waited, Interaction how, boolean published)
            throws IOException {
        var files = store.files(record.id());
        var before = store.life(record.id());
        var now = rooms.clock().instant();
        var life = waited.isPresent()
                ? before.startedAgain(
                        now,
                        waited.get(),
                        RestartDecision.failedStarts(record.spec().restart(), before))
                : before.startedByHand(now);
        store.writeStart(record.id(), life);
        Files.deleteIfExists(files.restarting());
        Files.deleteIfExists(files.killed());
        // Of a creation that was killed at its very end; from now on there is something to lose.
        Files.deleteIfExists(files.creating());
        marker(files, record.spec().restart());
        if (Files.exists(files.restartMarker())) {
            // Whoever waits to see to the end of an earlier run finds that there is another one.
            Files.setLastModifiedTime(files.restartMarker(), FileTime.from(Instant.now()));
        }
        try (var _ = runRoot.enter()) {
            try {
                run(record, files, how, published);
            } catch (IOException | RuntimeException e) {
                undo(record, files, e);
                store.write(record.id(), life.failedToStart(before, String.valueOf(e.getMessage())));
                // Nobody is left to call the script: an agent tries again, and its start puts the file there.
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

    private void mountVolumes(ContainerRecord record) throws IOException {
        for (var volume : record.volumes()) {
            try {
                rooms.volumes().mount(volume, record.id());
            } catch (IOException e) {
                throw new ContainerException(
                        ContainerException.Reason.HOST,
                        "container " + record.spec().name() + ": " + e.getMessage() + ".",
                        e);
            }
        }
    }

    private void run(ContainerRecord record, ContainerFiles files, Interaction how, boolean published)
            throws IOException {
        var id = record.id();
        var spec = record.spec();
        var effective = record.made();
        var noJournal = Requirements.noJournal(spec, rooms.journal());
        if (noJournal.isPresent()) {
            throw new ContainerException(
                    ContainerException.Reason.HOST, "container " + spec.name() + ": " + noJournal.get() + ".");
        }
        var runtime = new Runtimes(rooms, host).of(spec);
        var conmon = new Conmon(
                rooms.conmon().get(),
                runtime,
                host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root())),
                rooms.root().json());
        host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root())).create();
        Root.directory(files.run());
        Root.directory(files.rootfs());
        Creation.logDirectory(files); // somebody who deletes logs by hand may have deleted it as well
        store.writeCopy(record);
        // None for somebody at its streams, see Containers.startAttached.
        if (how.equals(Interaction.NONE) && !spec.options().hooks().postStart().isEmpty()) {
            Files.createFile(files.hooksDue());
        }
        var starting = new Run(
                host.bootId(),
                false,
                Optional.empty(),
                Optional.empty(),
                rooms.clock().instant(),
                runtime.program().toString(),
                List.of(),
                List.of(),
                spec.options().process().tty(),
                spec.options().process().stdinOpen(),
                Optional.of(files.cgroup(spec)),
                Map.of());
        store.write(id, starting);
        var parents = new CgroupParents(rooms.root(), host.cgroups());
        parents.enter(spec);
        LimitFiles.lendRealtime(
                effective.resources(),
                host.cgroups()
                        .at(spec.options()
                                .isolation()
                                .cgroupParent()
                                .orElse(ContainerFiles.cgroupParent(rooms.root()))),
                spec.name());
        var joined = Joined.of(record, files, store, host);
        if (!joined.processes().isEmpty()) {
            starting = starting.withJoined(joined.processes());
            store.write(id, starting);
        }
        SelinuxLabels.join(record, files, joined);
        var users = UserNamespace.of(record, files, joined);
        mountRoot(record, files, users);
        shareMemory(record, files, users);
        mountVolumes(record);
        rooms.failPoint().reached(FailPoint.Step.START_MOUNTED);
        var attached = spec.networks().isEmpty()
                ? Optional.<Attached>empty()
                : Optional.of(rooms.networks().get().attach(request(record, users.map(UserNamespace::pin))));
        rooms.failPoint().reached(FailPoint.Step.START_ATTACHED);
        EtcFiles.write(record, files, attached);
        bundle(record, files, attached, joined, users, how.size());
        teardown.clear(files, runtime);
        Conmon.Prepared prepared;
        try {
            prepared = conmon.prepare(files, record, onExit.path(), how);
        } finally {
            HostNull.giveBack();
        }
        var run = starting.supervised(prepared.process(), prepared.conmon())
                .withAddresses(attached.map(Start::addresses).orElse(List.of()));
        store.write(id, run);
        if (users.isPresent()) {
            users.get().settle(record, files, prepared.process());
        }
        if (!Bundling.devices(spec, cdi(spec)).allow(TUN.major(), TUN.minor())) {
            host.cgroups().at(files.cgroup(spec)).deny(TUN);
        }
        rooms.failPoint().reached(FailPoint.Step.START_SUPERVISED);
        // It may have been taken off the network that they came by since it was made.
        var ports = attached.map(place -> place.reachable(spec.ports())).orElse(List.of());
        if (published && !ports.isEmpty()) {
            run = run.withPorts(publish(id, ports));
            store.write(id, run); // whoever adopts it knows them from there
        }
        rooms.failPoint().reached(FailPoint.Step.START_PUBLISHED);
        how.prepared().accept(files);
        var begin = rooms.clock().instant();
        letGo(runtime, record, files, prepared.process());
        rooms.failPoint().reached(FailPoint.Step.START_STARTED);
        started(record, run, rooms.clock().instant(), begin);
        rooms.failPoint().reached(FailPoint.Step.START_RECORDED);
    }

    /**
     * Writes down that its program runs.
     *
     * @param begin before the program began: it may have ended by now, and its start is told before its end
     */
    void started(ContainerRecord record, Run run, Instant when, Instant begin) throws IOException {
        store.write(record.id(), run.startedAt(when));
        if (record.made().healthCheck().isPresent()) {
            store.write(record.id(), HealthState.starting(when, ProcessDetails.uptime()));
        }
        rooms.events().tell(record, "start", Map.of(), begin);
    }

    private List<PublishedPort> publish(String id, List<PublishedPort> ports) throws IOException {
        while (true) {
            try {
                return rooms.networks().get().publish(id, ports);
            } catch (PortConflictException e) {
                if (!(e.holder() instanceof PortHolder.Container holder) || !putAway(holder.id())) {
                    throw e;
                }
            }
        }
    }

    /**
     * Without an agent nobody may have put away a container that ended by itself, and it has its ports still.
     *
     * @return whether it had ended, and has none now
     */
    private boolean putAway(String holder) throws IOException {
        // Not waited for: who holds it may be waiting for ours.
        try (var lock = store.tryLock(holder).orElse(null)) {
            if (lock == null || !store.hasRun(holder)) {
                return false;
            }
            var record = store.record(holder);
            return record.isPresent() && ending.finish(record.get()).isPresent() && !store.hasRun(holder);
        }
    }

    /** The prepared process becomes the program. */
    private void letGo(OciRuntime runtime, ContainerRecord record, ContainerFiles files, ProcessIdentity process)
            throws IOException {
        // What a device's vendor wants to be called then is called by the runtime.
        var fifo = cdi(record.spec()).hooks().containsKey("poststart")
                ? Optional.<ExecFifo>empty()
                : ExecFifo.of(runtime, record.id());
        if (fifo.isPresent() && fifo.get().letGo(process)) {
            return;
        }
        var started =
                runtime.run("--log-format=json", "--log", files.runtimeLog().toString(), "start", record.id());
        if (!started.succeeded()) {
            var message = RuntimeMessages.lastError(
                    files.runtimeLog(), started.output(), rooms.root().json());
            throw new ContainerException(
                    RuntimeMessages.classify(message),
                    runtime.name() + " cannot start container " + record.spec().name() + ": " + message);
        }
    }

    private void mountRoot(ContainerRecord record, ContainerFiles files, Optional<UserNamespace> users)
            throws IOException {
        // A limit that was asked for and does not hold any more would be found by whoever fills the disk.
        StorageLimits.check(record.spec(), files.root());
        var labels = SelinuxLabels.of(record, files);
        if (labels.isPresent()) {
            labels.get().require(record.spec().name());
        }
        var layers = rooms.images().layers(record.made().image());
        var upper = Optional.of(WrittenFiles.mounted(record, files));
        if (users.isPresent()) {
            UserNamespace.requireReachable(files.rootfs(), record.spec().name());
            // Root here is nobody there, and could not make it.
            Mounts.overlay(layers, upper, Optional.empty(), files.rootfs());
            makeDirectories(record, files);
            Mounts.unmount(files.rootfs());
        }
        UserNamespace.overlay(
                users,
                layers,
                upper,
                labels.map(SelinuxLabels::mount),
                files,
                record.spec().name(),
                files.rootfs());
        if (users.isEmpty()) {
            makeDirectories(record, files);
        }
    }

    /**
     * What a container asks of the networks; its names are those of Docker: service, container, short id.
     *
     * @param userNamespace that its network is to belong to, when it is made
     */
    static AttachRequest request(ContainerRecord record, Optional<Path> userNamespace) {
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
                record.leaseKey(),
                spec.networks(),
                names,
                spec.options().naming().resolver().servers(),
                userNamespace);
    }

    static List<ContainerAddress> addresses(Attached attached) {
        return attached.endpoints().stream().map(ContainerAddress::of).toList();
    }

    private void bundle(
            ContainerRecord record,
            ContainerFiles files,
            Optional<Attached> attached,
            Joined joined,
            Optional<UserNamespace> users,
            Optional<Terminal.Size> size)
            throws IOException {
        var mounts = new ArrayList<>(MountPlan.of(record, files, rooms, users, EtcFiles.mounted(files, joined)));
        if (record.spec().options().process().init()) {
            mounts.add(BundleMount.bind(rooms.init().get().toString(), INIT, true));
        }
        var cdi = cdi(record.spec());
        var bundle = new Bundling(rooms, host)
                .of(
                        record,
                        files,
                        attached,
                        joined,
                        users,
                        mounts,
                        process(record, files).with(cdi),
                        cdi);
        var json = rooms.root().json();
        var config = new BundleConfig(json).of(bundle);
        if (record.spec().options().process().tty()) {
            ExecSessions.beginWith(size, config.withObjectProperty("process"));
        }
        Files.write(files.config(), json.writeValueAsBytes(config));
    }

    private CdiEdits cdi(ContainerSpec spec) throws IOException {
        try {
            return Creation.cdi(spec, rooms);
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID, "container " + spec.name() + ": " + e.getMessage() + ".", e);
        }
    }

    private static void makeDirectories(ContainerRecord record, ContainerFiles files) throws IOException {
        makeWorkingDirectory(record, files);
        for (var target : MountPlan.openMemory(record)) {
            var above = target.substring(0, target.lastIndexOf('/') + 1);
            try (var root = Directory.open(files.rootfs());
                    var _ = root.makeDirectoriesInRoot(RawPath.of(above), 0755);
                    var _ = root.makeDirectoriesInRoot(RawPath.of(target), 01777)) {
                // It is there.
            } catch (LinuxException left) {
                // A file, or a link to nowhere, is the runtime's to refuse or to take.
            }
        }
    }

    /** Runtimes disagree about who makes it, and with a root that cannot be written to none of them can. */
    private static void makeWorkingDirectory(ContainerRecord record, ContainerFiles files) throws IOException {
        var path = record.made().workingDir();
        if (List.of("/proc", "/sys", "/dev").stream().anyMatch(own -> path.equals(own) || path.startsWith(own + "/"))) {
            // Something else is mounted there.
            return;
        }
        try (var root = Directory.open(files.rootfs());
                var _ = root.makeDirectoriesInRoot(RawPath.of(path), 0755)) {
            // It is there.
        } catch (LinuxException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + record.spec().name() + ": the working directory " + path + " cannot be made: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Memory that others may enter; a mount of its own, since they mount it too. */
    private static void shareMemory(ContainerRecord record, ContainerFiles files, Optional<UserNamespace> users)
            throws IOException {
        var ipc = record.spec().options().isolation().namespaces().ipc();
        if (ipc.filter(NamespaceMode.Shareable.class::isInstance).isPresent()) {
            Files.createDirectories(files.sharedMemory());
            Mounts.tmpfs(
                    files.sharedMemory(),
                    record.made().options().shmSize(),
                    01777,
                    users.map(u -> u.ids().outside(0)).orElse(0),
                    List.of(
                            DetachedMount.Attribute.NO_SUID,
                            DetachedMount.Attribute.NO_DEVICES,
                            DetachedMount.Attribute.NO_EXEC));
            var labels = SelinuxLabels.of(record, files);
            if (labels.isPresent()) {
                Relabelling.relabel(files.sharedMemory(), labels.get().mount());
            }
        }
    }

    /** The container's own process; its user is looked up anew, since a volume may have changed. */
    static ProcessSpec process(ContainerRecord record, ContainerFiles files) throws IOException {
        var effective = record.made();
        var options = record.spec().options();
        var args = new ArrayList<String>();
        if (options.process().init()) {
            args.add(INIT);
            if (Namespaces.isShared(options.isolation().namespaces().pid())) {
                // Not process 1 there: it has to ask for orphans.
                args.add("-s");
            }
            args.add("--");
        }
        args.addAll(effective.args());
        return process(
                record,
                files,
                options.process().tty(),
                effective.user(),
                args,
                effective.environment(),
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
        var options = record.spec().options();
        var made = record.made().options();
        try {
            var user = UserDatabase.read(files.rootfs())
                    .resolve(userText, options.process().groups());
            var withHome = new LinkedHashMap<>(environment);
            withHome.putIfAbsent("HOME", user.home());
            return new ProcessSpec(
                    terminal,
                    user,
                    args,
                    withHome,
                    workingDir,
                    capabilities,
                    new ProcessRules(
                            made.noNewPrivileges(),
                            made.oomScoreAdj(),
                            options.process().ulimits(),
                            made.apparmor(),
                            SelinuxLabels.of(record, files).map(SelinuxLabels::process)));
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + record.spec().name() + ": " + e.getMessage() + ".",
                    e);
        }
    }
}
