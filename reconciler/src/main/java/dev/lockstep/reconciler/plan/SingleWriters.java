package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartPolicy;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Keeps the promise of {@code single_writer}: whoever can write to the volume has ended before another one starts that
 * can. Comes after all steps are known, and puts them in order.
 */
record SingleWriters(Desired desired, Observed observed, PlanBuilder plan) {
    void order() {
        desired.volumes().stream().filter(DesiredVolume::singleWriter).forEach(this::order);
    }

    private void order(DesiredVolume volume) {
        var name = volume.spec().name();
        var writers = desired.services().stream()
                .map(DesiredService::slots)
                .flatMap(List::stream)
                .map(slot -> slot.spec())
                .filter(spec -> writes(spec, name))
                .toList();
        if (writers.size() > 1) {
            plan.problem(
                    path(volume),
                    writers.stream().map(ContainerSpec::name).collect(Collectors.joining(", "))
                            + " would write to it at once; let one of them do so and mount it read_only in the others, or"
                            + " remove single_writer");
            return;
        }
        for (var writer : writers) {
            observed.containers().stream()
                    .filter(c -> writes(c.record().spec(), name))
                    .filter(c -> !isPlaceOf(writer, c.record().spec()))
                    .forEach(c -> handOver(volume, c, writer));
        }
    }

    private void handOver(DesiredVolume volume, ObservedContainer from, ContainerSpec to) {
        var start = plan.steps().stream()
                .filter(s -> Operation.startsContainer(s.operation())
                        && s.operation().name().equals(to.name()))
                .findFirst();
        if (start.isEmpty()) {
            if (!mayRun(from)) {
                return;
            }
            plan.warn("container " + from.name() + " writes to volume "
                    + volume.spec().name() + " beside " + to.name() + ", and single_writer is asked for");
            return;
        }
        var end = plan.steps().stream()
                .filter(s -> isEndOf(from, volume.spec().name(), s.operation()))
                .findFirst();
        if (end.isEmpty()) {
            if (mayRun(from)) {
                plan.problem(
                        path(volume),
                        "container " + from.name()
                                + " writes to it and stays; take it down first, or remove single_writer");
            }
        } else if (plan.comesAfter(end.get().id(), start.get().id())) {
            plan.problem(
                    path(volume),
                    "container " + from.name() + " has to let go of it before " + to.name()
                            + " starts, and depends on it; make the change in two commits");
        } else {
            plan.after(start.get().id(), end.get().id());
        }
    }

    /** Whether it runs, or may be started again by its policy at any moment. */
    private static boolean mayRun(ObservedContainer container) {
        return container.isRunning() || container.record().spec().restart().condition() != RestartPolicy.Condition.NO;
    }

    /** Whether the container is gone after the operation, or there is another one that does not write. */
    private static boolean isEndOf(ObservedContainer container, String volume, Operation operation) {
        return switch (operation) {
            case Operation.RemoveContainer remove -> remove.id().equals(container.id());
            case Operation.ReplaceContainer replace ->
                replace.id().equals(container.id()) && !writes(replace.spec(), volume);
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.CreateContainer _,
                    Operation.UpdateContainer _,
                    Operation.StartContainer _,
                    Operation.StopContainer _,
                    Operation.RestartContainer _ -> false;
        };
    }

    /** One place's containers follow each other in any case. */
    private static boolean isPlaceOf(ContainerSpec wanted, ContainerSpec found) {
        return found.owner().stack().equals(wanted.owner().stack())
                && found.service().equals(wanted.service())
                && found.slot() == wanted.slot();
    }

    private static boolean writes(ContainerSpec spec, String volume) {
        return spec.mounts().stream()
                .map(mount -> mount instanceof MountSpec.Volume v && !v.readOnly()
                        ? Optional.of(v)
                        : Optional.<MountSpec.Volume>empty())
                .flatMap(Optional::stream)
                .anyMatch(v -> v.name().equals(volume));
    }

    private static String path(DesiredVolume volume) {
        return "volumes." + volume.key() + ".x-lockstep.single_writer";
    }
}
