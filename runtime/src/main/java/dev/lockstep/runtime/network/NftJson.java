package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Expressions and statements of libnftables-json(5), as far as our rules need them. Pure. */
final class NftJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    static final JsonNode IN = meta("iifname");
    static final JsonNode OUT = meta("oifname");
    static final JsonNode L4PROTO = meta("l4proto");
    static final JsonNode PORT = payload("th", "dport");
    static final JsonNode SOURCE = payload("ip", "saddr");
    static final JsonNode SOURCE6 = payload("ip6", "saddr");
    static final JsonNode DESTINATION = payload("ip", "daddr");
    static final JsonNode DESTINATION6 = payload("ip6", "daddr");

    private NftJson() {}

    static ObjectNode object(String key, JsonNode value) {
        return JSON.objectNode().set(key, value);
    }

    static JsonNode text(String value) {
        return JSON.textNode(value);
    }

    static JsonNode number(int value) {
        return JSON.numberNode(value);
    }

    static ArrayNode array(JsonNode... values) {
        return JSON.arrayNode().addAll(List.of(values));
    }

    static ArrayNode texts(String... values) {
        var array = JSON.arrayNode();
        for (var value : values) {
            array.add(value);
        }
        return array;
    }

    static ObjectNode node() {
        return JSON.objectNode();
    }

    static JsonNode meta(String key) {
        return object("meta", object("key", text(key)));
    }

    static JsonNode payload(String protocol, String field) {
        return object("payload", node().put("protocol", protocol).put("field", field));
    }

    /** Bits of the frame from that one on. */
    static JsonNode frame(int bit, int length) {
        return object("payload", node().put("base", "ll").put("offset", bit).put("len", length));
    }

    static JsonNode concat(JsonNode... parts) {
        return object("concat", array(parts));
    }

    static JsonNode prefix(Cidr range) {
        return object("prefix", node().put("addr", range.base().toString()).put("len", range.prefix()));
    }

    static JsonNode match(String operator, JsonNode left, JsonNode right) {
        ObjectNode match = node().put("op", operator);
        match.set("left", left);
        match.set("right", right);
        return object("match", match);
    }

    static JsonNode equal(JsonNode left, JsonNode right) {
        return match("==", left, right);
    }

    static JsonNode differs(JsonNode left, JsonNode right) {
        return match("!=", left, right);
    }

    static JsonNode isIn(JsonNode left, JsonNode right) {
        return match("in", left, right);
    }

    static JsonNode connection(String key) {
        return object("ct", object("key", text(key)));
    }

    /** {@code fib daddr type}: what kind of address this host takes it for. */
    static JsonNode addressType(String which) {
        ObjectNode fib = node().put("result", "type");
        fib.set("flags", texts(which));
        return object("fib", fib);
    }

    static JsonNode jump(String chain) {
        return object("jump", object("target", text(chain)));
    }

    static JsonNode accept() {
        return object("accept", JSON.nullNode());
    }

    static JsonNode drop() {
        return object("drop", JSON.nullNode());
    }

    /** {@code return}: on with the chain from which this one was asked. */
    static JsonNode back() {
        return object("return", JSON.nullNode());
    }

    static JsonNode counter() {
        return object("counter", JSON.nullNode());
    }

    static JsonNode masquerade() {
        return object("masquerade", JSON.nullNode());
    }

    static JsonNode verdictMap(JsonNode key, String map) {
        ObjectNode vmap = node();
        vmap.set("key", key);
        vmap.put("data", "@" + map);
        return object("vmap", vmap);
    }

    /** {@code dnat FAMILY to KEY map @MAP}, where the map gives address and port. */
    static JsonNode destinationNat(String family, JsonNode key, String map) {
        ObjectNode lookup = node();
        lookup.set("key", key);
        lookup.put("data", "@" + map);
        ObjectNode dnat = node().put("family", family);
        dnat.set("addr", object("map", lookup));
        return object("dnat", dnat);
    }
}
