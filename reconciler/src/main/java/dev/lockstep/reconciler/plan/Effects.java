package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.NetworkSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a plan means for those who use the stack: who is away for how long, and what nobody gets back.
 *
 * @param downtimes by service; those that the plan makes anew are not in it
 * @param destroyed what is lost when the plan is applied
 */
public record Effects(Map<String, Downtime> downtimes, List<Destroyed> destroyed) {
    /** Nobody is away and nothing is lost. */
    public static final Effects NONE = new Effects(Map.of(), List.of());

    // As the JVM would make them, but it makes them when they are first called, which every plan would pay.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Effects its && downtimes.equals(its.downtimes) && destroyed.equals(its.destroyed);
    }

    @Override
    public int hashCode() {
        return 31 * downtimes.hashCode() + destroyed.hashCode();
    }

    /** How long a service is away, from the least to the worst. */
    public sealed interface Downtime {
        /** It changes while it runs. */
        record None() implements Downtime {}

        /**
         * It goes on running, or there are always others of it; connections are cut.
         *
         * @param over networks and ports, in words: others stay; empty: all are cut
         */
        record Connections(Set<String> over) implements Downtime {
            public Connections {
                over = Collections.unmodifiableSet(new LinkedHashSet<>(over));
            }

            /** All of them. */
            public Connections() {
                this(Set.of());
            }
        }

        /**
         * From the end of the old process to the start of the new one.
         *
         * @param grace how long the old one may take to end before it is killed
         */
        record Gap(Duration grace) implements Downtime {}

        /** It is not there any more, or until somebody starts it. */
        record Ends() implements Downtime {}
    }

    /** One thing whose data is lost. */
    public sealed interface Destroyed {
        /** As people know it. */
        String name();

        /** A named volume. */
        record Volume(String name) implements Destroyed {}

        /** What a container wrote outside of volumes. */
        record Written(String name) implements Destroyed {}

        /** A container's own volume, by where it is mounted. */
        record Anonymous(String name, String target) implements Destroyed {}
    }

    public Effects {
        downtimes = Collections.unmodifiableMap(new LinkedHashMap<>(downtimes));
        destroyed = List.copyOf(destroyed);
    }

    /** What those steps do to that host. */
    static Effects of(List<Step> steps, Observed observed) {
        var downtimes = new LinkedHashMap<String, Downtime>();
        var destroyed = new ArrayList<Destroyed>();
        var served = served(steps, observed);
        for (var step : steps) {
            switch (step.operation()) {
                case Operation.ReplaceContainer replace -> {
                    var old = find(replace.id(), observed);
                    worse(downtimes, replace.spec().service(), downtime(replace, old, served));
                    old.ifPresent(container -> lost(container, replace.renewVolumes(), destroyed));
                }
                case Operation.RestartContainer restart -> {
                    var service = restart.spec().service();
                    worse(downtimes, service, changed(find(restart.id(), observed), served.contains(service)));
                }
                case Operation.UpdateContainer update ->
                    worse(
                            downtimes,
                            update.spec().service(),
                            updated(
                                    find(update.id(), observed).filter(ObservedContainer::isRunning),
                                    update,
                                    step,
                                    steps,
                                    observed));
                case Operation.StopContainer stop ->
                    find(stop.id(), observed)
                            .ifPresent(container -> worse(downtimes, service(container), new Downtime.Ends()));
                case Operation.RemoveContainer remove ->
                    find(remove.id(), observed).ifPresent(container -> {
                        // One of several that go on, or what an interrupted change has left, is missed by nobody.
                        if (container.isRunning() && isLast(container, steps, observed)) {
                            var again = steps.stream()
                                    .anyMatch(s -> s.operation() instanceof Operation.CreateContainer create
                                            && create.spec().service().equals(service(container)));
                            worse(
                                    downtimes,
                                    service(container),
                                    again ? gap(Optional.of(container)) : new Downtime.Ends());
                        }
                        lost(container, remove.anonymousVolumes(), destroyed);
                    });
                case Operation.ReplaceNetwork network ->
                    observed.containers().stream()
                            .filter(ObservedContainer::isRunning)
                            .filter(c -> c.record().spec().networks().stream()
                                    .anyMatch(a -> a.network().equals(network.name())))
                            .forEach(c -> worse(
                                    downtimes,
                                    service(c),
                                    new Downtime.Connections(Set.of("network " + network.name()))));
                case Operation.RemoveVolume volume -> destroyed.add(new Destroyed.Volume(volume.name()));
                case Operation.OnImage _,
                        Operation.CreateNetwork _,
                        Operation.UpdateNetwork _,
                        Operation.RepairNetwork _,
                        Operation.RemoveNetwork _,
                        Operation.CreateVolume _,
                        Operation.UpdateVolume _,
                        Operation.CreateContainer _,
                        Operation.StartContainer _ -> {
                    // Nobody had it before.
                }
            }
        }
        return new Effects(downtimes, destroyed);
    }

    /** Services of which some are always there: their replicas change one group after the other, or not all of them. */
    private static Set<String> served(List<Step> steps, Observed observed) {
        var changed = new HashSet<String>();
        var services = new HashMap<String, String>();
        var served = new HashSet<String>();
        for (var step : steps) {
            var id = ended(step.operation());
            var spec = Operation.wanted(step.operation());
            id.ifPresent(changed::add);
            if (id.isPresent() && spec.isPresent()) {
                services.put(spec.get().service(), spec.get().owner().stack());
                if (step.turn().isPresent()) {
                    served.add(spec.get().service());
                }
            }
        }
        for (var container : observed.containers()) {
            var spec = container.record().spec();
            if (container.isRunning()
                    && !changed.contains(container.id())
                    && spec.owner().stack().equals(services.get(spec.service()))) {
                served.add(spec.service());
            }
        }
        return served;
    }

    /** The container that ends by the operation, be it that another one takes its place. */
    private static Optional<String> ended(Operation operation) {
        return switch (operation) {
            case Operation.ReplaceContainer replace -> Optional.of(replace.id());
            case Operation.RestartContainer restart -> Optional.of(restart.id());
            case Operation.StopContainer stop -> Optional.of(stop.id());
            case Operation.RemoveContainer remove -> Optional.of(remove.id());
            case Operation.OnImage _,
                    Operation.OnNetwork _,
                    Operation.OnVolume _,
                    Operation.CreateContainer _,
                    Operation.UpdateContainer _,
                    Operation.StartContainer _ -> Optional.empty();
        };
    }

    private static Downtime downtime(
            Operation.ReplaceContainer replace, Optional<ObservedContainer> old, Set<String> served) {
        if (!replace.started()) {
            return new Downtime.Ends();
        }
        return changed(
                old, replace.startFirst() || served.contains(replace.spec().service()));
    }

    /** @param served whether somebody serves while it is away */
    private static Downtime changed(Optional<ObservedContainer> old, boolean served) {
        return served && old.filter(ObservedContainer::isRunning).isPresent() ? new Downtime.Connections() : gap(old);
    }

    /**
     * What is connected as before keeps its connections, but for those that leave the networks when another one becomes
     * the way out; what is connected anew had none.
     */
    private static Downtime updated(
            Optional<ObservedContainer> running,
            Operation.UpdateContainer update,
            Step step,
            List<Step> steps,
            Observed observed) {
        if (running.isEmpty()) {
            return new Downtime.None();
        }
        var over = new LinkedHashSet<String>();
        var then = running.get().record().spec();
        for (var network : then.networks()) {
            if (update.spec().networks().stream().noneMatch(now -> keepsLink(network, now))) {
                over.add("network " + network.network());
            }
        }
        step.causes().stream()
                .filter(cause ->
                        cause.field().startsWith("networks.") && cause.after().equals("not connected"))
                .forEach(cause -> over.add("network " + cause.field().substring("networks.".length())));
        for (var port : then.ports()) {
            if (!update.spec().ports().contains(port)) {
                over.add("port " + port);
            }
        }
        for (var family : AddressFamily.values()) {
            var before = wayOut(then.networks(), family, name -> found(name, observed));
            var after = wayOut(
                    update.spec().networks(), family, name -> made(name, steps).or(() -> found(name, observed)));
            if (before.isPresent() && !before.equals(after) && !over.contains("network " + before.get())) {
                over.add("the way out by network " + before.get());
                then.ports().stream()
                        .filter(port -> port.hostIp()
                                .filter(ip -> ip.family() != family)
                                .isEmpty())
                        .forEach(port -> over.add("port " + port));
            }
        }
        return over.isEmpty() ? new Downtime.None() : new Downtime.Connections(over);
    }

    /** The network whose address a container has outside of its networks, and that its ports lead to. */
    private static Optional<String> wayOut(
            List<AttachmentSpec> attachments, AddressFamily family, Function<String, Optional<NetworkSpec>> networks) {
        return attachments.stream()
                .sorted(AttachmentSpec.BY_WAY_OUT)
                .map(AttachmentSpec::network)
                .filter(name -> networks.apply(name)
                        .filter(network ->
                                network.mayPublish() && network.families().contains(family))
                        .isPresent())
                .findFirst();
    }

    private static Optional<NetworkSpec> found(String network, Observed observed) {
        return observed.network(network).map(n -> n.record().spec());
    }

    /** As it is once the steps are done; empty where they leave it as it is. */
    private static Optional<NetworkSpec> made(String network, List<Step> steps) {
        return steps.stream()
                .flatMap(step -> switch (step.operation()) {
                    case Operation.CreateNetwork create -> Stream.of(create.spec());
                    case Operation.ReplaceNetwork replace -> Stream.of(replace.spec());
                    default -> Stream.<NetworkSpec>empty();
                })
                .filter(spec -> spec.name().equals(network))
                .findFirst();
    }

    private static boolean keepsLink(AttachmentSpec then, AttachmentSpec now) {
        return then.network().equals(now.network())
                && then.addresses().equals(now.addresses())
                && then.options().macAddress().equals(now.options().macAddress())
                && then.options().interfaceName().equals(now.options().interfaceName())
                && then.options().linkLocal().equals(now.options().linkLocal())
                && then.options().sysctls().equals(now.options().sysctls());
    }

    private static Optional<ObservedContainer> find(String id, Observed observed) {
        return observed.containers().stream().filter(c -> c.id().equals(id)).findFirst();
    }

    /** One that does not run is not away for any longer. */
    private static Downtime gap(Optional<ObservedContainer> old) {
        return old.filter(ObservedContainer::isRunning)
                .<Downtime>map(c -> new Downtime.Gap(
                        c.record().effective().map(made -> made.stopGrace()).orElse(Duration.ZERO)))
                .orElse(new Downtime.None());
    }

    private static boolean isLast(ObservedContainer container, List<Step> steps, Observed observed) {
        var spec = container.record().spec();
        return observed.containersOf(spec.owner().stack()).stream()
                .filter(c -> c.record().spec().service().equals(spec.service()))
                .allMatch(c -> steps.stream()
                        .map(Step::operation)
                        .anyMatch(o -> o instanceof Operation.RemoveContainer remove
                                && remove.id().equals(c.id())));
    }

    /** A container that no service has is known by its own name. */
    private static String service(ObservedContainer container) {
        var service = container.record().spec().service();
        return service.isEmpty() ? container.name() : service;
    }

    private static void worse(Map<String, Downtime> downtimes, String service, Downtime downtime) {
        downtimes.merge(
                service,
                downtime,
                (a, b) -> a instanceof Downtime.Connections(var one) && b instanceof Downtime.Connections(var other)
                        ? together(one, other)
                        : weight(a) < weight(b) ? b : a);
    }

    private static Downtime together(Set<String> one, Set<String> other) {
        var both = new LinkedHashSet<>(one);
        both.addAll(other);
        return new Downtime.Connections(one.isEmpty() || other.isEmpty() ? Set.of() : both);
    }

    private static long weight(Downtime downtime) {
        return switch (downtime) {
            case Downtime.None _ -> 0;
            case Downtime.Connections _ -> 1;
            case Downtime.Gap(var grace) -> 2 + grace.toMillis();
            case Downtime.Ends _ -> Long.MAX_VALUE;
        };
    }

    private static void lost(ObservedContainer container, boolean volumes, List<Destroyed> destroyed) {
        destroyed.add(new Destroyed.Written(container.name()));
        if (volumes) {
            container
                    .record()
                    .effective()
                    .ifPresent(made -> made.anonymousVolumes()
                            .keySet()
                            .forEach(target -> destroyed.add(new Destroyed.Anonymous(container.name(), target))));
        }
    }

    /** How long, in words. */
    static String words(Downtime downtime) {
        return switch (downtime) {
            case Downtime.None _ -> "none";
            case Downtime.Connections(var over) ->
                "none, but open connections "
                        + (over.isEmpty() ? "" : "over " + String.join(", ", over) + " ")
                        + "are cut";
            case Downtime.Gap(var grace) ->
                "from the old one's end, which may take " + Sizes.show(grace) + ", to the new one's start";
            case Downtime.Ends _ -> "from then on";
        };
    }

    /** The destroyed things, a phrase for each sort. */
    List<String> destroyedInWords() {
        var phrases = new ArrayList<String>();
        destroyed.forEach(thing -> {
            switch (thing) {
                case Destroyed.Volume(var name) -> phrases.add("ALL DATA in volume " + name);
                case Destroyed.Anonymous(var name, var target) ->
                    phrases.add("ALL DATA in the volume of its own that container " + name + " has at " + target);
                case Destroyed.Written _ -> {
                    // together, below
                }
            }
        });
        var written = destroyed.stream()
                .filter(Destroyed.Written.class::isInstance)
                .map(Destroyed::name)
                .toList();
        if (!written.isEmpty()) {
            phrases.add("what " + String.join(", ", written) + " wrote outside of volumes");
        }
        return phrases;
    }
}
