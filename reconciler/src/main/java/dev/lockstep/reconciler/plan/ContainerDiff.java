package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.SensitiveLabel;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.DeviceOptions;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.PublishedPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One container, three ways: asked then, asked now, is now.
 *
 * @param replace causes that need another container
 * @param inPlace causes that do not, drift included
 */
record ContainerDiff(List<Cause> replace, List<Cause> inPlace) {
    /** How large pages are on one host or another; a limit that is one of these rounded down is the one we wrote. */
    private static final List<Long> PAGES = List.of(4L << 10, 16L << 10, 64L << 10);

    private static final long KIBIBYTE = 1024;

    /** Nothing differs. */
    boolean isEmpty() {
        return replace.isEmpty() && inPlace.isEmpty();
    }

    static ContainerDiff between(
            ObservedContainer observed, DesiredContainer desired, Observed host, Desired stack, Sensitive sensitive) {
        var replace = new ArrayList<Cause>();
        var inPlace = new ArrayList<Cause>();
        var then = askedThen(observed);
        var now = desired.spec();
        image(then, desired, stack, sensitive).ifPresent(replace::add);
        imageName(then, desired, stack, sensitive).ifPresent(inPlace::add);
        for (var field : ContainerFields.ALL) {
            for (var cause : compare(field, then, observed, now, stack, sensitive)) {
                var another = switch (field.change()) {
                    case REPLACE -> true;
                    case VALUE_IN_PLACE ->
                        cause.before().isEmpty() || cause.after().isEmpty();
                    case IN_PLACE, RECORD -> false;
                };
                (another ? replace : inPlace).add(cause);
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
        inPlace.addAll(storage(observed));
        if (observed.isRunning()) {
            observed.limits()
                    .ifPresent(
                            is -> inPlace.addAll(limits(observed.record().made().resources(), is)));
            inPlace.addAll(network(observed, host));
        }
        return new ContainerDiff(List.copyOf(replace), List.copyOf(inPlace));
    }

    /** A name that a person has given it is no change of the file. */
    private static ContainerSpec askedThen(ObservedContainer observed) {
        var spec = observed.record().spec();
        return observed.life().madeAs().map(spec::withName).orElse(spec);
    }

    private static Optional<Cause> image(
            ContainerSpec then, DesiredContainer desired, Desired stack, Sensitive sensitive) {
        var now = desired.spec();
        var sameName = then.image().equals(now.image());
        var digest = desired.image().known();
        // The same name, and nobody can say what it is now: the tag was resolved when it was deployed.
        var unbuilt = desired.image() instanceof Resolution.Unbuilt;
        if (digest.map(then.digest()::equals).orElse(sameName && !unbuilt)) {
            return Optional.empty(); // as nearly always; finding places costs more than all the rest
        }
        var at = new Places(stack.sources()).of("services." + now.service() + ".image");
        var masked = sensitive.covers(at);
        var wasMasked = masked || wasSecret(new String[] {"services." + now.service() + ".image"}, then, sensitive);
        var before = ImageNames.known(then.digest())
                ? wasMasked ? Sensitive.MASK + "@" + then.digest() : ImageNames.whole(then.image(), then.digest())
                : wasMasked ? Sensitive.MASK : then.image().familiar();
        var after = masked ? Sensitive.MASK : now.image().familiar();
        var because = desired.image() instanceof Resolution.Remote remote && sameName
                ? remote.because()
                : Optional.<String>empty();
        return Optional.of(new Cause(
                Cause.Kind.IMAGE,
                "image",
                before,
                digest.map(known -> masked ? after + "@" + known : ImageNames.whole(now.image(), known))
                        .orElse(after + (unbuilt ? " (known after the build)" : " (known after pull)")),
                Optional.of(at),
                because));
    }

    /**
     * Another name of the image that it was made of. Its record has to know it: what nobody can look up goes on running
     * because a container was made of it by that name.
     */
    private static Optional<Cause> imageName(
            ContainerSpec then, DesiredContainer desired, Desired stack, Sensitive sensitive) {
        var now = desired.spec();
        if (then.image().equals(now.image())
                || desired.image().known().filter(then.digest()::equals).isEmpty()) {
            return Optional.empty();
        }
        var path = "services." + now.service() + ".image";
        var at = new Places(stack.sources()).of(path);
        var masked = sensitive.covers(at);
        var wasMasked = masked || wasSecret(new String[] {path}, then, sensitive);
        return Optional.of(new Cause(
                Cause.Kind.SPEC,
                "image",
                wasMasked ? Sensitive.MASK : then.image().familiar(),
                masked ? Sensitive.MASK : now.image().familiar(),
                Optional.of(at)));
    }

    private static List<Cause> compare(
            ContainerFields.Field field,
            ContainerSpec then,
            ObservedContainer observed,
            ContainerSpec now,
            Desired stack,
            Sensitive sensitive) {
        var askedThen = field.asked().apply(then);
        var askedNow = field.asked().apply(now);
        if (askedThen.equals(askedNow)) {
            return List.of();
        }
        var effective = field.effective().apply(observed.record().made());
        var places = new Places(stack.sources());
        var causes = new ArrayList<Cause>();
        for (var key : union(askedThen, askedNow)) {
            var before = Optional.ofNullable(askedThen.get(key));
            var after = Optional.ofNullable(askedNow.get(key));
            // What was filled in then is what is asked for now: nothing changes but who says so.
            var alreadySo = before.isEmpty()
                    && after.isPresent()
                    && unquoted(after).equals(Optional.ofNullable(effective.get(key)));
            if (before.equals(after) || alreadySo || isSameImage(field.name(), then, now, key)) {
                continue;
            }
            var name = key.isEmpty()
                            || field.name().equals("volumes")
                            || field.name().equals("devices")
                            || field.name().equals("ports")
                    ? field.name()
                    : field.name() + "." + key;
            if (after.isEmpty() && isByHand(field.name(), key, then)) {
                causes.add(Cause.drift(name, "connected by hand", "not connected"));
                continue;
            }
            var at = after.isPresent()
                    ? places.of(paths(field.name(), key, now, stack))
                    : stack.sources().at("services." + now.service()).plain();
            var secret = sensitive.covers(at);
            // What is in no file any more may have been the host's.
            var wasSecret = secret || wasSecret(paths(field.name(), key, then, stack), then, sensitive);
            causes.add(new Cause(
                    content(field.name(), observed.record().spec(), now, key) || isContent(field.name(), before, after)
                            ? Cause.Kind.CONTENT
                            : after.isEmpty() && key.isEmpty() ? Cause.Kind.DEFAULT : Cause.Kind.SPEC,
                    name,
                    before.map(v -> wasSecret ? Sensitive.MASK : show(field, key, v, sensitive))
                            .orElse(""),
                    after.map(v -> secret ? Sensitive.MASK : show(field, key, v, sensitive))
                            .orElse(""),
                    Optional.of(at)));
        }
        return causes;
    }

    /** Whether a value at one of these paths came from the host; of a container that does not say, all may have. */
    private static boolean wasSecret(String[] paths, ContainerSpec then, Sensitive sensitive) {
        var service = "services." + then.service() + ".";
        return SensitiveLabel.places(then.labels())
                .map(places -> Stream.of(paths)
                        .map(path -> path.substring(service.length()))
                        .anyMatch(path ->
                                places.stream().anyMatch(place -> isWithin(place, path) || isWithin(path, place))))
                .orElse(sensitive.mayHaveBeen());
    }

    private static boolean isWithin(String part, String whole) {
        return part.equals(whole) || part.startsWith(whole + ".") || part.startsWith(whole + "[");
    }

    private static boolean isByHand(String field, String key, ContainerSpec then) {
        return field.equals("networks")
                && then.networks().stream()
                        .anyMatch(n -> n.network().equals(key) && n.options().byHand());
    }

    private static String show(ContainerFields.Field field, String key, String value, Sensitive sensitive) {
        return field.mayBeSecret() ? sensitive.show(key, value) : sensitive.show(value);
    }

    private static Optional<String> unquoted(Optional<String> value) {
        return value.map(
                v -> v.length() > 1 && v.startsWith("\"") && v.endsWith("\"") ? v.substring(1, v.length() - 1) : v);
    }

    /** Where the value may be written in the project. */
    private static String[] paths(String field, String key, ContainerSpec now, Desired stack) {
        var path = "services." + now.service() + ".";
        var limits = path + "deploy.resources.limits.";
        var own = path + field;
        return switch (field) {
            case "volumes" -> {
                var targets = now.mounts().stream().map(MountSpec::target).toList();
                var index = targets.indexOf(key);
                // Those of the attribute tmpfs come after the others.
                var tmpfs = path + "tmpfs[" + (index - written(own, stack)) + "]";
                yield new String[] {own + "[" + index + "]", tmpfs, path + "tmpfs", own};
            }
            case "ports" -> {
                var keys = now.ports().stream().map(PublishedPort::toString).toList();
                yield new String[] {own + "[" + keys.indexOf(key) + "]", own};
            }
            case "networks" -> new String[] {own + "." + networkKey(key, stack), own};
            case "cpus" -> new String[] {own, limits + "cpus", path + "cpu_quota"};
            case "mem_limit" -> new String[] {own, limits + "memory"};
            case "mem_reservation" -> new String[] {own, path + "deploy.resources.reservations.memory"};
            case "pids_limit" -> new String[] {own, limits + "pids"};
            case "devices" -> {
                var targets = now.options().devices().mappings().stream()
                        .map(DeviceOptions.Mapping::target)
                        .toList();
                yield new String[] {own + "[" + targets.indexOf(key) + "]", own};
            }
            case "gpus" -> new String[] {own, path + "deploy.resources.reservations.devices", path + "devices"};
            // Ordered by a policy, one of them has a place of its own.
            case "security_opt" -> new String[] {own + "." + key, own};
            case "secrets", "configs", "volumes_from", "extra_hosts" -> new String[] {own};
            case "post_start", "pre_stop" -> {
                var variable = key.indexOf(ContainerFields.HOOK_ENVIRONMENT);
                var hook = own + "[" + (variable < 0 ? key : key.substring(0, variable)) + "]";
                yield variable < 0
                        ? new String[] {hook, own}
                        : new String[] {hook + key.substring(variable), hook, own};
            }
            // What deploy says counts before the other.
            case "restart" -> new String[] {path + "deploy.restart_policy", own};
            default -> new String[] {key.isEmpty() ? own : own + "." + key};
        };
    }

    /** How many items the list has in the files. */
    private static int written(String list, Desired stack) {
        var count = 0;
        while (stack.sources().positions().containsKey(list + "[" + count + "]")) {
            count++;
        }
        return count;
    }

    private static String networkKey(String name, Desired stack) {
        return stack.networks().stream()
                .filter(n -> n.spec().name().equals(name))
                .map(DesiredNetwork::key)
                .findFirst()
                .orElse(name);
    }

    /** Whether only the content behind the mount differs, and the user's words are the same. */
    private static boolean content(String field, ContainerSpec then, ContainerSpec now, String target) {
        if (!field.equals("volumes")) {
            return false;
        }
        return bind(then, target)
                .flatMap(a -> bind(now, target)
                        .map(b -> !a.identity().equals(b.identity())
                                && withoutObject(a.identity()).equals(withoutObject(b.identity()))))
                .orElse(false);
    }

    private static boolean isContent(String field, Optional<String> before, Optional<String> after) {
        return (field.equals("secrets") || field.equals("configs"))
                && before.isPresent()
                && after.isPresent()
                && ContainerFields.sameButContent(before.get(), after.get());
    }

    /** Whether an image is mounted there by another name, and its files are the same. */
    private static boolean isSameImage(String field, ContainerSpec then, ContainerSpec now, String target) {
        return field.equals("volumes")
                && mount(MountSpec.OfImage.class, then, target)
                        .flatMap(a -> mount(MountSpec.OfImage.class, now, target)
                                .filter(b -> a.digest().equals(b.digest())
                                        && a.subpath().equals(b.subpath())))
                        .isPresent();
    }

    private static Optional<MountSpec.Bind> bind(ContainerSpec spec, String target) {
        return mount(MountSpec.Bind.class, spec, target);
    }

    private static <T extends MountSpec> Optional<T> mount(Class<T> kind, ContainerSpec spec, String target) {
        return spec.mounts().stream()
                .filter(m -> m.target().equals(target))
                .filter(kind::isInstance)
                .map(kind::cast)
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
        memory("mem_limit", told.memory(), is.memory(), Optional.empty(), causes);
        if (is.memorySwap().isPresent() || told.memorySwap().isEmpty()) {
            // Absent although told: this kernel does not count swap.
            memory("memswap_limit", told.memorySwap(), is.memorySwap(), told.memory(), causes);
        }
        memory("mem_reservation", told.memoryReservation(), is.memoryReservation(), Optional.empty(), causes);
        if (!told.cpuQuota().equals(is.cpuQuota()) || !told.cpuPeriod().equals(is.cpuPeriod())) {
            causes.add(Cause.drift("cpus", quota(is), quota(told)));
        }
        drift("pids_limit", told.pids(), is.pids(), "unlimited", causes);
        drift("cpu_shares", told.cpuShares(), is.cpuShares(), "1024", causes);
        drift("cpuset", told.cpuset(), is.cpuset(), "all", causes);
        drift("mem_swappiness", told.swappiness(), is.swappiness(), "the host's", causes);
        if (told.oomKillDisable() != is.oomKillDisable()) {
            causes.add(Cause.drift(
                    "oom_kill_disable", String.valueOf(is.oomKillDisable()), String.valueOf(told.oomKillDisable())));
        }
        var toldIo = ContainerFields.blockIo(told.blockIo());
        var isIo = ContainerFields.blockIo(is.blockIo());
        for (var key : union(toldIo, isIo)) {
            drift(
                    "blkio_config." + key,
                    Optional.ofNullable(toldIo.get(key)),
                    Optional.ofNullable(isIo.get(key)),
                    "unlimited",
                    causes);
        }
        return causes;
    }

    /**
     * Of one that runs or not: its directories are there. What the file system does not say is told when it is applied.
     */
    private static List<Cause> storage(ObservedContainer observed) {
        var told = observed.record().spec().options().storage().size().orElse(0L);
        return observed.storage()
                .filter(is -> is.limit() != KIBIBYTE * Math.ceilDiv(told, KIBIBYTE))
                .map(is -> List.of(Cause.drift(
                        "storage_opt.size", is.limit() == 0 ? "unlimited" : Sizes.show(is.limit()), Sizes.show(told))))
                .orElse(List.of());
    }

    private static <T> void drift(
            String field, Optional<T> told, Optional<T> is, String otherwise, List<Cause> causes) {
        if (!told.equals(is)) {
            causes.add(Cause.drift(
                    field,
                    is.map(String::valueOf).orElse(otherwise),
                    told.map(String::valueOf).orElse(otherwise)));
        }
    }

    /** @param part of it that a kernel may have rounded on its own, and the rest on its own */
    private static void memory(
            String field, Optional<Long> told, Optional<Long> is, Optional<Long> part, List<Cause> causes) {
        var same = told.equals(is)
                || told.isPresent()
                        && is.isPresent()
                        && PAGES.stream()
                                .anyMatch(page -> isRounded(told.get(), is.get(), 0, page)
                                        || isRounded(told.get(), is.get(), part.orElse(0L), page));
        if (!same) {
            causes.add(Cause.drift(
                    field,
                    is.map(Sizes::show).orElse("unlimited"),
                    told.map(Sizes::show).orElse("unlimited")));
        }
    }

    private static boolean isRounded(long told, long is, long part, long page) {
        return part / page * page + (told - part) / page * page == is;
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
        var asked = observed.record().spec().networks().stream()
                .map(a -> a.network())
                .toList();
        connected.stream()
                .filter(n -> !asked.contains(n))
                .forEach(n -> causes.add(Cause.drift("networks." + n, "connected", "not connected")));
        if (!attachment.namespace() && !asked.isEmpty()) {
            causes.add(Cause.drift("networks", "its namespace is not kept", "kept"));
        }
        attachment.missingPorts().forEach(p -> causes.add(Cause.drift("ports", "", p.toString())));
        if (Arrays.stream(AddressFamily.values())
                .anyMatch(family -> attachment.attached().address(family).isPresent())) {
            observed.record().spec().ports().stream()
                    .filter(port -> port.hostPort().isPresent() || port.choice().isPresent())
                    .filter(port -> Stream.concat(attachment.ports().stream(), attachment.missingPorts().stream())
                            .noneMatch(p -> answers(p, port)))
                    .forEach(port -> causes.add(Cause.drift("ports", "", port.toString())));
        }
        return causes;
    }

    /** Whether that is what was asked for; a network may say which of the host's addresses it is on. */
    private static boolean answers(PublishedPort published, PublishedPort asked) {
        return asked.choice()
                        .map(choice -> published.hostPort().filter(choice::has).isPresent())
                        .orElse(published.hostPort().equals(asked.hostPort()))
                && published.containerPort() == asked.containerPort()
                && published.protocol().equals(asked.protocol())
                && (asked.hostIp().isEmpty() || asked.hostIp().equals(published.hostIp()));
    }
}
