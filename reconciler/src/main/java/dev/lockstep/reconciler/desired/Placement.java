package dev.lockstep.reconciler.desired;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Which slots of a service are on this host. The one step that many hosts will replace. */
public interface Placement {
    /** All replicas, numbered from 1. */
    Placement ONE_HOST =
            (_, service) -> IntStream.rangeClosed(1, service.replicas()).boxed().toList();

    /** The same, but for services of which somebody wants another number. */
    default Placement scaled(Map<String, Integer> counts) {
        return (project, service) -> {
            var count = counts.get(service.name());
            return count == null
                    ? slots(project, service)
                    : IntStream.rangeClosed(1, count).boxed().toList();
        };
    }

    /** Slot numbers in ascending order. */
    List<Integer> slots(Project project, Service service);
}
