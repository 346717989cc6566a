package dev.lockstep.reconciler.plan;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * When the container of a service with several of them may be taken down or replaced: those before it must be well, so
 * that some of them always serve.
 *
 * @param group number of its group, from 1
 * @param groups how many there are
 * @param before ids of the steps of the groups before it
 * @param well names of the containers that must be well first: those that the group before it has changed
 * @param delay to wait after they are
 * @param monitor how long each of these must have run; absent: as long as any
 * @param mayFail how many of the service may have failed by then all the same
 */
public record Turn(
        int group,
        int groups,
        SortedSet<String> before,
        List<String> well,
        Duration delay,
        Optional<Duration> monitor,
        int mayFail) {
    public Turn {
        before = Collections.unmodifiableSortedSet(new TreeSet<>(before));
        well = List.copyOf(well);
    }
}
