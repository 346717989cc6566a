package dev.lockstep.spec.policy;

import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Orders.Order;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * All policies that a stack is held to, the host's first. No layers: nothing holds, as for what root applies by hand.
 */
public record Confinement(List<PolicyLayer> layers) {
    /** Everything may be asked for. */
    public static final Confinement NONE = new Confinement(List.of());

    private static final Path TOP = Path.of("/");

    public Confinement {
        layers = List.copyOf(layers);
    }

    /** Whether anything is held to anything. */
    public boolean isNone() {
        return layers.isEmpty();
    }

    /** Everything that is asked for and not allowed, each with its place and who does not allow it, by position. */
    public List<Problem> refusals(List<Demand> demands, Sources sources) {
        var problems = new ArrayList<Problem>();
        for (var demand : demands) {
            refusal(demand)
                    .ifPresent(why -> problems.add(new Problem(
                            sources.at(demand.path()), demand.path(), "asks for " + words(demand) + ". " + why)));
        }
        return problems.stream().sorted().distinct().toList();
    }

    /** Who does not allow that, and how to allow it; empty when all do. */
    public Optional<String> refusal(Demand demand) {
        return layers.stream().flatMap(layer -> layer.refusal(demand).stream()).findFirst();
    }

    /** Which capabilities containers do not have that do not ask for them, the host's first. */
    public List<Order<List<String>>> dropped() {
        return layers.stream()
                .flatMap(layer -> layer.orders().dropped().stream())
                .filter(order -> !order.value().isEmpty())
                .toList();
    }

    /** Who says that set-id programs give nothing; empty when nobody does. */
    public Optional<Order<Boolean>> noNewPrivileges() {
        return layers.stream()
                .flatMap(layer -> layer.orders().noNewPrivileges().stream())
                .filter(Order::value)
                .findFirst();
    }

    /** The most processes and threads of a container; empty where any number is allowed. */
    public Optional<Order<Long>> pids() {
        return layers.stream()
                .flatMap(layer -> Optional.ofNullable(layer.rulings().get(Subject.PIDS)).stream())
                .flatMap(ruling -> ruling.allowed().stream()
                        .filter(Allowance.AtMost.class::isInstance)
                        .map(allowed -> new Order<>(((Allowance.AtMost) allowed).most(), ruling.key(), ruling.at())))
                .min(Comparator.comparing(Order::value));
    }

    private static String words(Demand demand) {
        var value = demand.value();
        return switch (demand.subject()) {
            case PRIVILEGED -> "all rights of the host";
            case HOST_NAMESPACES -> "the host's " + value + " namespace";
            case CAPABILITIES -> "the capability " + value;
            case BIND_SOURCES -> value + " of the host" + (demand.readOnly() ? ", to read" : "");
            case SOCKETS -> "the host's socket " + value;
            case DEVICES -> "the device " + value;
            case VOLUME_TYPES -> "a volume that mounts the file system " + value;
            case SECURITY_OPTIONS -> value;
            case RUNTIMES -> "the runtime " + value;
            case ANNOTATIONS -> "the annotation " + value;
            case EXTERNAL -> "the " + value.replaceFirst(":", " ") + ", which is not its own";
            case NETWORK_PARENTS -> "a network on the host's link " + value;
            case HOST_RESOURCES -> "more of the host than others get (" + value + ")";
            case PIDS -> (value.equals(Demands.UNLIMITED) ? "any number of" : value) + " processes";
            case SYSCTLS -> "the sysctl " + value;
            case PUBLISHED_ADDRESSES -> "ports at " + value;
        };
    }

    /**
     * The directory above a path of the host below which links are not to be trusted, since whoever the host's owner
     * let write there may have put them: the outermost that the host allows. Empty where the owner named the path
     * itself, or everything.
     */
    public Optional<Path> base(Path source) {
        return layers.stream()
                .filter(layer -> layer.remedy().isPresent())
                .flatMap(layer -> Optional.ofNullable(layer.rulings().get(Subject.BIND_SOURCES)).stream())
                .flatMap(ruling -> ruling.allowed().stream())
                .flatMap(allowance -> allowance.tree().stream())
                .filter(tree -> !tree.equals(TOP) && !tree.equals(source) && source.startsWith(tree))
                .min(Comparator.comparingInt(Path::getNameCount));
    }
}
