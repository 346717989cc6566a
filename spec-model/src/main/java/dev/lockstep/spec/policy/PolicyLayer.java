package dev.lockstep.spec.policy;

import dev.lockstep.spec.policy.Orders.Order;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one file says a stack may ask for. A stack is held to several: what the host allows, then what its repository
 * leaves of that.
 *
 * @param words whose policy it is, for people: {@code This host}
 * @param rulings by subject; a subject without one is as {@code remedy} says
 * @param orders what containers are without, whatever they ask for
 * @param remedy how a closed subject is opened; with it, closed subjects without a ruling allow nothing. Empty for a
 *     policy that only takes away: without a ruling it allows everything
 */
public record PolicyLayer(String words, Map<Subject, Ruling> rulings, Orders orders, Optional<Remedy> remedy) {
    /**
     * What is said of a subject.
     *
     * @param allowed none: nothing is allowed
     * @param key the path of the list, such as {@code policy.capabilities}
     * @param at where it stands
     */
    public record Ruling(List<Allowance> allowed, String key, SourcePosition at) {
        public Ruling {
            allowed = List.copyOf(allowed);
        }
    }

    /**
     * How somebody opens what is closed.
     *
     * @param file to write in
     * @param mapping to write below, such as {@code policy}
     */
    public record Remedy(String file, String mapping) {}

    public PolicyLayer {
        var copy = new EnumMap<Subject, Ruling>(Subject.class);
        copy.putAll(rulings);
        rulings = Collections.unmodifiableMap(copy);
    }

    /** Why that may not be asked for; empty when it may. */
    public Optional<String> refusal(Demand demand) {
        var ruling = Optional.ofNullable(rulings.get(demand.subject()));
        var allowed = ruling.filter(said -> said.allowed().stream().anyMatch(allowance -> allowance.allows(demand)));
        if (Demands.isOrdinary(demand)) {
            return allowed.isPresent()
                    ? Optional.empty()
                    : orders.against(demand).map(order -> ordered(demand, order));
        }
        if (ruling.isPresent()) {
            return allowed.isPresent()
                    ? Optional.empty()
                    : Optional.of(words + " does not allow it: " + without(ruling.get()));
        }
        return demand.subject().isClosed() ? remedy.map(how -> closed(demand, how)) : Optional.empty();
    }

    private static String without(Ruling ruling) {
        var place = ruling.key() + " at " + ruling.at();
        return ruling.allowed().stream()
                .filter(Allowance.AtMost.class::isInstance)
                .findFirst()
                .map(most -> place + " allows " + ((Allowance.AtMost) most).most())
                .orElse("it is not in " + place);
    }

    private String ordered(Demand demand, Order<?> order) {
        return words + " does not allow it: " + order.key() + " at " + order.at() + ". To allow it, write "
                + demand.subject().key() + ": [" + demand.entry() + "]"
                + remedy.map(how -> " below " + how.mapping() + " in " + how.file())
                        .orElse(" beside it");
    }

    private String closed(Demand demand, Remedy how) {
        return words + " does not allow it: closed by default. To allow it, write "
                + (demand.subject() == Subject.PRIVILEGED
                        ? "privileged: true"
                        : demand.subject().key() + ": [" + demand.entry() + "]")
                + " below " + how.mapping() + " in " + how.file();
    }
}
