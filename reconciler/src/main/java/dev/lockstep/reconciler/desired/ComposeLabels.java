package dev.lockstep.reconciler.desired;

import dev.lockstep.spec.model.Dependency;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Labels that Compose puts on containers (docker/compose, {@code pkg/api/labels.go}); other tools read them. */
public final class ComposeLabels {
    /** Every label below is Compose's own. */
    public static final String PREFIX = "com.docker.compose.";

    static final String PROJECT = PREFIX + "project";
    static final String SERVICE = PREFIX + "service";
    static final String CONTAINER_NUMBER = PREFIX + "container-number";
    static final String ONE_OFF = PREFIX + "oneoff";
    static final String DEPENDS_ON = PREFIX + "depends_on";

    private ComposeLabels() {}

    /** {@code db:service_healthy:false,…}. */
    static String dependsOn(Map<String, Dependency> dependencies) {
        return dependencies.entrySet().stream()
                .map(e -> e.getKey() + ":" + e.getValue().condition().word() + ":"
                        + e.getValue().restart())
                .collect(Collectors.joining(","));
    }

    /** Whether the container was made by {@code run}: it belongs to no slot of its service. */
    public static boolean isOneOff(Map<String, String> labels) {
        return labels.getOrDefault(ONE_OFF, "").equals("True");
    }

    /** The stack that a container with these labels belongs to; empty when they do not say. */
    public static String stack(Map<String, String> labels) {
        return labels.getOrDefault(PROJECT, "");
    }

    /** The service that a container with these labels was made for; empty when they do not say. */
    public static String service(Map<String, String> labels) {
        return labels.getOrDefault(SERVICE, "");
    }

    /** What the container waits for before it starts, by the other service's name; nothing is optional any more. */
    public static Map<String, Dependency> gates(Map<String, String> labels) {
        var gates = new LinkedHashMap<String, Dependency>();
        for (var one : labels.getOrDefault(DEPENDS_ON, "").split(",", -1)) {
            var words = one.split(":", -1);
            for (var condition : Dependency.Condition.values()) {
                if (words.length > 1 && words[1].equals(condition.word())) {
                    gates.put(words[0], new Dependency(condition, words.length > 2 && words[2].equals("true"), true));
                }
            }
        }
        return gates;
    }

    /** Names of the services that a container with these labels depends on: also known when its file is gone. */
    public static List<String> dependencies(Map<String, String> labels) {
        return Arrays.stream(labels.getOrDefault(DEPENDS_ON, "").split(","))
                .map(one -> one.split(":", 2)[0])
                .filter(name -> !name.isEmpty())
                .toList();
    }
}
