package dev.lockstep.spec.model;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One service. An empty {@code Optional} is what the file does not say; defaults are the engine's, not the model's.
 *
 * @param image the reference as written
 * @param command replaces the image's; an empty list clears it
 * @param entrypoint replaces the image's and drops its command; an empty list clears it
 * @param environment what {@code env_file} and {@code environment} give together; a name with an empty value is not
 *     passed to the container and hides what the image sets for it
 * @param mounts by order of the file; no two have the same target
 * @param networks by the network's key, never empty
 * @param dependsOn by the other service's name
 * @param cpus as the service-level key says; {@link #resources()} is what counts
 * @param memoryLimit as {@code mem_limit} says; {@link #resources()} is what counts
 * @param files every file that was read for this service alone (its {@code env_file}s), as the file tree names them
 */
public record Service(
        String name,
        String image,
        Optional<List<String>> command,
        Optional<List<String>> entrypoint,
        Map<String, Optional<String>> environment,
        List<Port> ports,
        List<Mount> mounts,
        Map<String, Attachment> networks,
        Map<String, Dependency> dependsOn,
        Optional<Restart> restart,
        Optional<HealthCheck> healthCheck,
        Optional<BigDecimal> cpus,
        Optional<ByteSize> memoryLimit,
        Optional<Deploy> deploy,
        Optional<String> user,
        Optional<String> workingDirectory,
        Optional<String> hostname,
        Map<String, String> labels,
        List<String> files) {
    public Service {
        command = command.map(List::copyOf);
        entrypoint = entrypoint.map(List::copyOf);
        environment = Copies.ordered(environment);
        ports = List.copyOf(ports);
        mounts = List.copyOf(mounts);
        networks = Copies.ordered(networks);
        dependsOn = Copies.ordered(dependsOn);
        labels = Copies.ordered(labels);
        files = List.copyOf(files);
    }

    /** How many containers the service wants: {@code deploy.replicas}, else 1. */
    public int replicas() {
        return deploy.flatMap(Deploy::replicas).orElse(1);
    }

    /** The limits in force, whichever of the two places of the file they were written in. */
    public Resources resources() {
        var written = deploy.map(Deploy::resources).orElse(Resources.NONE);
        return new Resources(
                cpus.or(() -> written.cpus()),
                memoryLimit.or(() -> written.memoryLimit()),
                written.pids(),
                written.reservedCpus(),
                written.memoryReservation());
    }
}
