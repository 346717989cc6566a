package dev.lockstep.runtime.network;

import static dev.lockstep.runtime.network.NftJson.DESTINATION;
import static dev.lockstep.runtime.network.NftJson.DESTINATION6;
import static dev.lockstep.runtime.network.NftJson.IN;
import static dev.lockstep.runtime.network.NftJson.L4PROTO;
import static dev.lockstep.runtime.network.NftJson.OUT;
import static dev.lockstep.runtime.network.NftJson.PORT;
import static dev.lockstep.runtime.network.NftJson.SOURCE;
import static dev.lockstep.runtime.network.NftJson.SOURCE6;
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
import static dev.lockstep.runtime.network.NftJson.number;
import static dev.lockstep.runtime.network.NftJson.object;
import static dev.lockstep.runtime.network.NftJson.payload;
import static dev.lockstep.runtime.network.NftJson.prefix;
import static dev.lockstep.runtime.network.NftJson.text;
import static dev.lockstep.runtime.network.NftJson.texts;
import static dev.lockstep.runtime.network.NftJson.verdictMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.lockstep.runtime.network.DriverOptions.GatewayMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * The rules of one root as two nftables tables of the same name: this one for packets, and {@link FrameRules} for what
 * passes the ports of our bridges. Everything that changes with containers is an element of a map or set, so that
 * publishing a port touches no rule. Pure: makes the JSON of transactions.
 *
 * <p>What the rules for packets do:
 *
 * <ul>
 *   <li>Nobody but {@code lo} speaks to 127.0.0.0/8. Published loopback ports need {@code route_localnet} on the
 *       bridges, which would open the host's loopback services to containers (CVE-2020-8558).
 *   <li>Names asked of a gateway go to our name server's port, before published ports are looked at: a stack that
 *       publishes 53 must not get other containers' questions.
 *   <li>A packet to an address of this host goes to the container that published the port: from outside, from the host,
 *       from containers. The client's address is kept, but where the answer would not find its way back.
 *   <li>Networks do not reach each other, nor does the outside reach container addresses, but through published ports.
 *   <li>What leaves a network has the host's address. Internal networks have no way in or out, and isolated ones none
 *       to the host either, but for names.
 *   <li>A bridge of ours that the rules do not know has no way in or out.
 *   <li>Where Lockstep turned forwarding on, the links that the host had then do not forward to each other.
 * </ul>
 */
final class Ruleset {
    static final String FAMILY = "inet";
    static final String BRIDGES = "bridges";
    /** The maps of published ports, by family: on certain addresses of the host, and on all. */
    static final List<String> PUBLISHED = List.of("pub4", "pub4any", "pub6", "pub6any");
    /** Ports of containers that are reached at their own addresses. */
    static final List<String> OPEN = List.of("open4", "open6");

    /** Containers by networks that they are on as well, see {@link Beside}. */
    static final List<String> BESIDE = List.of("beside4", "beside6");

    /** Sets and maps whose elements come and go with containers. */
    static final List<String> CHANGING =
            Stream.of(PUBLISHED, OPEN, BESIDE).flatMap(List::stream).toList();

    /** What the rules do: one more with each change of what stays when elements come and go. */
    static final int VERSION = 5;

    /** An empty chain in the table, with the version behind it. */
    static final String VERSION_CHAIN = "version_";

    private static final String ISOLATED = "isolated";
    private static final JsonNode TCP_AND_UDP = object("set", texts("tcp", "udp"));
    private static final JsonNode NEIGHBOURS = object("set", texts("nd-neighbor-solicit", "nd-neighbor-advert"));
    private static final Cidr LOOPBACK = Cidr.parse("127.0.0.0/8");
    private static final Cidr LINK_LOCAL = Cidr.parse("fe80::/10");

    private final TableCommands table;

    private Ruleset(TableCommands table) {
        this.table = table;
    }

    /**
     * Everything that the rules depend on.
     *
     * @param dnsPort where the name server listens on the gateways
     * @param ends ports of the bridges
     * @param beside networks that containers are on as well
     * @param unknown bridges of networks of which nothing else is known
     * @param guarded links that do not forward to each other
     */
    record Content(
            int dnsPort,
            List<NetworkRecord> networks,
            List<String> unknown,
            Collection<Publication> published,
            Collection<FrameRules.End> ends,
            Collection<Beside> beside,
            Guarded guarded) {}

    /** Links that do not forward to each other, by family; none where forwarding was on before us. */
    record Guarded(List<String> ipv4, List<String> ipv6) {}

