package dev.lockstep.reconciler.desired;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import java.util.List;
import java.util.stream.IntStream;

/** Which slots of a service are on this host. The one step that many hosts will replace. */
public interface Placement {
    /** All replicas, numbered from 1. */
    Placement ONE_HOST =
            (_, service) -> IntStream.rangeClosed(1, service.replicas()).boxed().toList();

    /** Slot numbers in ascending order. */
    List<Integer> slots(Project project, Service service);
}
