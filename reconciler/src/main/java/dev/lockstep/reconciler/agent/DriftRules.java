package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.plan.Cause;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.ProjectExtension.Drift;
import dev.lockstep.spec.model.ProjectExtension.Ignored;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a stack's files say of a host that is not as they ask.
 *
 * @param mode what is done about it
 * @param ignored fields that do not count now
 */
record DriftRules(ProjectExtension.Mode mode, List<String> ignored) {
    static final DriftRules REPAIR = new DriftRules(ProjectExtension.Mode.REPAIR, List.of());

    DriftRules {
        ignored = List.copyOf(ignored);
    }

    /** The rules of a project; what is ignored until a day counts again from the end of that day (UTC) on. */
    static DriftRules of(Project project, Instant now) {
        return project.extension()
                .flatMap(ProjectExtension::drift)
                .map(drift -> new DriftRules(drift.mode(), ignored(drift, now)))
                .orElse(REPAIR);
    }

    private static List<String> ignored(Drift drift, Instant now) {
        return drift.ignore().stream()
                .filter(i -> !i.isOver(now))
                .map(Ignored::path)
                .toList();
    }

    /**
     * Whether the step only puts something right on the host: a step that brings something new from a file or a
     * registry is none.
     */
    static boolean isRepair(Step step) {
        return !(step.operation() instanceof Operation.OnImage)
                && step.causes().stream().allMatch(cause -> switch (cause.kind()) {
                    case DRIFT, DEPENDENCY -> true;
                    case SPEC, DEFAULT, IMAGE, CONTENT -> false;
                });
    }

    /** Whether nothing of what the step would put right counts. A step that the container goes by counts as a whole. */
    boolean isIgnored(Step step) {
        return !step.causes().isEmpty()
                && isRepair(step)
                && service(step.operation())
                        .filter(service -> step.causes().stream().allMatch(cause -> isIgnored(service, cause)))
                        .isPresent();
    }

    private boolean isIgnored(String service, Cause cause) {
        if (cause.kind() != Cause.Kind.DRIFT || cause.field().isEmpty()) {
            return false;
        }
        var own = "services." + service + "." + cause.field();
        var other = switch (cause.field()) {
            case "mem_limit" -> "deploy.resources.limits.memory";
            case "cpus" -> "deploy.resources.limits.cpus";
            case "pids_limit" -> "deploy.resources.limits.pids";
            case "mem_reservation" -> "deploy.resources.reservations.memory";
            default -> cause.field();
        };
        var written = "services." + service + "." + other;
        return ignored.stream().anyMatch(path -> covers(path, own) || covers(path, written));
    }

    private static boolean covers(String path, String field) {
        return field.equals(path) || field.startsWith(path + ".");
    }

    private static Optional<String> service(Operation operation) {
        return switch (operation) {
            case Operation.UpdateContainer u -> Optional.of(u.spec()).map(ContainerSpec::service);
            case Operation.StartContainer s -> Optional.of(s.spec()).map(ContainerSpec::service);
            case Operation.RestartContainer r -> Optional.of(r.spec()).map(ContainerSpec::service);
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.CreateContainer _,
                    Operation.ReplaceContainer _,
                    Operation.StopContainer _,
                    Operation.RemoveContainer _ -> Optional.empty();
        };
    }
}
