package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.network.PublishedPort;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One run of a container, kept below the run root. Means nothing after a reboot.
 *
 * @param bootId of the kernel it belongs to
 * @param started whether the runtime was told to start the program; before that its processes are only prepared
 * @param process pid 1 of the container, once there is one
 * @param conmon its supervisor, once there is one
 * @param runtime path of the runtime, which must also delete it
 * @param terminal whether its streams are a terminal
 * @param input whether its standard input is connected
 * @param cgroup its own; absent in records of an earlier version, when there was one place for all
 * @param joined by name of the container whose namespaces it entered: that one's process 1 then
 */
record Run(
        String bootId,
        boolean started,
        Optional<ProcessIdentity> process,
        Optional<ProcessIdentity> conmon,
        Instant startedAt,
        String runtime,
        List<PublishedPort> ports,
        List<ContainerAddress> addresses,
        boolean terminal,
        boolean input,
        Optional<String> cgroup,
        Map<String, ProcessIdentity> joined) {
    Run {
        ports = List.copyOf(ports);
        addresses = List.copyOf(addresses);
        joined = Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNullElse(joined, Map.of())));
    }

    Run supervised(ProcessIdentity newProcess, Optional<ProcessIdentity> newConmon) {
        return new Run(
                bootId,
                started,
                Optional.of(newProcess),
                newConmon,
                startedAt,
                runtime,
                ports,
                addresses,
                terminal,
                input,
                cgroup,
                joined);
    }

    Run startedAt(Instant when) {
        return new Run(bootId, true, process, conmon, when, runtime, ports, addresses, terminal, input, cgroup, joined);
    }

    Run withPorts(List<PublishedPort> newPorts) {
        return new Run(
                bootId, started, process, conmon, startedAt, runtime, newPorts, addresses, terminal, input, cgroup,
                joined);
    }

    Run withAddresses(List<ContainerAddress> newAddresses) {
        return new Run(
                bootId,
                started,
                process,
                conmon,
                startedAt,
                runtime,
                ports,
                newAddresses,
                terminal,
                input,
                cgroup,
                joined);
    }

    Run withJoined(Map<String, ProcessIdentity> processes) {
        return new Run(
                bootId, started, process, conmon, startedAt, runtime, ports, addresses, terminal, input, cgroup,
                processes);
    }

    boolean isAlive() {
        return process.filter(ProcessIdentity::isAlive).isPresent();
    }

    boolean isSupervised() {
        return conmon.filter(ProcessIdentity::isAlive).isPresent();
    }
}