    /**
     * Both tables, in place of any that are there.
     *
     * @param rootId whose links carry it in their names
     * @param targets whether this libnftables knows the address that a neighbour advertises
     */
    static String load(String table, String rootId, Content content, boolean targets) {
        var networks = content.networks();
        var packets = TableCommands.replacement(FAMILY, table);
        var rules = new Ruleset(packets);
        rules.chains(networks);
        rules.sets(networks, content.guarded());
        packets.change(elements(SetChange.Verb.ADD, content.published()));
        packets.change(Beside.changes(SetChange.Verb.ADD, content.beside()));
        rules.addressTranslation(content.dnsPort());
        rules.isolation(content, text("ls" + rootId.substring(0, 4) + "*"));
        rules.fromTheHost(networks, content.dnsPort());
        rules.masquerading();
        packets.fixed(CHANGING);
        return TableCommands.transaction(packets, FrameRules.load(table, rootId, networks, content.ends(), targets));
    }

    /** Takes the tables away; no error when there are none. */
    static String unload(String table) {
        return TableCommands.transaction(
                TableCommands.removal(FAMILY, table), TableCommands.removal(FrameRules.FAMILY, table));
    }

    /**
     * Moves published ports: what goes and what comes, in one step. Several ports of the host may lead to one element,
     * of a container that is reached at its own address; it goes with the last of them.
     *
     * @param after all that are published then
     */
    static List<SetChange> change(
            Collection<Publication> gone, Collection<Publication> added, Collection<Publication> after) {
        var changes = new ArrayList<SetChange>();
        var stay = elements(SetChange.Verb.ADD, after);
        for (var change : elements(SetChange.Verb.DELETE, gone)) {
            var elements = new ArrayList<>(change.elements());
            stay.stream().filter(s -> s.set().equals(change.set())).forEach(s -> elements.removeAll(s.elements()));
            if (!elements.isEmpty()) {
                changes.add(new SetChange(SetChange.Verb.DELETE, change.set(), elements));
            }
        }
        changes.addAll(elements(SetChange.Verb.ADD, added));
        return List.copyOf(changes);
    }

    private void chains(List<NetworkRecord> networks) {
        table.chain(VERSION_CHAIN + VERSION);
        table.baseChain("raw", "filter", "prerouting", -300);
        table.baseChain("prerouting", "nat", "prerouting", -100);
        table.baseChain("output", "nat", "output", -100);
        table.chain("published");
        table.baseChain("forward", "filter", "forward", 0);
        for (var network : networks) {
            table.chain(into(network));
            if (network.spec().internal()) {
                table.chain(outOf(network));
            }
        }
        table.baseChain("postrouting", "nat", "postrouting", 100);
    }

    private void sets(List<NetworkRecord> networks, Guarded guarded) {
        var gateways = array();
        var gateways6 = array();
        var bridges = array();
        var in = array();
        var out = array();
        var masquerade = array();
        var masquerade6 = array();
        var hairpin = array();
        var hairpin6 = array();
        for (var network : networks) {
            var bridge = text(network.bridge());
            var options = network.spec().options();
            bridges.add(bridge);
            in.add(array(bridge, jump(into(network))));
            if (network.spec().internal()) {
                out.add(array(bridge, jump(outOf(network))));
            }
            for (var subnet : network.subnets()) {
                var six = subnet.family() == AddressFamily.IPV6;
                if (six || options.bridgeAddress()) {
                    (six ? gateways6 : gateways).add(subnet.gateway().toString());
                }
                if (network.spec().internal()) {
                    continue;
                }
                (six ? hairpin6 : hairpin).add(concat(bridge, prefix(subnet.range())));
                if (options.masquerade() && options.gatewayMode(subnet.family()) != GatewayMode.ROUTED) {
                    (six ? masquerade6 : masquerade).add(concat(bridge, prefix(subnet.range())));
                }
            }
        }
        table.set("dnsgw4", text("ipv4_addr"), gateways);
        table.set("dnsgw6", text("ipv6_addr"), gateways6);
        table.set(BRIDGES, text("ifname"), bridges);
        table.set("guarded4", text("ifname"), links(guarded.ipv4()));
        table.set("guarded6", text("ifname"), links(guarded.ipv6()));
        table.map("net_in", text("ifname"), text("verdict"), in);
        table.map("net_out", text("ifname"), text("verdict"), out);
        table.ranges("masq4", "ipv4_addr", masquerade);
        table.ranges("masq6", "ipv6_addr", masquerade6);
        table.ranges("hairpin4", "ipv4_addr", hairpin);
        table.ranges("hairpin6", "ipv6_addr", hairpin6);
        table.set("open4", texts("ipv4_addr", "inet_proto", "inet_service"), array());
        table.set("open6", texts("ipv6_addr", "inet_proto", "inet_service"), array());
        table.set("beside4", texts("ifname", "ipv4_addr"), array());
        table.set("beside6", texts("ifname", "ipv6_addr"), array());
        for (var map : PUBLISHED) {
            var address = map.startsWith("pub6") ? "ipv6_addr" : "ipv4_addr";
            var key = map.endsWith("any")
                    ? texts("inet_proto", "inet_service")
                    : texts(address, "inet_proto", "inet_service");
            table.map(map, key, texts(address, "inet_service"), array());
        }
    }

