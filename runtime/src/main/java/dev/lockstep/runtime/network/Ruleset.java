package dev.lockstep.runtime.network;

import static dev.lockstep.runtime.network.NftJson.accept;
import static dev.lockstep.runtime.network.NftJson.addressType;
import static dev.lockstep.runtime.network.NftJson.array;
import static dev.lockstep.runtime.network.NftJson.concat;
import static dev.lockstep.runtime.network.NftJson.connection;
import static dev.lockstep.runtime.network.NftJson.counter;
import static dev.lockstep.runtime.network.NftJson.destinationNat;
import static dev.lockstep.runtime.network.NftJson.differs;
import static dev.lockstep.runtime.network.NftJson.drop;
import static dev.lockstep.runtime.network.NftJson.equal;
import static dev.lockstep.runtime.network.NftJson.isIn;
import static dev.lockstep.runtime.network.NftJson.jump;
import static dev.lockstep.runtime.network.NftJson.masquerade;
import static dev.lockstep.runtime.network.NftJson.meta;
import static dev.lockstep.runtime.network.NftJson.node;
import static dev.lockstep.runtime.network.NftJson.number;
import static dev.lockstep.runtime.network.NftJson.object;
import static dev.lockstep.runtime.network.NftJson.payload;
import static dev.lockstep.runtime.network.NftJson.prefix;
import static dev.lockstep.runtime.network.NftJson.text;
import static dev.lockstep.runtime.network.NftJson.texts;
import static dev.lockstep.runtime.network.NftJson.verdictMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;

/**
 * The rules of one root as one nftables table. Everything that changes with containers is an element of a map or set,
 * so that publishing a port touches no rule. Pure: makes the JSON of transactions.
 *
 * <p>What the rules do:
 *
 * <ul>
 *   <li>Nobody but {@code lo} speaks to 127.0.0.0/8. Published loopback ports need {@code route_localnet} on the
 *       bridges, which would open the host's loopback services to containers (CVE-2020-8558).
 *   <li>Names asked of a gateway go to our name server's port, before published ports are looked at: a stack that
 *       publishes 53 must not get other containers' questions.
 *   <li>A packet to an address of this host goes to the container that published the port: from outside, from the host,
 *       from containers. The client's address is kept, but where the answer would not find its way back.
 *   <li>Networks do not reach each other, nor does the outside reach container addresses, but through published ports.
 *   <li>What leaves a network has the host's address. Internal networks have no way in or out.
 *   <li>Where Lockstep turned forwarding on, the links that the host had then do not forward to each other.
 * </ul>
 */
final class Ruleset {
    static final String PUBLISHED = "pub4";
    static final String PUBLISHED_ANY = "pub4any";
    static final String BRIDGES = "bridges";

    private static final String FAMILY = "inet";
    private static final JsonNode TCP_AND_UDP = object("set", texts("tcp", "udp"));
    private static final JsonNode L4PROTO = meta("l4proto");
    private static final JsonNode PORT = payload("th", "dport");
    private static final JsonNode SOURCE = payload("ip", "saddr");
    private static final JsonNode DESTINATION = payload("ip", "daddr");
    private static final JsonNode IN = meta("iifname");
    private static final JsonNode OUT = meta("oifname");
    private static final Cidr LOOPBACK = Cidr.parse("127.0.0.0/8");

    private final String table;
    private final ArrayNode commands = array();

    private Ruleset(String table) {
        this.table = table;
    }

    /**
     * The whole table, in place of any that is there.
     *
     * @param dnsPort where the name server listens on the gateways
     * @param guarded links that do not forward to each other; none where forwarding was on before us
     */
    static String load(
            String table,
            int dnsPort,
            List<NetworkRecord> networks,
            Collection<Publication> published,
            Collection<String> guarded) {
        var rules = new Ruleset(table);
        // Adding first makes the deletion work when there is none.
        rules.addTable();
        rules.command("delete", object("table", rules.tableName()));
        rules.addTable();
        rules.chains(networks);
        rules.sets(networks, guarded);
        rules.elements("add", published);
        rules.addressTranslation(dnsPort);
        rules.isolation(networks, !guarded.isEmpty());
        rules.masquerading();
        return rules.json();
    }

