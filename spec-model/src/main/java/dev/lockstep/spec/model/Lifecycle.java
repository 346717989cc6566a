package dev.lockstep.spec.model;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * When containers start, stop and are started again, and how many there are.
 *
 * @param dependsOn by the other service's name; also what links and shared namespaces make of it
 * @param stopSignal what asks the process to end; the image's, then SIGTERM when empty
 * @param stopGracePeriod how long it has to end
 * @param scale how many containers, as the service-level key says; {@link Service#replicas()} is what counts
 * @param profiles the service is there only when one of them is asked for; always when empty
 * @param attach whether {@code up} shows its output
 * @param hooks what runs beside the start and stop
 */
public record Lifecycle(
        Map<String, Dependency> dependsOn,
        Optional<Written<Restart>> restart,
        Optional<HealthCheck> healthCheck,
        Optional<Written<Signal>> stopSignal,
        Optional<Duration> stopGracePeriod,
        Optional<Integer> scale,
        Optional<Deploy> deploy,
        List<String> profiles,
        Optional<Boolean> attach,
        Hooks hooks) {
    public Lifecycle {
        dependsOn = Copies.ordered(dependsOn);
        profiles = List.copyOf(profiles);
    }

    /** The same with other services to depend on. */
    public Lifecycle withDependencies(Map<String, Dependency> others) {
        return new Lifecycle(
                others, restart, healthCheck, stopSignal, stopGracePeriod, scale, deploy, profiles, attach, hooks);
    }
}
