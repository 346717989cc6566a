package dev.lockstep.spec.model;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code deploy} block of a service. One host honours replicas, limits, reservations and the restart policy; the
 * rest is kept for those who place services on many.
 *
 * @param labels of the service, not of its containers
 * @param update how a new revision replaces the old one
 * @param rollback the same when it goes back
 */
public record Deploy(
        Optional<Written<Mode>> mode,
        Optional<Integer> replicas,
        Map<String, String> labels,
        Optional<UpdateConfig> update,
        Optional<UpdateConfig> rollback,
        Optional<Limits> limits,
        Optional<Reservations> reservations,
        Optional<RestartPolicy> restartPolicy,
        Placement placement,
        Optional<Written<EndpointMode>> endpointMode) {
    /** How many containers, and where. */
    public enum Mode {
        REPLICATED,
        GLOBAL,
        REPLICATED_JOB,
        GLOBAL_JOB;

        /** The word in Compose files, such as {@code replicated-job}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** How clients find the containers: one address for all, or a name with all addresses. */
    public enum EndpointMode {
        VIP,
        DNSRR;

        /** The word in Compose files. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What each container gets at most.
     *
     * @param cpus CPU time, in CPUs; fractions are allowed
     * @param pids processes and threads; −1 is no limit
     */
    public record Limits(Optional<Decimal> cpus, Optional<ByteSize> memory, Optional<Long> pids) {}

    /** What each container gets at least. */
    public record Reservations(
            Optional<Decimal> cpus,
            Optional<ByteSize> memory,
            List<DeviceRequest> devices,
            List<GenericResource> genericResources) {
        public Reservations {
            devices = List.copyOf(devices);
            genericResources = List.copyOf(genericResources);
        }
    }

    /** So many of something that hosts are told to have. */
    public record GenericResource(String kind, long value) {}

    public Deploy {
        if (replicas.isPresent() && replicas.get() < 0) {
            throw new IllegalArgumentException("replicas cannot be negative, got " + replicas.get());
        }
        labels = Copies.ordered(labels);
    }

    /** The same with so many containers. */
    public Deploy withReplicas(int number) {
        return new Deploy(
                mode,
                Optional.of(number),
                labels,
                update,
                rollback,
                limits,
                reservations,
                restartPolicy,
                placement,
                endpointMode);
    }

    /** Limits and reservations side by side. */
    public Resources resources() {
        return new Resources(
                limits.flatMap(Limits::cpus),
                limits.flatMap(Limits::memory),
                limits.flatMap(Limits::pids),
                reservations.flatMap(Reservations::cpus),
                reservations.flatMap(Reservations::memory));
    }
}