    /** Takes the table away; no error when there is none. */
    static String unload(String table) {
        var rules = new Ruleset(table);
        rules.addTable();
        rules.command("delete", object("table", rules.tableName()));
        return rules.json();
    }

    /** Moves published ports: what goes and what comes, in one step. */
    static String change(String table, Collection<Publication> gone, Collection<Publication> added) {
        var rules = new Ruleset(table);
        rules.elements("delete", gone);
        rules.elements("add", added);
        return rules.json();
    }

    private void addTable() {
        command("add", object("table", tableName()));
    }

    private ObjectNode tableName() {
        return node().put("family", FAMILY).put("name", table);
    }

    private void chains(List<NetworkRecord> networks) {
        baseChain("raw", "filter", "prerouting", -300);
        baseChain("prerouting", "nat", "prerouting", -100);
        baseChain("output", "nat", "output", -100);
        chain("published");
        baseChain("forward", "filter", "forward", 0);
        for (var network : networks) {
            chain(into(network));
            if (network.spec().internal()) {
                chain(outOf(network));
            }
        }
        baseChain("postrouting", "nat", "postrouting", 100);
    }

    private void sets(List<NetworkRecord> networks, Collection<String> guarded) {
        var gateways = array();
        var bridges = array();
        var in = array();
        var out = array();
        var masquerade = array();
        for (var network : networks) {
            var bridge = text(network.bridge());
            gateways.add(network.gateway().toString());
            bridges.add(bridge);
            in.add(array(bridge, jump(into(network))));
            if (network.spec().internal()) {
                out.add(array(bridge, jump(outOf(network))));
            } else {
                masquerade.add(concat(bridge, prefix(network.subnet())));
            }
        }
        set("dnsgw4", text("ipv4_addr"), gateways);
        set(BRIDGES, text("ifname"), bridges);
        var links = array();
        guarded.forEach(links::add);
        set("guarded", text("ifname"), links);
        map("net_in", text("ifname"), text("verdict"), in);
        map("net_out", text("ifname"), text("verdict"), out);
        ObjectNode masq = named("masq4");
        masq.set("type", texts("ifname", "ipv4_addr"));
        masq.set("flags", texts("interval"));
        addElements(masq, masquerade);
        command("add", object("set", masq));
        var target = texts("ipv4_addr", "inet_service");
        map(PUBLISHED, texts("ipv4_addr", "inet_proto", "inet_service"), target, array());
        map(PUBLISHED_ANY, texts("inet_proto", "inet_service"), target, array());
    }

    private void elements(String verb, Collection<Publication> publications) {
        var certain = array();
        var any = array();
        for (var publication : publications) {
            var protocol = text(publication.port().protocol().lowerCase());
            var port = number(publication.hostPort());
            var target = concat(
                    text(publication.address().toString()),
                    number(publication.port().containerPort()));
            Publication.hostIp(publication.port())
                    .ifPresentOrElse(
                            ip -> certain.add(array(concat(text(ip.toString()), protocol, port), target)),
                            () -> any.add(array(concat(protocol, port), target)));
        }
        elementCommand(verb, PUBLISHED, certain);
        elementCommand(verb, PUBLISHED_ANY, any);
    }

    private void elementCommand(String verb, String map, ArrayNode elements) {
        if (!elements.isEmpty()) {
            ObjectNode element = named(map);
            element.set("elem", elements);
            command(verb, object("element", element));
        }
    }

