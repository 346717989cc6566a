package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.ProcessDetails;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.Endpoint;
import dev.lockstep.runtime.network.ObservedAttachment;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** Changes a container without another process: limits, networks, ports, and what only the record says. */
final class InPlaceUpdate {
    private record Field(String name, Function<ContainerSpec, Object> value) {}

    /** What a running process cannot be given anew. */
    private static final List<Field> FIXED = List.of(
            new Field("name", ContainerSpec::name),
            new Field("stack", spec -> spec.owner().stack()),
            new Field("service", ContainerSpec::service),
            new Field("slot", ContainerSpec::slot),
            new Field("image", ContainerSpec::digest),
            new Field("entrypoint", ContainerSpec::entrypoint),
            new Field("command", ContainerSpec::command),
            new Field("environment", ContainerSpec::environment),
            new Field("user", ContainerSpec::user),
            new Field("working_dir", ContainerSpec::workingDir),
            new Field("hostname", ContainerSpec::hostname),
            new Field("volumes", InPlaceUpdate::mountIdentities),
            new Field("domainname", spec -> spec.options().naming().domainname()),
            new Field("annotations", spec -> spec.options().naming().annotations()),
            new Field(
                    "group_add, tty, stdin_open, init, ulimits or oom_score_adj",
                    spec -> spec.options().process()),
            new Field("privileges or namespaces", spec -> spec.options().isolation()),
            new Field("devices", spec -> {
                var devices = spec.options().devices();
                return List.of(Set.copyOf(devices.mappings()), devices.rules(), devices.cdi());
            }),
            new Field("logging", spec -> spec.options().log().fixed()),
            new Field("shm_size or volumes_from", spec -> {
                var storage = spec.options().storage();
                return List.of(storage.shmSize(), storage.volumesFrom());
            }),
            // What was written before there was a limit would not count.
            new Field("storage_opt", spec -> spec.options().storage().size().isPresent()),
            // A process is born with its real-time budget.
            new Field(
                    "cpu_rt_period or cpu_rt_runtime",
                    spec -> List.of(
                            spec.resources().realtimePeriod(), spec.resources().realtimeRuntime())));

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;

