package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Which families of sockets socket(2) makes: those of Docker's profile (moby/profiles, seccomp/default_linux.go, of
 * 2026). Not among them are AF_VSOCK, which until Linux 7.0 knows no network namespaces and so reaches every virtual
 * machine of the host and its hypervisor, AF_ALG (CVE-2026-31431), and what newer kernels have thrown out. Those that
 * are open are listed: "not 40" lets through 2³² + 40, which a filter sees whole and the kernel cuts to 40. Each rule
 * costs runc a quarter of a millisecond at every start, so neighbours share one where a mask can tell them.
 *
 * <p>socketcall(2), which 32-bit programs of x86 have beside it, keeps its arguments in memory, where a filter cannot
 * look; Docker too leaves it open.
 */
final class SocketFamilies {
    private static final String SOCKET = "socket";
    private static final String ALLOW = "SCMP_ACT_ALLOW";
    private static final int EPERM = 1;

    /** DECnet, ECONET, ATMSVC, IRDA, WANPIPE, ISDN, CAIF (linux/socket.h): there is no such thing any more. */
    private static final Set<Integer> GONE = Set.of(12, 19, 20, 23, 25, 34, 37);

    /** ALG, VSOCK: there is, and it is refused. */
    private static final List<Integer> REFUSED = List.of(38, 40);

    /** What the kernel looks at: an int. */
    private static final long WORD = 0xffff_ffffL;

    private static final int LAST = 45;

    private SocketFamilies() {}

    /** Lets the rules of a translated profile that allow socket(2) do so for these families only. */
    static void restrict(ObjectNode profile) {
        var kept = new ArrayList<JsonNode>();
        var allowing = new ArrayList<ArrayNode>();
        for (var rule : profile.withArray("syscalls")) {
            if (rule.path("action").asText().equals(ALLOW) && names(rule).contains(SOCKET)) {
                allowing.add(rule.path("args").isArray() ? (ArrayNode) rule.path("args") : profile.arrayNode());
                var others = names(rule);
                others.remove(SOCKET);
                if (!others.isEmpty()) {
                    var rest = ((ObjectNode) rule).deepCopy();
                    others.forEach(rest.putArray("names")::add);
                    kept.add(rest);
                }
            } else {
                kept.add(rule);
            }
        }
        if (allowing.isEmpty()) {
            return;
        }
        var rules = profile.putArray("syscalls").addAll(kept);
        var conditions = new TreeMap<Integer, Set<ArrayNode>>();
        open().forEach(family -> conditions.put(family, conditions(family, allowing)));
        var end = 1;
        while (unconditional(conditions.getOrDefault(end, Set.of()))) {
            end++;
        }
        if (end > 1) {
            // One comparison for nearly all sockets that are ever made; zero is no family.
            first(rule(rules, ALLOW), end, "SCMP_CMP_LT");
        }
        var family = end;
        while (family <= LAST) {
            var block = block(family, conditions);
            if (block > 1) {
                block(rule(rules, ALLOW), family, block);
            } else {
                for (var others : conditions.getOrDefault(family, Set.of())) {
                    first(rule(rules, ALLOW), family, "SCMP_CMP_EQ").addAll(others);
                }
            }
            family += block;
        }
        for (var refused : REFUSED) {
            first(rule(rules, "SCMP_ACT_ERRNO").put("errnoRet", EPERM), refused, "SCMP_CMP_EQ");
        }
    }

    /** How many families from that one on are open without conditions and told by one mask: a power of two. */
    private static int block(int family, Map<Integer, Set<ArrayNode>> conditions) {
        var size = 1;
        while (family % (2 * size) == 0
                && IntStream.range(family, family + 2 * size)
                        .allMatch(f -> unconditional(conditions.getOrDefault(f, Set.of())))) {
            size *= 2;
        }
        return size;
    }

    private static List<Integer> open() {
        return IntStream.rangeClosed(1, LAST)
                .boxed()
                .filter(family -> !GONE.contains(family) && !REFUSED.contains(family))
                .toList();
    }

    /** Under what further conditions on other arguments the rules allow the family; none when one has no others. */
    private static Set<ArrayNode> conditions(int family, List<ArrayNode> allowing) {
        var all = new LinkedHashSet<ArrayNode>();
        for (var args : allowing) {
            var others = args.arrayNode();
            args.valueStream().filter(arg -> arg.path("index").asInt() != 0).forEach(others::add);
            if (args.valueStream().filter(arg -> arg.path("index").asInt() == 0).allMatch(arg -> holds(family, arg))) {
                all.add(others);
            }
        }
        return all.stream()
                .filter(ArrayNode::isEmpty)
                .findFirst()
                .<Set<ArrayNode>>map(Set::of)
                .orElse(all);
    }

    private static boolean unconditional(Set<ArrayNode> conditions) {
        return conditions.stream().anyMatch(ArrayNode::isEmpty);
    }

    private static boolean holds(long family, JsonNode arg) {
        var value = arg.path("value").asLong();
        var order = Long.compareUnsigned(family, value);
        return switch (arg.path("op").asText()) {
            case "SCMP_CMP_EQ" -> order == 0;
            case "SCMP_CMP_NE" -> order != 0;
            case "SCMP_CMP_LT" -> order < 0;
            case "SCMP_CMP_LE" -> order <= 0;
            case "SCMP_CMP_GT" -> order > 0;
            case "SCMP_CMP_GE" -> order >= 0;
            case "SCMP_CMP_MASKED_EQ" ->
                (family & value) == arg.path("valueTwo").asLong();
            default -> false; // What nobody knows allows nothing.
        };
    }

    private static List<String> names(JsonNode rule) {
        return new ArrayList<>(
                rule.path("names").valueStream().map(JsonNode::asText).toList());
    }

    private static ObjectNode rule(ArrayNode rules, String action) {
        var rule = rules.addObject();
        rule.putArray("names").add(SOCKET);
        return rule.put("action", action);
    }

    /** The rule holds for calls for families of that block. */
    private static void block(ObjectNode rule, int family, int size) {
        rule.putArray("args")
                .addObject()
                .put("index", 0)
                .put("value", WORD & ~(size - 1L))
                .put("valueTwo", family)
                .put("op", "SCMP_CMP_MASKED_EQ");
    }

    /** The rule holds for calls whose first argument compares so; its arguments. */
    private static ArrayNode first(ObjectNode rule, int value, String op) {
        var args = rule.putArray("args");
        args.addObject().put("index", 0).put("value", value).put("op", op);
        return args;
    }
}
