package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.HealthCheck;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.PublishedPort;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The table of a container's fields: how each is called in the file, read, shown, and whether Linux lets it change
 * while the container runs. What is not in this table does not exist for plans.
 */
final class ContainerFields {
    /** What a change of the field asks for. */
    enum Change {
        /** Another container. */
        REPLACE,
        /** Kernel objects change, the container keeps id and pid. */
        IN_PLACE,
        /** Only our record changes. */
        RECORD
    }

    /**
     * One field, as a map from the rest of its path (empty for a plain value) to what people read; so a list or a map
     * shows only what differs in it.
     *
     * @param name in the words of the Compose file
     * @param asked what the spec asks for; no entry: not asked
     * @param effective what the container became, where that can be compared with an asked value; empty where it cannot
     */
    record Field(
            String name,
            Change change,
            boolean mayBeSecret,
            Function<ContainerSpec, Map<String, String>> asked,
            Function<Effective, Map<String, String>> effective) {}

    static final List<Field> ALL = List.of(
            field("entrypoint", Change.REPLACE, s -> s.entrypoint().map(ContainerFields::words)),
            field("command", Change.REPLACE, s -> s.command().map(ContainerFields::words)),
            new Field("environment", Change.REPLACE, true, s -> environment(s.environment()), e -> e.environment()),
            comparable("user", Change.REPLACE, ContainerSpec::user, Effective::user),
            comparable("working_dir", Change.REPLACE, ContainerSpec::workingDir, Effective::workingDir),
            comparable("hostname", Change.REPLACE, ContainerSpec::hostname, Effective::hostname),
            list("volumes", Change.REPLACE, s -> byKey(s.mounts(), MountSpec::target, ContainerFields::mount)),
            // Whoever has no network at all cannot be given one later.
            field("network_mode", Change.REPLACE, s -> s.networks().isEmpty() ? Optional.of("none") : Optional.empty()),
            list("ports", Change.IN_PLACE, s -> byKey(s.ports(), ContainerFields::portKey, PublishedPort::toString)),
            list(
                    "networks",
                    Change.IN_PLACE,
                    s -> byKey(s.networks(), AttachmentSpec::network, ContainerFields::attachment)),
            field("cpus", Change.IN_PLACE, s -> s.resources().nanoCpus().map(ContainerFields::cpus)),
            field("mem_limit", Change.IN_PLACE, s -> s.resources().memory().map(Sizes::show)),
            field(
                    "mem_reservation",
                    Change.IN_PLACE,
                    s -> s.resources().memoryReservation().map(Sizes::show)),
            field("pids_limit", Change.IN_PLACE, s -> s.resources().pids().map(String::valueOf)),
            field(
                    "restart",
                    Change.RECORD,
                    s -> Optional.of(s.restart())
                            .filter(RestartPolicy::explicit)
                            .map(ContainerFields::restart)),
            list(
                    "healthcheck",
                    Change.RECORD,
                    s -> s.healthCheck().map(ContainerFields::healthCheck).orElse(Map.of())),
            new Field("labels", Change.RECORD, true, s -> userLabels(s.labels()), _ -> Map.of()),
            field("depends_on", Change.RECORD, s -> dependsOn(s.labels())),
            comparable("stop_signal", Change.RECORD, ContainerSpec::stopSignal, Effective::stopSignal),
            comparable(
                    "stop_grace_period",
                    Change.RECORD,
                    s -> s.stopGrace().map(Sizes::show),
                    e -> Sizes.show(e.stopGrace())));

    private ContainerFields() {}

    private static Field field(String name, Change change, Function<ContainerSpec, Optional<String>> asked) {
        return new Field(name, change, false, s -> single(asked.apply(s)), _ -> Map.of());
    }

    private static Field comparable(
            String name,
            Change change,
            Function<ContainerSpec, Optional<String>> asked,
            Function<Effective, String> effective) {
        return new Field(name, change, false, s -> single(asked.apply(s)), e -> Map.of("", effective.apply(e)));
    }

