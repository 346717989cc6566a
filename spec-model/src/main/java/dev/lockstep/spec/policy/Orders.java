package dev.lockstep.spec.policy;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.List;
import java.util.Optional;

/**
 * What a policy takes from containers that ask for nothing. What a service names for itself, and the policy allows, it
 * keeps.
 *
 * @param dropped capabilities, by name without {@code CAP_}, or {@code ALL}: of those that every container has
 * @param noNewPrivileges whether set-id programs and file capabilities give nothing; false is no order, and hides the
 *     one above
 */
public record Orders(Optional<Order<List<String>>> dropped, Optional<Order<Boolean>> noNewPrivileges) {
    /** Nothing is said. */
    public static final Orders NONE = new Orders(Optional.empty(), Optional.empty());

    /** In a policy. */
    public static final String DROPPED = "drop-capabilities";

    /** In a policy. */
    public static final String NO_NEW_PRIVILEGES = "no-new-privileges";

    /**
     * One of them.
     *
     * @param key its path, such as {@code policy.drop-capabilities}
     * @param at where it stands
     */
    public record Order<T>(T value, String key, SourcePosition at) {}

    /** The same with these where they say something. */
    public Orders under(Orders closer) {
        return new Orders(closer.dropped.or(() -> dropped), closer.noNewPrivileges.or(() -> noNewPrivileges));
    }

    /** What takes away that which is asked for; empty for what every container may have. */
    Optional<Order<?>> against(Demand demand) {
        return switch (demand.subject()) {
            case CAPABILITIES ->
                dropped.filter(order ->
                                order.value().contains("ALL") || order.value().contains(demand.value()))
                        .map(order -> order);
            case SECURITY_OPTIONS -> noNewPrivileges.filter(Order::value).map(order -> order);
            default -> Optional.empty();
        };
    }
}
