package dev.lockstep.runtime.network;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Names of a container's interfaces. One that was asked for comes before one that is there, and that before the first
 * free number. Pure.
 */
final class InterfaceNames {
    /** What an interface is called, for people. */
    static final String RULE = "it has up to 15 bytes, none of them a blank, '/', ':' or '%'";

    /** The kernel's IFNAMSIZ, without its NUL. */
    private static final int LONGEST = 15;

    private InterfaceNames() {}

    /** Whether the kernel takes the name as it is (dev_valid_name, and no '%', for which it puts a number). */
    static boolean isValid(String name) {
        return name.getBytes(StandardCharsets.UTF_8).length <= LONGEST
                && name.matches("[^\\s/:%]+")
                && !Set.of(".", "..").contains(name);
    }

    /** Whether every namespace has something of that name: parameters below net/ipv4/conf, or the loopback. */
    static boolean isReserved(String name) {
        return Set.of("all", "default", "lo").contains(name);
    }

    /**
     * The name on each network.
     *
     * @param wanted in the order in which free names are given
     * @param old the container's ends until now
     * @param prefix of a network's interfaces, by the network's name
     * @throws NetworkException when two ask for the same
     */
    static Map<String, String> choose(List<AttachmentSpec> wanted, List<Endpoint> old, UnaryOperator<String> prefix)
            throws NetworkException {
        var names = new HashMap<String, String>();
        var used = new HashSet<String>();
        for (var spec : wanted) {
            var asked = spec.options().interfaceName();
            if (asked.isPresent()) {
                if (!used.add(asked.get())) {
                    throw new NetworkException("interface " + asked.get() + " is asked for on network " + spec.network()
                            + " and on another one, too");
                }
                names.put(spec.network(), asked.get());
            }
        }
        for (var spec : wanted) {
            var there = present(spec.network(), old)
                    .filter(name -> name.matches(Pattern.quote(prefix.apply(spec.network())) + "\\d+"));
            if (!names.containsKey(spec.network()) && there.isPresent() && used.add(there.get())) {
                names.put(spec.network(), there.get());
            }
        }
        for (var spec : wanted) {
            if (!names.containsKey(spec.network())) {
                names.put(spec.network(), free(prefix.apply(spec.network()), used));
            }
        }
        return names;
    }

    private static Optional<String> present(String network, List<Endpoint> old) {
        return old.stream()
                .filter(e -> e.network().equals(network))
                .map(Endpoint::interfaceName)
                .findFirst();
    }

    private static String free(String prefix, Set<String> used) {
        for (var i = 0; ; i++) {
            if (used.add(prefix + i)) {
                return prefix + i;
            }
        }
    }
}