    private static Field list(String name, Change change, Function<ContainerSpec, Map<String, String>> asked) {
        return new Field(name, change, false, asked, _ -> Map.of());
    }

    private static Map<String, String> single(Optional<String> value) {
        return value.map(v -> Map.of("", v)).orElse(Map.of());
    }

    private static Map<String, String> environment(Map<String, Optional<String>> environment) {
        var map = new LinkedHashMap<String, String>();
        environment.forEach(
                (name, value) -> map.put(name, value.map(v -> "\"" + v + "\"").orElse("(unset)")));
        return map;
    }

    private static Map<String, String> userLabels(Map<String, String> labels) {
        var map = new LinkedHashMap<>(labels);
        map.keySet().removeIf(name -> name.startsWith(ComposeLabels.PREFIX));
        return map;
    }

    /** Only which services they are: the order of stopping is what is kept of them. */
    private static Optional<String> dependsOn(Map<String, String> labels) {
        var services = ComposeLabels.dependencies(labels);
        return services.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", services));
    }

    private static <T> Map<String, String> byKey(
            Collection<T> values, Function<T, String> key, Function<T, String> shown) {
        return values.stream().collect(Collectors.toMap(key, shown, (a, b) -> a + ", " + b, LinkedHashMap::new));
    }

    /** As one would type it; JSON's quotes where a word has blanks. */
    private static String words(List<String> words) {
        return words.stream()
                .map(w -> w.isEmpty() || w.chars().anyMatch(Character::isWhitespace) ? "\"" + w + "\"" : w)
                .collect(Collectors.joining(" ", "[", "]"));
    }

    private static String mount(MountSpec mount) {
        var mode = " at " + mount.target();
        return switch (mount) {
            case MountSpec.Bind b -> b.identity() + mode + (b.readOnly() ? " read-only" : "");
            case MountSpec.Volume v -> "volume " + v.name() + mode + (v.readOnly() ? " read-only" : "");
            case MountSpec.Anonymous a -> "volume of its own" + mode + (a.readOnly() ? " read-only" : "");
            case MountSpec.Tmpfs t ->
                "tmpfs" + mode + t.size().map(s -> " size " + Sizes.show(s)).orElse("")
                        + t.mode().map(m -> " mode " + Integer.toOctalString(m)).orElse("")
                        + (t.readOnly() ? " read-only" : "");
        };
    }

    static String portKey(PublishedPort port) {
        return port.hostIp().orElse("0.0.0.0") + ":"
                + port.hostPort().map(String::valueOf).orElse("*") + "->" + port.containerPort() + "/"
                + port.protocol().lowerCase();
    }

    private static String attachment(AttachmentSpec attachment) {
        return attachment.network()
                + (attachment.aliases().isEmpty() ? "" : " aliases " + String.join(",", attachment.aliases()))
                + attachment.ipv4().map(a -> " address " + a).orElse("")
                + (attachment.priority() == 0 ? "" : " priority " + attachment.priority());
    }

    private static String cpus(long nano) {
        return BigDecimal.valueOf(nano, 9).stripTrailingZeros().toPlainString();
    }

    private static String restart(RestartPolicy policy) {
        return policy.condition().name().toLowerCase(Locale.ROOT).replace('_', '-')
                + (policy.maxRetries() > 0 ? ":" + policy.maxRetries() : "");
    }

    private static Map<String, String> healthCheck(HealthCheck check) {
        var map = new LinkedHashMap<String, String>();
        check.test().ifPresent(test -> map.put("test", words(test)));
        put(map, "interval", check.interval());
        put(map, "timeout", check.timeout());
        put(map, "start_period", check.startPeriod());
        put(map, "start_interval", check.startInterval());
        check.retries().ifPresent(n -> map.put("retries", String.valueOf(n)));
        return map;
    }

    private static void put(Map<String, String> map, String name, Optional<Duration> duration) {
        duration.ifPresent(d -> map.put(name, Sizes.show(d)));
    }
}
