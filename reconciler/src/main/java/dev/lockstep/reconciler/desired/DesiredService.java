package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Written;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A service on this host.
 *
 * @param slots by number; none when it is scaled to zero here
 * @param dependsOn by the other service's name
 * @param update how its containers are replaced
 * @param rollback the same when the stack goes back to a revision that was well
 * @param job its containers do their work once and end
 */
public record DesiredService(
        String name,
        List<DesiredContainer> slots,
        Map<String, Dependency> dependsOn,
        Rollout update,
        Rollout rollback,
        boolean job) {
    /** One that says nothing of how it is replaced. */
    public DesiredService(String name, List<DesiredContainer> slots, Map<String, Dependency> dependsOn) {
        this(name, slots, dependsOn, Rollout.DEFAULT, Rollout.DEFAULT, false);
    }

    public DesiredService {
        slots = List.copyOf(slots);
        dependsOn = Collections.unmodifiableMap(new LinkedHashMap<>(dependsOn));
    }

    /** The same with each of its containers made into another one. */
    public DesiredService mapped(UnaryOperator<ContainerSpec> change) {
        return new DesiredService(
                name,
                slots.stream()
                        .map(slot -> new DesiredContainer(change.apply(slot.spec()), slot.image(), slot.mounted()))
                        .toList(),
                dependsOn,
                update,
                rollback,
                job);
    }

    /** Whether the containers are to do their work once and end. */
    static boolean isJob(Deploy deploy) {
        return deploy.mode()
                .flatMap(Written::value)
                .filter(mode -> mode == Deploy.Mode.REPLICATED_JOB || mode == Deploy.Mode.GLOBAL_JOB)
                .isPresent();
    }
}
