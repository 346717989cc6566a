package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One container, three ways: asked then, asked now, is now.
 *
 * @param replace causes that need another container
 * @param inPlace causes that do not, drift included
 */
record ContainerDiff(List<Cause> replace, List<Cause> inPlace) {
    private static final long PAGE = 4096;

    /** Nothing differs. */
    boolean isEmpty() {
        return replace.isEmpty() && inPlace.isEmpty();
    }

    static ContainerDiff between(
            ObservedContainer observed, DesiredContainer desired, Observed host, Sources sources, Sensitive sensitive) {
        var replace = new ArrayList<Cause>();
        var inPlace = new ArrayList<Cause>();
        var then = observed.record().spec();
        var now = desired.spec();
        var path = "services." + now.service();
        image(then, desired, sources.at(path + ".image")).ifPresent(replace::add);
        for (var field : ContainerFields.ALL) {
            for (var cause : compare(field, observed, now, path, sources, sensitive)) {
                (field.change() == ContainerFields.Change.REPLACE ? replace : inPlace).add(cause);
            }
        }
        if (now.owner().repository().isPresent()
                && !now.owner().repository().equals(then.owner().repository())) {
            inPlace.add(new Cause(
                    Cause.Kind.SPEC,
                    "owner",
                    then.owner().repository().orElse("applied by hand"),
                    now.owner().repository().orElse(""),
                    Optional.empty()));
        }
        if (observed.isRunning()) {
            observed.limits()
                    .ifPresent(
                            is -> inPlace.addAll(limits(observed.record().made().resources(), is)));
            inPlace.addAll(network(observed, host));
        }
        return new ContainerDiff(List.copyOf(replace), List.copyOf(inPlace));
    }

    private static Optional<Cause> image(ContainerSpec then, DesiredContainer desired, SourcePosition at) {
        var now = desired.spec();
        var sameName = then.image().equals(now.image());
        var digest = desired.image().known();
        if (digest.isEmpty()) {
            // The same name, and nobody can say what it is now: the tag was resolved when it was deployed.
            return sameName
                    ? Optional.empty()
                    : Optional.of(new Cause(
                            Cause.Kind.IMAGE,
                            "image",
                            then.image().familiar(),
                            now.image().familiar() + " (known after pull)",
                            Optional.of(at)));
        }
        if (digest.get().equals(then.digest())) {
            return Optional.empty();
        }
        return Optional.of(new Cause(
                Cause.Kind.IMAGE,
                "image",
                then.image().familiar() + " (" + then.digest().abbreviated() + ")",
                now.image().familiar() + " (" + digest.get().abbreviated() + ")",
                Optional.of(at)));
    }

    private static List<Cause> compare(
            ContainerFields.Field field,
            ObservedContainer observed,
            ContainerSpec now,
            String path,
            Sources sources,
            Sensitive sensitive) {
        var askedThen = field.asked().apply(observed.record().spec());
        var askedNow = field.asked().apply(now);
        if (askedThen.equals(askedNow)) {
            return List.of();
        }
        var effective = field.effective().apply(observed.record().made());
        var causes = new ArrayList<Cause>();
        for (var key : union(askedThen, askedNow)) {
            var before = Optional.ofNullable(askedThen.get(key));
            var after = Optional.ofNullable(askedNow.get(key));
            // What was filled in then is what is asked for now: nothing changes but who says so.
            var alreadySo = before.isEmpty()
                    && after.isPresent()
                    && unquoted(after).equals(Optional.ofNullable(effective.get(key)));
            if (before.equals(after) || alreadySo) {
                continue;
            }
            var name = key.isEmpty()
                            || field.name().equals("volumes")
                            || field.name().equals("ports")
                    ? field.name()
                    : field.name() + "." + key;
            var at = after.isPresent()
                    ? Optional.of(sources.at(position(field.name(), key, now, path)))
                    : Optional.<SourcePosition>empty();
            causes.add(new Cause(
                    content(field.name(), observed.record().spec(), now, key) ? Cause.Kind.CONTENT : Cause.Kind.SPEC,
                    name,
                    show(field, key, before, sensitive),
                    show(field, key, after, sensitive),
                    at.or(() -> Optional.of(sources.at(path)))));
        }
        return causes;
    }

    private static String show(ContainerFields.Field field, String key, Optional<String> value, Sensitive sensitive) {
        return value.map(v -> field.mayBeSecret() ? sensitive.show(key, v) : sensitive.show(v))
                .orElse("");
    }

