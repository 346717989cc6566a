package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.Rollout;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.model.UpdateConfig.FailureAction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Puts the changes of a service's containers in order, so that a service with several of them never loses all at once:
 * first what brings more of them, then those that serve nobody now, then one group of the others after the other.
 */
final class Roll {
    private final DesiredService service;
    private final PlanBuilder plan;
    /** Steps after which there is one more. */
    private final List<Place> more = new ArrayList<>();

    private final List<Place> idle = new ArrayList<>();
    private final List<Place> serving = new ArrayList<>();

    /**
     * What is done at one place.
     *
     * @param step that ends with a container that serves
     * @param ends steps that end one which serves now
     */
    private record Place(String step, Set<String> ends) {}

    Roll(DesiredService service, PlanBuilder plan) {
        this.service = service;
        this.plan = plan;
    }

    /**
     * Takes the steps of one place.
     *
     * @param left steps that remove what is left there of an interrupted change
     * @param containers of that place now
     */
    void add(String step, Set<String> left, Collection<ObservedContainer> containers) {
        var serves = containers.stream().anyMatch(ObservedContainer::isRunning);
        var operation = plan.steps().stream()
                .filter(s -> s.id().equals(step))
                .map(Step::operation)
                .findFirst()
                .orElseThrow();
        switch (operation) {
            case Operation.ReplaceContainer _, Operation.RestartContainer _ ->
                (serves ? serving : idle).add(new Place(step, Set.of(step)));
            // One that stood by comes back in the place of the one that serves.
            case Operation.StartContainer _ when serves && !left.isEmpty() -> serving.add(new Place(step, left));
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.CreateContainer _,
                    Operation.UpdateContainer _,
                    Operation.StartContainer _,
                    Operation.StopContainer _,
                    Operation.RemoveContainer _ -> more.add(new Place(step, Set.of()));
        }
    }

    /** Whether there is somebody to keep serving; a job serves nobody. */
    private boolean isRolled() {
        return service.slots().size() > 1 && !service.job() && service.update().parallelism() > 0;
    }

    void order() {
        if (!isRolled() || serving.isEmpty()) {
            return;
        }
        var before = steps(List.of(more, idle));
        var last = before;
        var size = service.update().groupOf(serving.size());
        var groups = (serving.size() + size - 1) / size;
        for (var group = 1; group <= groups; group++) {
            var places = serving.subList((group - 1) * size, Math.min(group * size, serving.size()));
            if (!before.isEmpty()) {
                var turn = turn(group, groups, before, last);
                places.forEach(place -> place.ends().forEach(end -> plan.turn(end, turn)));
            }
            last = steps(List.of(places));
            before = steps(List.of(more, idle, serving.subList(0, Math.min(group * size, serving.size()))));
        }
    }

    /** When one that is not wanted any more may go: when those that stay serve. */
    Optional<Turn> end() {
        var all = steps(List.of(more, idle, serving));
        return all.isEmpty() || service.job() || service.slots().isEmpty()
                ? Optional.empty()
                : Optional.of(turn(1, 1, all, all));
    }

    private static SortedSet<String> steps(List<List<Place>> lists) {
        return lists.stream().flatMap(List::stream).map(Place::step).collect(Collectors.toCollection(TreeSet::new));
    }

    private Turn turn(int group, int groups, SortedSet<String> before, Collection<String> last) {
        Rollout rollout = service.update();
        var names = plan.steps().stream()
                .filter(step -> last.contains(step.id()))
                .map(step -> step.operation().name())
                .toList();
        return new Turn(
                group,
                groups,
                before,
                names,
                rollout.delay(),
                rollout.monitor(),
                rollout.onFailure().equals(Optional.of(FailureAction.CONTINUE))
                        ? service.slots().size()
                        : rollout.mayFail(service.slots().size()));
    }
}
