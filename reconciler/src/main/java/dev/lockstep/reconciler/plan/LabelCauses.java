package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/** Why the labels of a network or a volume change: each that does, by its name, masked as those of containers are. */
record LabelCauses(Desired desired, Facts facts) {
    /**
     * What changes; empty when nothing does.
     *
     * @param path of the object in the file: {@code volumes.data}
     */
    List<Cause> between(Map<String, String> then, Map<String, String> now, String path) {
        var sensitive = new Sensitive(facts.secrets());
        var names = new TreeSet<>(then.keySet());
        names.addAll(now.keySet());
        return names.stream()
                .filter(name -> !Objects.equals(then.get(name), now.get(name)))
                .map(name -> cause(name, then, now, path, sensitive))
                .toList();
    }

    private Cause cause(
            String name, Map<String, String> then, Map<String, String> now, String path, Sensitive sensitive) {
        var places = new Places(desired.sources());
        var at = places.of(path + ".labels" + (now.containsKey(name) ? "." + name : ""));
        var secret = sensitive.covers(at);
        // What was there may have come from one of the host's files, whatever stands there now.
        var wasSecret = secret || sensitive.mayHaveBeen();
        return new Cause(
                Cause.Kind.SPEC,
                "labels." + name,
                shown(name, then, wasSecret, sensitive),
                shown(name, now, secret, sensitive),
                Optional.of(at));
    }

    private static String shown(String name, Map<String, String> labels, boolean secret, Sensitive sensitive) {
        var value = labels.get(name);
        return value == null ? "" : secret ? Sensitive.MASK : sensitive.show(name, value);
    }
}
