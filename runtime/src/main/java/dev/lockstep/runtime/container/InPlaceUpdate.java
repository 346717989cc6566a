package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
            // With no network the runtime makes the namespace, and nobody could enter it to add one.
            new Field("network_mode", spec -> spec.networks().isEmpty()));

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;

    InPlaceUpdate(ContainerRooms rooms, ContainerStore store, Host host) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
    }

    /** Names of the fields that differ and need another container. */
    static List<String> needsReplacement(ContainerSpec before, ContainerSpec after) {
        return FIXED.stream()
                .filter(field ->
                        !field.value().apply(before).equals(field.value().apply(after)))
                .map(Field::name)
                .toList();
    }

    /** Where a bind source is kept does not matter, only what it is. */
    private static Object mountIdentities(ContainerSpec spec) {
        var identities = new ArrayList<Object>();
        for (var mount : spec.mounts()) {
            identities.add(
                    mount instanceof MountSpec.Bind bind
                            ? List.of(bind.identity(), bind.target(), bind.readOnly())
                            : mount);
        }
        return identities;
    }

    /** Does it; the container's lock is held. What fails leaves the record as it was. */
    void update(ContainerRecord record, ContainerSpec spec) throws IOException {
        var fixed = needsReplacement(record.spec(), spec);
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
        var run = store.run(id, host.bootId()).filter(Run::started).filter(Run::isAlive);
        if (run.isPresent()) {
            limits(record, effective.resources(), host.cgroups().at(files.cgroup()));
            store.write(id, network(changed, record, files, run.get()));
            if (effective.healthCheck().isPresent()
                    && !effective.healthCheck().equals(record.made().healthCheck())) {
                store.write(id, HealthState.starting(rooms.clock().instant()));
            }
            Start.marker(files, spec.restart());
        } else if (store.life(id).stoppedByUser()) {
            Start.marker(files, RestartPolicy.NONE);
        }
        store.write(changed);
    }

    private static void limits(ContainerRecord record, Limits wanted, Cgroup cgroup) throws IOException {
        var now = LimitFiles.read(cgroup);
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

    private Run network(ContainerRecord changed, ContainerRecord before, ContainerFiles files, Run run)
            throws IOException {
        var result = run;
        if (!changed.spec().networks().equals(before.spec().networks())) {
            var attached = rooms.networks().get().updateAttachments(Start.request(changed));
            Start.etcFiles(changed, files, Optional.of(attached));
            result = result.withAddresses(Start.addresses(attached));
        }
        if (!changed.spec().ports().equals(before.spec().ports())) {
            result = result.withPorts(
                    rooms.networks().get().publish(changed.id(), changed.spec().ports()));
        }
        return result;
    }
}
