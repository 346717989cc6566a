package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * All that a plan rests on, part by part, so that a later look tells what moved since. A value is a few plain words
 * (what a container's process does) or a keyed fingerprint: nothing in here gives a secret away.
 *
 * @param parts by name, {@code services.web.environment} for what the files want and {@code container shop-web-1:
 *     state} for what the host has
 */
public record PlanBasis(SortedMap<String, String> parts) {
    /** Begins the name of a part that only the other parts explain. */
    private static final String STEPS = "steps";

    private static final String STATE = ": state";

    private static final String SERVICES = "services.";

    private static final String IMAGE = ".image";

    /** Of mounts, and of images that are mounted by their digests. */
    private static final String VOLUMES = ".volumes";

    /** Makes of any immutable value a text that is the same in every process, and that says nothing of the value. */
    @FunctionalInterface
    public interface Fingerprint {
        /** The value's. */
        String of(Object value);
    }

    public PlanBasis {
        parts = Collections.unmodifiableSortedMap(new TreeMap<>(parts));
    }

    /** What that plan rests on. */
    public static PlanBasis of(Plan plan, Desired desired, Observed observed, Fingerprint fingerprint) {
        var parts = new TreeMap<String, String>();
        desired.services().forEach(service -> service(service, fingerprint, parts));
        desired.networks().forEach(n -> parts.put("networks." + n.key(), fingerprint.of(n)));
        desired.volumes().forEach(v -> parts.put("volumes." + v.key(), fingerprint.of(v)));
        parts.putAll(host(desired, observed, fingerprint));
        parts.put(STEPS, fingerprint.of(new PlanText(false).operations(plan)));
        return new PlanBasis(parts);
    }

    /** The same with more parts, and those that are there already. */
    public PlanBasis with(Map<String, String> more) {
        var all = new TreeMap<>(parts);
        all.putAll(more);
        return new PlanBasis(all);
    }

    /**
     * What is left when the images that services run or mount are other ones, which other steps follow from.
     *
     * @param services by name
     */
    public PlanBasis withoutImages(Set<String> services) {
        var left = new TreeMap<>(parts);
        left.remove(STEPS);
        services.forEach(service -> {
            left.remove(SERVICES + service);
            left.remove(SERVICES + service + IMAGE);
            left.remove(SERVICES + service + VOLUMES);
        });
        return new PlanBasis(left);
    }

    /** The host's share of it, as one text. */
    public static String observed(Desired desired, Observed observed, Fingerprint fingerprint) {
        return fingerprint.of(host(desired, observed, fingerprint));
    }

    private static void service(DesiredService service, Fingerprint fingerprint, Map<String, String> parts) {
        var path = SERVICES + service.name();
        var specs = service.slots().stream().map(DesiredContainer::spec).toList();
        parts.put(path + ".scale", String.valueOf(specs.size()));
        for (var field : ContainerFields.ALL) {
            var asked = specs.stream()
                    .map(spec -> new TreeMap<>(field.asked().apply(spec)))
                    .distinct()
                    .toList();
            if (asked.stream().anyMatch(values -> !values.isEmpty())) {
                parts.put(path + "." + field.name(), fingerprint.of(asked));
            }
        }
        parts.put(
                path + IMAGE,
                fingerprint.of(service.slots().stream()
                        .map(slot -> List.of(
                                slot.spec().image().familiar(), slot.image().known()))
                        .distinct()
                        .toList()));
        parts.put(path, fingerprint.of(List.of(specs, new TreeMap<>(service.dependsOn()))));
    }

    private static SortedMap<String, String> host(Desired desired, Observed observed, Fingerprint fingerprint) {
        var parts = new TreeMap<String, String>();
        observed.containersOf(desired.stack()).forEach(c -> container(c, observed, fingerprint, parts));
        observed.networks().networks().stream()
                .filter(n -> n.record().spec().owner().stack().equals(desired.stack())
                        || desired.networks().stream()
                                .anyMatch(wanted ->
                                        wanted.spec().name().equals(n.record().name())))
                .forEach(n -> parts.put("network " + n.record().name(), fingerprint.of(n)));
        observed.volumes().stream()
                .filter(v -> v.spec().owner().stack().equals(desired.stack())
                        || desired.volumes().stream()
                                .anyMatch(wanted ->
                                        wanted.spec().name().equals(v.spec().name())))
                .forEach(v -> parts.put("volume " + v.spec().name(), fingerprint.of(v.spec())));
        return parts;
    }

    private static void container(
            ObservedContainer container, Observed observed, Fingerprint fingerprint, Map<String, String> parts) {
        var name = "container " + container.name();
        parts.merge(name + ": id", container.record().shortId(), (a, b) -> a + ", " + b);
        parts.put(name + STATE, state(container));
        parts.put(
                name + ": definition",
                fingerprint.of(List.of(
                        container.record().spec(),
                        container.record().effective(),
                        container.record().phase())));
        container.limits().ifPresent(limits -> parts.put(name + ": limits", fingerprint.of(limits)));
        container.storage().ifPresent(use -> parts.put(name + ": storage", String.valueOf(use.limit())));
        if (!container.left().isEmpty()) {
            parts.put(name + ": shared namespaces", String.join(", ", container.left()));
        }
        var attachment = observed.networks().containers().get(container.id());
        if (attachment != null) {
            var networks = attachment.attached().endpoints().stream()
                    .map(endpoint -> endpoint.network())
                    .toList();
            parts.put(
                    name + ": networks",
                    fingerprint.of(List.of(
                            networks,
                            attachment.missingNetworks(),
                            attachment.missingPorts().toString())));
        }
    }

    /** One that ended and began again meanwhile is as it was. */
    private static String state(ObservedContainer container) {
        return switch (container.state()) {
            case ContainerState.Created _ -> "created";
            case ContainerState.Running running -> running.paused() ? "paused" : "running";
            case ContainerState.Lost _ -> "gone";
            case ContainerState.Exited(var outcome, var unused) ->
                container.life().stoppedByUser() ? "stopped by hand" : "exited (" + outcome.exitCode() + ")";
        };
    }

    /** What is another thing now, a sentence for each; none: the plan is as good as it was. */
    public List<String> moved(PlanBasis now) {
        var keys = new TreeSet<>(parts.keySet());
        keys.addAll(now.parts.keySet());
        keys.removeIf(key -> Objects.equals(parts.get(key), now.parts.get(key)));
        var told = keys.stream()
                .filter(key -> !key.equals(STEPS))
                // A service differs in what differs of it.
                .filter(key -> keys.stream().noneMatch(part -> part.startsWith(key + ".")))
                // What only one that runs has is gone with its state.
                .filter(key -> !key.startsWith("container ")
                        || key.endsWith(STATE)
                        || !keys.contains(key.substring(0, key.indexOf(": ")) + STATE))
                .map(key -> sentence(key, now))
                .collect(Collectors.toCollection(ArrayList::new));
        if (told.isEmpty() && keys.contains(STEPS)) {
            told.add("other things on this host have changed, and other steps would be needed now");
        }
        return List.copyOf(told);
    }

    private String sentence(String key, PlanBasis now) {
        var before = parts.get(key);
        var after = now.parts.get(key);
        if (before == null) {
            return key + (after == null || isFingerprint(after) ? " is new" : " is " + after + ", and was not there");
        }
        if (after == null) {
            return key + " is not there any more";
        }
        return isFingerprint(before) || isFingerprint(after)
                ? key + " has changed"
                : key + " was " + before + " and is " + after;
    }

    private static boolean isFingerprint(String value) {
        return value.matches("[0-9a-f]{64}");
    }
}