    private static ArrayNode links(List<String> names) {
        var links = array();
        names.forEach(links::add);
        return links;
    }

    private static List<SetChange> elements(SetChange.Verb verb, Collection<Publication> publications) {
        var sets = new SetChange.Sorted(PUBLISHED);
        for (var publication : publications) {
            var six = publication.address().isIpv6();
            var address = new Datum.Address(publication.address());
            var protocol = new Datum.Protocol(publication.port().protocol());
            var inside = new Datum.Port(publication.port().containerPort());
            if (publication.routed()) {
                sets.put(six ? "open6" : "open4", SetElement.of(address, protocol, inside));
                continue;
            }
            var map = six ? "pub6" : "pub4";
            var port = new Datum.Port(publication.hostPort());
            publication
                    .hostIp()
                    .ifPresentOrElse(
                            ip -> sets.put(
                                    map,
                                    SetElement.of(new Datum.Address(ip), protocol, port)
                                            .to(address, inside)),
                            () -> sets.put(
                                    map + "any", SetElement.of(protocol, port).to(address, inside)));
        }
        return sets.changes(verb);
    }

    private void addressTranslation(int dnsPort) {
        table.rule(
                "raw",
                "remote loopback",
                differs(IN, text("lo")),
                equal(DESTINATION, prefix(LOOPBACK)),
                counter(),
                drop());
        table.rule(
                "raw", "remote loopback", differs(IN, text("lo")), equal(SOURCE, prefix(LOOPBACK)), counter(), drop());
        // The kernel itself refuses this of IPv4 only.
        table.rule(
                "raw",
                "the host's address",
                equal(IN, text("@" + BRIDGES)),
                equal(addressType("saddr"), text("local")),
                counter(),
                drop());
        names(equal(DESTINATION, text("@dnsgw4")), dnsPort);
        names(equal(DESTINATION6, text("@dnsgw6")), dnsPort);
        var toThisHost = equal(addressType("daddr"), text("local"));
        table.rule("prerouting", "", toThisHost, jump("published"));
        table.rule("output", "", toThisHost, jump("published"));
        table.rule("published", "", destinationNat("ip", concat(DESTINATION, L4PROTO, PORT), "pub4"));
        table.rule("published", "", destinationNat("ip", concat(L4PROTO, PORT), "pub4any"));
        // A packet from ::1 cannot leave by a bridge, nor an answer to a link-local address: such a caller is refused
        // at once instead of waiting for an answer.
        var to = differs(DESTINATION6, text("::1"));
        var from = differs(SOURCE6, prefix(LINK_LOCAL));
        table.rule("published", "", to, from, destinationNat("ip6", concat(DESTINATION6, L4PROTO, PORT), "pub6"));
        table.rule("published", "", to, from, destinationNat("ip6", concat(L4PROTO, PORT), "pub6any"));
    }

    private void names(JsonNode askedOfGateway, int dnsPort) {
        table.rule(
                "prerouting",
                "names",
                equal(IN, text("@" + BRIDGES)),
                askedOfGateway,
                equal(L4PROTO, TCP_AND_UDP),
                equal(PORT, number(53)),
                object("redirect", object("port", number(dnsPort))));
    }

    /** @param bridges all that have names of ours */
    private void isolation(Content content, JsonNode bridges) {
        var networks = content.networks();
        var guarded = content.guarded();
        table.rule("forward", "", isIn(connection("state"), texts("established", "related")), accept());
        // First where it comes from: a published port of another network is no way out of an internal one.
        table.rule("forward", "", verdictMap(IN, "net_out"));
        table.rule("forward", "", verdictMap(OUT, "net_in"));
        // What is made or taken away just now, or has a record that nobody can read, is shut.
        // With bridge-nf-call-iptables, what stays on a bridge comes along here as well.
        for (var bridge : content.unknown()) {
            table.rule("forward", "", equal(IN, text(bridge)), equal(OUT, text(bridge)), accept());
        }
        var unknown = "a network that is not known";
        table.rule("forward", unknown, equal(IN, bridges), differs(IN, text("@" + BRIDGES)), counter(), drop());
        table.rule("forward", unknown, equal(OUT, bridges), differs(OUT, text("@" + BRIDGES)), counter(), drop());
        if (!guarded.ipv4().isEmpty()) {
            guard("ipv4", "@guarded4");
        }
        if (!guarded.ipv6().isEmpty()) {
            guard("ipv6", "@guarded6");
        }
        for (var network : networks) {
            var bridge = text(network.bridge());
            if (network.spec().options().betweenContainers()) {
                table.rule(into(network), "", equal(IN, bridge), accept());
            }
            if (network.spec().internal()) {
                table.rule(into(network), "internal", counter(), drop());
                table.rule(outOf(network), "", equal(OUT, bridge), accept());
                table.rule(outOf(network), "internal", counter(), drop());
            } else {
                table.rule(into(network), "", isIn(connection("status"), text("dnat")), accept());
                for (var subnet : network.subnets()) {
                    var six = subnet.family() == AddressFamily.IPV6;
                    var to = six ? DESTINATION6 : DESTINATION;
                    var mode = network.spec().options().gatewayMode(subnet.family());
                    if (mode == GatewayMode.ROUTED) {
                        table.rule(
                                into(network),
                                "published, and not translated",
                                equal(concat(to, L4PROTO, PORT), text(six ? "@open6" : "@open4")),
                                accept());
                    }
                    if (mode == GatewayMode.NAT_UNPROTECTED) {
                        table.rule(
                                into(network),
                                "unprotected",
                                differs(IN, text("@" + BRIDGES)),
                                equal(to, prefix(subnet.range())),
                                accept());
                    }
                }
                table.rule(into(network), "not published", counter(), drop());
            }
        }
    }

