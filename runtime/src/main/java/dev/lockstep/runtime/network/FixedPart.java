package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * How much a table has of what stays when containers and their ports come and go. It is written into the table itself,
 * as the name of an empty chain: who flushes a table, a chain or a set leaves that, and is noticed by what he took.
 *
 * @param rules in all chains
 * @param elements of the sets and maps that stay
 */
record FixedPart(int rules, int elements) {
    private static final String CHAIN = "holds_";

    /**
     * What these objects have of it.
     *
     * @param objects of a table, each as {@code {"rule": …}}, {@code {"set": …}} and so on; an {@code element} is what
     *     a transaction adds to a set
     * @param changing names of sets and maps whose elements come and go
     */
    static FixedPart of(Iterable<JsonNode> objects, Collection<String> changing) {
        record Element(String set, JsonNode value) {}
        var rules = 0;
        Set<Element> elements = new HashSet<>();
        for (var object : objects) {
            if (object.has("rule")) {
                rules++;
            }
            for (var kind : Set.of("set", "map", "element")) {
                var set = object.path(kind).path("name").asText();
                if (!changing.contains(set)) {
                    object.path(kind).path("elem").forEach(value -> elements.add(new Element(set, value)));
                }
            }
        }
        return new FixedPart(rules, elements.size());
    }

    /** The name of the chain that says so. */
    String chain() {
        return CHAIN + rules + "_" + elements;
    }

    /** Whether the table says that this is what was loaded. */
    boolean isWhole(Iterable<JsonNode> objects) {
        for (var object : objects) {
            if (object.path("chain").path("name").asText().equals(chain())) {
                return true;
            }
        }
        return false;
    }
}
