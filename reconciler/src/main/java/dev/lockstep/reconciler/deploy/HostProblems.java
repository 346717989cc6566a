package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the containers that a plan makes or changes ask of this host and it has not: a runtime, a device, a processor, a
 * sysctl. Said before the old ones are gone. What stays as it is had it once, and is no matter of the plan.
 */
final class HostProblems {
    private HostProblems() {}

    /** One for each service and attribute, where it is written. */
    static List<Problem> of(Containers containers, Project project, Desired desired, Plan plan) throws IOException {
        var coming = desired.services().stream()
                .flatMap(service -> service.slots().stream())
                .map(slot -> slot.spec().name())
                .collect(Collectors.toSet());
        var looked = new HashSet<String>();
        var problems = new ArrayList<Problem>();
        for (var step : plan.steps()) {
            var spec = made(step);
            if (spec.isEmpty() || !looked.add(spec.get().service())) {
                continue;
            }
            for (var unmet : containers.unmet(spec.get(), coming::contains)) {
                var path = where(project, "services." + spec.get().service(), unmet.attribute());
                problems.add(new Problem(project.sources().at(path), path, unmet.why()));
            }
        }
        return problems;
    }

    private static Optional<ContainerSpec> made(Step step) {
        return switch (step.operation()) {
            case Operation.CreateContainer create -> Optional.of(create.spec());
            case Operation.ReplaceContainer replace -> Optional.of(replace.spec());
            case Operation.UpdateContainer update -> Optional.of(update.spec());
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.StartContainer _,
                    Operation.RestartContainer _,
                    Operation.StopContainer _,
                    Operation.RemoveContainer _ -> Optional.empty();
        };
    }

    private static String where(Project project, String service, String attribute) {
        // Some can be asked for in several places.
        var candidates = switch (attribute) {
            case "gpus" -> List.of("gpus", "deploy.resources.reservations.devices", "devices");
            case "mem_limit" -> List.of("mem_limit", "deploy.resources.limits.memory");
            case "mem_reservation" -> List.of("mem_reservation", "deploy.resources.reservations.memory");
            default -> List.of(attribute);
        };
        return candidates.stream()
                .map(candidate -> service + "." + candidate)
                .filter(path -> isWritten(project, path))
                .findFirst()
                .orElse(service);
    }

    private static boolean isWritten(Project project, String path) {
        return project.sources().positions().keySet().stream()
                .anyMatch(written ->
                        written.equals(path) || written.startsWith(path + ".") || written.startsWith(path + "["));
    }
}