    /** Between the host and its isolated networks: names, and nothing else. */
    private void fromTheHost(List<NetworkRecord> networks, int dnsPort) {
        for (var family : AddressFamily.values()) {
            var bridges = array();
            networks.stream()
                    .filter(n -> n.spec().options().gatewayMode(family) == GatewayMode.ISOLATED)
                    .forEach(n -> bridges.add(text(n.bridge())));
            if (!bridges.isEmpty()) {
                isolate(family == AddressFamily.IPV6 ? "6" : "4", bridges, dnsPort);
            }
        }
    }

    private void isolate(String family, ArrayNode bridges, int dnsPort) {
        table.set(ISOLATED + family, text("ifname"), bridges);
        table.baseChain("tohost" + family, "filter", "input", 0);
        table.baseChain("fromhost" + family, "filter", "output", 0);
        var of = equal(meta("nfproto"), text("ipv" + family));
        var isolated = text("@" + ISOLATED + family);
        var question = equal(PORT, number(dnsPort));
        if (family.equals("6")) {
            // Who asks for names has to find the gateway first, as it does by ARP over IPv4.
            for (var chain : List.of("tohost6", "fromhost6")) {
                table.rule(chain, "who has which address", equal(payload("icmpv6", "type"), NEIGHBOURS), accept());
            }
        }
        table.rule("tohost" + family, "", of, equal(IN, isolated), equal(L4PROTO, TCP_AND_UDP), question, accept());
        table.rule("tohost" + family, "isolated", of, equal(IN, isolated), counter(), drop());
        table.rule("fromhost" + family, "", isIn(connection("state"), texts("established", "related")), accept());
        table.rule("fromhost" + family, "isolated", of, equal(OUT, isolated), counter(), drop());
    }

    private void guard(String protocol, String links) {
        table.rule(
                "forward",
                "forwarding was off before",
                equal(meta("nfproto"), text(protocol)),
                equal(IN, text(links)),
                equal(OUT, text(links)),
                counter(),
                drop());
    }

    private void masquerading() {
        var translated = isIn(connection("status"), text("dnat"));
        // The host to its own published port: the source may be a loopback address.
        table.rule(
                "postrouting",
                "",
                equal(OUT, text("@" + BRIDGES)),
                equal(addressType("saddr"), text("local")),
                translated,
                masquerade());
        // A container to a port published on its own network. By source address: with bridge-nf-call-iptables the
        // packet has no input device here.
        table.rule("postrouting", "", translated, equal(concat(OUT, SOURCE), text("@hairpin4")), masquerade());
        table.rule("postrouting", "", translated, equal(concat(OUT, SOURCE6), text("@hairpin6")), masquerade());
        // A container to one that is on its own network as well, at that one's address on another: answered past the
        // host it would not know who speaks.
        table.rule("postrouting", "", equal(concat(IN, DESTINATION), text("@beside4")), masquerade());
        table.rule("postrouting", "", equal(concat(IN, DESTINATION6), text("@beside6")), masquerade());
        var leaves = differs(OUT, text("@" + BRIDGES));
        table.rule("postrouting", "", leaves, equal(concat(IN, SOURCE), text("@masq4")), masquerade());
        table.rule("postrouting", "", leaves, equal(concat(IN, SOURCE6), text("@masq6")), masquerade());
    }

    private static String into(NetworkRecord network) {
        return "in_" + network.bridge();
    }

    private static String outOf(NetworkRecord network) {
        return "out_" + network.bridge();
    }
}