    private void addressTranslation(int dnsPort) {
        rule(
                "raw",
                "remote loopback",
                differs(IN, text("lo")),
                equal(DESTINATION, prefix(LOOPBACK)),
                counter(),
                drop());
        rule("raw", "remote loopback", differs(IN, text("lo")), equal(SOURCE, prefix(LOOPBACK)), counter(), drop());
        rule(
                "prerouting",
                "names",
                equal(IN, text("@" + BRIDGES)),
                equal(DESTINATION, text("@dnsgw4")),
                equal(L4PROTO, TCP_AND_UDP),
                equal(PORT, number(53)),
                object("redirect", object("port", number(dnsPort))));
        var toThisHost = equal(addressType("daddr"), text("local"));
        rule("prerouting", "", toThisHost, jump("published"));
        rule("output", "", toThisHost, jump("published"));
        rule("published", "", destinationNat(concat(DESTINATION, L4PROTO, PORT), PUBLISHED));
        rule("published", "", destinationNat(concat(L4PROTO, PORT), PUBLISHED_ANY));
    }

    private void isolation(List<NetworkRecord> networks, boolean guard) {
        rule("forward", "", isIn(connection("state"), texts("established", "related")), accept());
        rule("forward", "", verdictMap(OUT, "net_in"));
        rule("forward", "", verdictMap(IN, "net_out"));
        if (guard) {
            rule(
                    "forward",
                    "forwarding was off before",
                    equal(IN, text("@guarded")),
                    equal(OUT, text("@guarded")),
                    counter(),
                    drop());
        }
        for (var network : networks) {
            var bridge = text(network.bridge());
            rule(into(network), "", equal(IN, bridge), accept());
            if (network.spec().internal()) {
                rule(into(network), "internal", counter(), drop());
                rule(outOf(network), "", equal(OUT, bridge), accept());
                rule(outOf(network), "internal", counter(), drop());
            } else {
                rule(into(network), "", isIn(connection("status"), text("dnat")), accept());
                rule(into(network), "not published", counter(), drop());
            }
        }
    }

    private void masquerading() {
        var translated = isIn(connection("status"), text("dnat"));
        // The host to its own published port: the source may be a loopback address.
        rule(
                "postrouting",
                "",
                equal(OUT, text("@" + BRIDGES)),
                equal(addressType("saddr"), text("local")),
                translated,
                masquerade());
        // A container to a port published on its own network. By source address: with bridge-nf-call-iptables the
        // packet has no input device here.
        rule("postrouting", "", translated, equal(concat(OUT, SOURCE), text("@masq4")), masquerade());
        rule(
                "postrouting",
                "",
                differs(OUT, text("@" + BRIDGES)),
                equal(concat(IN, SOURCE), text("@masq4")),
                masquerade());
    }

    private void baseChain(String name, String type, String hook, int priority) {
        command(
                "add",
                object(
                        "chain",
                        named(name)
                                .put("type", type)
                                .put("hook", hook)
                                .put("prio", priority)
                                .put("policy", "accept")));
    }

    private void chain(String name) {
        command("add", object("chain", named(name)));
    }

    private void set(String name, JsonNode type, ArrayNode elements) {
        ObjectNode set = named(name);
        set.set("type", type);
        addElements(set, elements);
        command("add", object("set", set));
    }

    private void map(String name, JsonNode type, JsonNode target, ArrayNode elements) {
        ObjectNode map = named(name);
        map.set("type", type);
        map.set("map", target);
        addElements(map, elements);
        command("add", object("map", map));
    }

    private static void addElements(ObjectNode to, ArrayNode elements) {
        if (!elements.isEmpty()) {
            to.set("elem", elements);
        }
    }

    private void rule(String chain, String comment, JsonNode... statements) {
        ObjectNode rule = node().put("family", FAMILY).put("table", table).put("chain", chain);
        if (!comment.isEmpty()) {
            rule.put("comment", comment);
        }
        rule.set("expr", array(statements));
        command("add", object("rule", rule));
    }

    private ObjectNode named(String name) {
        return node().put("family", FAMILY).put("table", table).put("name", name);
    }

    private void command(String verb, JsonNode object) {
        commands.add(object(verb, object));
    }

    private String json() {
        return object("nftables", commands).toString();
    }

    private static String into(NetworkRecord network) {
        return "in_" + network.bridge();
    }

    private static String outOf(NetworkRecord network) {
        return "out_" + network.bridge();
    }
}
