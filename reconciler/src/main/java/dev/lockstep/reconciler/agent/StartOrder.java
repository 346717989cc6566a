package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageOptions;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Containers that are to be started together, after a start of the host: one comes after those whose namespaces or
 * volumes it shares and those that its service depends on. It waits until that was tried, not until it is healthy, and
 * not for ever: better late and out of order than never.
 */
final class StartOrder {
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    private final Map<String, CompletableFuture<Void>> untried = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> earlier = new ConcurrentHashMap<>();

    /** These are going to be tried; of each {@link #tried} is to be called. */
    void expect(Collection<ObservedContainer> containers) {
        var ordered = of(containers);
        ordered.keySet().forEach(id -> untried.computeIfAbsent(id, _ -> new CompletableFuture<>()));
        earlier.putAll(ordered);
    }

    /** It has been started, or could not, or need not be. */
    void tried(String id) {
        earlier.remove(id);
        var done = untried.remove(id);
        if (done != null) {
            done.complete(null);
        }
    }

    /** Runs the task when it is that one's turn: at once, or by a thread that must not be held up. */
    void inTurn(String id, Runnable task) {
        var before = earlier.getOrDefault(id, Set.of()).stream()
                .flatMap(other -> Optional.ofNullable(untried.get(other)).stream())
                .toArray(CompletableFuture<?>[]::new);
        if (before.length == 0) {
            task.run();
        } else {
            var _ = CompletableFuture.allOf(before)
                    .completeOnTimeout(null, LONGEST_WAIT.toNanos(), TimeUnit.NANOSECONDS)
                    .thenRun(task);
        }
    }

    /** By id those that come before; never in a circle, whatever the records say. */
    static Map<String, Set<String>> of(Collection<ObservedContainer> containers) {
        var needs = new HashMap<String, Set<String>>();
        for (var container : containers) {
            var ids = new HashSet<String>();
            for (var other : containers) {
                if (!other.id().equals(container.id())
                        && needs(container.record().spec(), other)) {
                    ids.add(other.id());
                }
            }
            needs.put(container.id(), ids);
        }
        var placed = new HashMap<String, Set<String>>();
        needs.keySet().stream().sorted().forEach(id -> place(id, needs, placed, new HashSet<>()));
        return placed;
    }

    private static void place(
            String id, Map<String, Set<String>> needs, Map<String, Set<String>> placed, Set<String> above) {
        if (placed.containsKey(id) || !above.add(id)) {
            return;
        }
        var before = new HashSet<String>();
        for (var other : needs.getOrDefault(id, Set.of())) {
            place(other, needs, placed, above);
            if (placed.containsKey(other)) {
                before.add(other);
            }
        }
        placed.put(id, before);
    }

    private static boolean needs(ContainerSpec spec, ObservedContainer other) {
        var its = other.record().spec();
        var shares = spec.options().isolation().namespaces().joined().stream().anyMatch(name -> isCalled(other, name))
                || spec.options().storage().volumesFrom().stream()
                        .map(StorageOptions.VolumesFrom::container)
                        .anyMatch(name -> isCalled(other, name));
        return shares
                || !its.service().isEmpty()
                        && spec.owner().stack().equals(its.owner().stack())
                        && ComposeLabels.dependencies(spec.labels()).contains(its.service());
    }

    private static boolean isCalled(ObservedContainer container, String nameOrId) {
        return container.name().equals(nameOrId) || container.id().startsWith(nameOrId);
    }
}