    InPlaceUpdate(ContainerRooms rooms, ContainerStore store, Host host) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
    }

    /** Names of the fields that differ and need another container. */
    static List<String> needsReplacement(ContainerRecord record, ContainerSpec after) {
        var before = record.spec();
        var asked = withoutWhatWasSo(before, after, record.made());
        return FIXED.stream()
                .filter(field ->
                        !field.value().apply(before).equals(field.value().apply(asked)))
                .map(Field::name)
                .toList();
    }

    /** What was not asked for, was filled in, and is asked for now just so, changes nothing but who says it. */
    private static ContainerSpec withoutWhatWasSo(ContainerSpec before, ContainerSpec after, Effective made) {
        var environment = new LinkedHashMap<>(after.environment());
        environment
                .entrySet()
                .removeIf(variable -> !before.environment().containsKey(variable.getKey())
                        && variable.getValue()
                                .equals(Optional.ofNullable(made.environment().get(variable.getKey())))
                        && variable.getValue().isPresent());
        var then = before.options();
        var now = after.options();
        var options = now.with(new ProcessOptions(
                        now.process().groups(),
                        now.process().tty(),
                        now.process().stdinOpen(),
                        now.process().init(),
                        now.process().ulimits(),
                        unlessSo(
                                then.process().oomScoreAdj(),
                                now.process().oomScoreAdj(),
                                made.options().oomScoreAdj())))
                .with(new StorageOptions(
                        unlessSo(
                                then.storage().shmSize(),
                                now.storage().shmSize(),
                                made.options().shmSize()),
                        now.storage().volumesFrom(),
                        now.storage().size()))
                .with(now.isolation()
                        .withRuntime(unlessSo(
                                then.isolation().runtime(), now.isolation().runtime(), made.ociRuntime())));
        return new ContainerSpec(
                after.name(),
                after.owner(),
                after.service(),
                after.slot(),
                after.image(),
                after.digest(),
                after.entrypoint(),
                after.command(),
                environment,
                unlessSo(before.user(), after.user(), made.user()),
                unlessSo(before.workingDir(), after.workingDir(), made.workingDir()),
                unlessSo(before.hostname(), after.hostname(), made.hostname()),
                after.labels(),
                after.mounts(),
                after.networks(),
                after.ports(),
                after.resources(),
                after.restart(),
                after.healthCheck(),
                after.stopSignal(),
                after.stopGrace(),
                options);
    }

    private static <T> Optional<T> unlessSo(Optional<T> before, Optional<T> after, T made) {
        return before.isEmpty() && after.filter(made::equals).isPresent() ? before : after;
    }

    /** Where a bind source is kept does not matter, only what it is; nor which mount is named first. */
    private static Object mountIdentities(ContainerSpec spec) {
        var identities = new TreeMap<String, Object>();
        for (var mount : spec.mounts()) {
            identities.put(
                    mount.target(),
                    mount instanceof MountSpec.Bind bind
                            ? List.of(bind.identity(), bind.readOnly(), bind.options())
                            : mount);
        }
        return identities;
    }

    /** Does it; the container's lock is held. What fails leaves the record as it was. */
    void update(ContainerRecord record, ContainerSpec spec) throws IOException {
        var fixed = needsReplacement(record, spec);
        if (!fixed.isEmpty()) {
            throw new ContainerException(
                    ContainerException.Reason.CONFLICT,
                    "Container " + record.spec().name() + " must be replaced to change " + String.join(", ", fixed)
                            + ".");
        }
        var id = record.id();
        var image = rooms.images().config(record.made().image());
        Effective effective;
        try {
            effective = record.made()
                    .with(
                            Limits.of(spec.resources()),
                            Resolution.healthCheck(spec, image),
                            Resolution.stopSignal(spec, image),
                            Resolution.stopGrace(spec));
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID, "container " + spec.name() + ": " + e.getMessage() + ".", e);
        }
        var changed = record.with(spec, effective);
        var files = store.files(id);
        var size = spec.options().storage().size();
        if (size.isPresent()) {
            StorageLimits.check(spec, files.root());
            StorageLimits.change(files, size.get());
        }
        var run = store.run(id, host.bootId()).filter(Run::started).filter(Run::isAlive);
        var otherCheck = run.isPresent()
                && effective.healthCheck().isPresent()
                && !effective.healthCheck().equals(record.made().healthCheck());
        if (run.isPresent()) {
            limits(record, effective.resources(), host.cgroups().at(files.cgroup(spec)));
            store.write(id, network(changed, record, files, run.get()));
            if (otherCheck) {
                // First, so that nobody who is killed leaves the old check's state to the new one.
                store.write(id, HealthState.starting(rooms.clock().instant(), ProcessDetails.uptime()));
            }
            Start.marker(files, spec.restart());
        } else if (store.life(id).stoppedByUser()) {
            Start.marker(files, RestartPolicy.NONE);
        }
        if (!changed.equals(record)) { // else it could not be started on a full disk
            store.write(changed);
        }
        if (otherCheck) {
            // Again: a probe that ended meanwhile was one of the check on record, and was kept.
            store.write(id, HealthState.starting(rooms.clock().instant(), ProcessDetails.uptime()));
        }
    }

    private static void limits(ContainerRecord record, Limits wanted, Cgroup cgroup) throws IOException {
        var now = LimitFiles.read(cgroup, record.made().resources());
        if (now.isEmpty()) {
            return;
        }
        try {
            LimitFiles.write(cgroup, now.get(), wanted);
        } catch (IOException e) {
            var used = LimitFiles.memoryInUse(cgroup)
                    .map(bytes -> " It uses " + bytes + " bytes of memory now.")
                    .orElse("");
            throw new ContainerException(
                    ContainerException.Reason.CONFLICT,
                    "The kernel refuses the new limits of container "
                            + record.spec().name() + " (" + e.getMessage() + ")." + used,
                    e);
        }
    }

    /**
     * Brings links, names and published ports to what is asked for, also where somebody changed what is there; back to
     * what was where that fails.
     */
    private Run network(ContainerRecord changed, ContainerRecord before, ContainerFiles files, Run run)
            throws IOException {
        try {
            return networkForth(changed, before, files, run);
        } catch (IOException | RuntimeException e) {
            if (!changed.spec().networks().equals(before.spec().networks())) {
                try {
                    networkBack(before, files, run);
                } catch (IOException | RuntimeException also) {
                    e.addSuppressed(also);
                }
            }
            throw e;
        }
    }

    private void networkBack(ContainerRecord before, ContainerFiles files, Run run) throws IOException {
        var networks = rooms.networks().get();
        var attached = networks.updateAttachments(
                Start.request(before, Optional.empty()), run.process().orElseThrow());
        EtcFiles.write(before, files, Optional.of(attached));
        networks.publish(before.id(), attached.reachable(run.ports()));
    }

    private Run networkForth(ContainerRecord changed, ContainerRecord before, ContainerFiles files, Run run)
            throws IOException {
        var spec = changed.spec();
        var none = spec.networks().isEmpty();
        if (none && before.spec().networks().isEmpty()) {
            if (!naming(changed).equals(naming(before))) {
                EtcFiles.write(changed, files, Optional.empty());
            }
            return run;
        }
        var networks = rooms.networks().get();
        var now = networks.observe(changed.id());
        var result = run;
        var same = spec.networks().equals(before.spec().networks())
                && now.filter(is -> is.namespace() && is.missingNetworks().isEmpty() && isOn(is, spec))
                        .isPresent();
        if (!same || !naming(changed).equals(naming(before))) {
            var request = Start.request(changed, Optional.empty());
            var attached = now.filter(ObservedAttachment::namespace).isPresent()
                    ? networks.updateAttachments(request)
                    : networks.updateAttachments(request, run.process().orElseThrow());
            EtcFiles.write(changed, files, Optional.of(attached));
            result = result.withAddresses(Start.addresses(attached));
        }
        if (none) {
            return result.withPorts(List.of()); // They have gone with the last network.
        }
        if (now.filter(is -> !is.missingPorts().isEmpty()).isPresent()) {
            networks.ensure(spec.networks().getFirst().network());
        }
        // Others than before are refused where nothing leads in; as before, they have gone with the network that did.
        var ports = spec.ports().equals(before.spec().ports())
                ? networks.attached(changed.id())
                        .map(place -> place.reachable(spec.ports()))
                        .orElse(List.of())
                : spec.ports();
        // Also those that are asked for as before: they may have gone with a network that is there again.
        return result.withPorts(networks.publish(changed.id(), ports));
    }

    private static boolean isOn(ObservedAttachment is, ContainerSpec spec) {
        return is.attached().endpoints().stream()
                .map(Endpoint::network)
                .sorted()
                .toList()
                .equals(spec.networks().stream()
                        .map(AttachmentSpec::network)
                        .sorted()
                        .toList());
    }

    private static Naming naming(ContainerRecord record) {
        return record.spec().options().naming();
    }
}