    private static Optional<String> unquoted(Optional<String> value) {
        return value.map(
                v -> v.length() > 1 && v.startsWith("\"") && v.endsWith("\"") ? v.substring(1, v.length() - 1) : v);
    }

    /** Path of the value in the project, for its position. */
    private static String position(String field, String key, ContainerSpec now, String path) {
        return switch (field) {
            case "volumes" ->
                path + ".volumes["
                        + indexOf(now.mounts().stream().map(MountSpec::target).toList(), key) + "]";
            case "ports" -> path + ".ports";
            case "pids_limit" -> path + ".deploy.resources.limits.pids";
            case "mem_reservation" -> path + ".deploy.resources.reservations.memory";
            default -> path + "." + field + (key.isEmpty() ? "" : "." + key);
        };
    }

    private static int indexOf(List<String> values, String value) {
        return Math.max(0, values.indexOf(value));
    }

    /** Whether only the content behind the mount differs, and the user's words are the same. */
    private static boolean content(String field, ContainerSpec then, ContainerSpec now, String target) {
        if (!field.equals("volumes")) {
            return false;
        }
        return bind(then, target)
                .flatMap(a ->
                        bind(now, target).map(b -> withoutObject(a.identity()).equals(withoutObject(b.identity()))))
                .orElse(false);
    }

    private static Optional<MountSpec.Bind> bind(ContainerSpec spec, String target) {
        return spec.mounts().stream()
                .filter(m -> m.target().equals(target))
                .filter(MountSpec.Bind.class::isInstance)
                .map(MountSpec.Bind.class::cast)
                .findFirst();
    }

    private static String withoutObject(String identity) {
        var at = identity.indexOf('@');
        return at < 0 ? identity : identity.substring(0, at);
    }

    private static Set<String> union(Map<String, String> a, Map<String, String> b) {
        var keys = new LinkedHashSet<>(b.keySet());
        keys.addAll(a.keySet());
        return keys;
    }

    /** What a cgroup says, other than what we told it. The kernel rounds memory to pages. */
    private static List<Cause> limits(Limits told, Limits is) {
        var causes = new ArrayList<Cause>();
        pages("mem_limit", told.memory(), is.memory(), causes);
        if (is.memorySwap().isPresent() || told.memorySwap().isEmpty()) {
            // Absent although told: this kernel does not count swap.
            pages("memswap_limit", told.memorySwap(), is.memorySwap(), causes);
        }
        pages("mem_reservation", told.memoryReservation(), is.memoryReservation(), causes);
        if (!told.cpuQuota().equals(is.cpuQuota())) {
            causes.add(Cause.drift("cpus", quota(is), quota(told)));
        }
        if (!told.pids().equals(is.pids())) {
            causes.add(Cause.drift(
                    "pids_limit",
                    is.pids().map(String::valueOf).orElse("unlimited"),
                    told.pids().map(String::valueOf).orElse("unlimited")));
        }
        return causes;
    }

    private static void pages(String field, Optional<Long> told, Optional<Long> is, List<Cause> causes) {
        if (!told.map(b -> b / PAGE).equals(is.map(b -> b / PAGE))) {
            causes.add(Cause.drift(
                    field,
                    is.map(Sizes::show).orElse("unlimited"),
                    told.map(Sizes::show).orElse("unlimited")));
        }
    }

    private static String quota(Limits limits) {
        return limits.cpuQuota()
                .map(q -> q + " µs of each " + limits.cpuPeriod().orElse(100_000L))
                .orElse("unlimited");
    }

    private static List<Cause> network(ObservedContainer observed, Observed host) {
        var attachment = host.networks().containers().get(observed.id());
        if (attachment == null) {
            return List.of();
        }
        var causes = new ArrayList<Cause>();
        var connected =
                attachment.attached().endpoints().stream().map(e -> e.network()).toList();
        observed.record().spec().networks().stream()
                .map(a -> a.network())
                .filter(n ->
                        !connected.contains(n) && !attachment.missingNetworks().contains(n))
                .forEach(n -> causes.add(Cause.drift("networks." + n, "not connected", "connected")));
        attachment
                .missingNetworks()
                .forEach(n -> causes.add(Cause.drift("networks." + n, "not connected", "connected")));
        attachment.missingPorts().forEach(p -> causes.add(Cause.drift("ports", "", p.toString())));
        return causes;
    }
}
