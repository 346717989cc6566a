package dev.lockstep.spec.policy;

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
 * @param remedy how a closed subject is opened; with it, closed subjects without a ruling allow nothing. Empty for a
 *     policy that only takes away: without a ruling it allows everything
 */
public record PolicyLayer(String words, Map<Subject, Ruling> rulings, Optional<Remedy> remedy) {
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
        if (ruling.isPresent()) {
            return ruling.get().allowed().stream().anyMatch(allowance -> allowance.allows(demand))
                    ? Optional.empty()
                    : Optional.of(words + " does not allow it: it is not in "
                            + ruling.get().key() + " at " + ruling.get().at());
        }
        return demand.subject().isClosed() ? remedy.map(how -> closed(demand, how)) : Optional.empty();
    }

    private String closed(Demand demand, Remedy how) {
        return words + " does not allow it: closed by default. To allow it, write "
                + (demand.subject() == Subject.PRIVILEGED
                        ? "privileged: true"
                        : demand.subject().key() + ": [" + demand.entry() + "]")
                + " below " + how.mapping() + " in " + how.file();
    }
}
