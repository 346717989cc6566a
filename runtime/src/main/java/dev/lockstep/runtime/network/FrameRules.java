package dev.lockstep.runtime.network;

import static dev.lockstep.runtime.network.NftJson.IN;
import static dev.lockstep.runtime.network.NftJson.SOURCE;
import static dev.lockstep.runtime.network.NftJson.SOURCE6;
import static dev.lockstep.runtime.network.NftJson.accept;
import static dev.lockstep.runtime.network.NftJson.array;
import static dev.lockstep.runtime.network.NftJson.concat;
import static dev.lockstep.runtime.network.NftJson.counter;
import static dev.lockstep.runtime.network.NftJson.differs;
import static dev.lockstep.runtime.network.NftJson.drop;
import static dev.lockstep.runtime.network.NftJson.equal;
import static dev.lockstep.runtime.network.NftJson.frame;
import static dev.lockstep.runtime.network.NftJson.number;
import static dev.lockstep.runtime.network.NftJson.object;
import static dev.lockstep.runtime.network.NftJson.payload;
import static dev.lockstep.runtime.network.NftJson.text;
import static dev.lockstep.runtime.network.NftJson.texts;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The table of one root for the frames that pass the ports of its bridges: which addresses have an owner, and at which
 * port that is. Pure: makes the JSON of transactions.
 *
 * <p>What the rules do:
 *
 * <ul>
 *   <li>A container does not speak in the name of another one, of a gateway or of the host: what comes in by a port of
 *       a bridge with somebody else's hardware or IP address is dropped, and so are its claims (ARP, neighbour
 *       advertisements) to have one, also behind a tag of VLAN 0. Addresses that are nobody's are its own business: it
 *       may route for others.
 *   <li>Where containers do not reach each other, a frame is for the bridge or for nobody.
 * </ul>
 */
final class FrameRules {
    static final String FAMILY = "bridge";
    /** Which port of a bridge has which address. */
    static final List<String> ENDS = List.of("ends_mac", "ends4", "ends6");

    private static final String APART = "apart";

    /** Addresses that have an owner. */
    private static final List<String> OWNED = List.of("macs", "owned4", "owned6");

    /** Sets whose elements come and go with containers. */
    static final List<String> CHANGING =
            Stream.of(ENDS, OWNED, List.of(APART)).flatMap(List::stream).toList();

    /** Where an Ethernet frame has the number of its protocol, or of a tag, and in that the VLAN (IEEE 802.1Q). */
    private static final int TYPE_AT = 96;

    private static final int TYPE_BITS = 16;
    private static final int VLAN_AT = 116;
    private static final int VLAN_BITS = 12;
    /** Tags of customers and of providers. */
    private static final JsonNode TAGS = object("set", array(number(0x8100), number(0x88a8)));

    private static final JsonNode TARGET = payload("icmpv6", "taddr");

    private final TableCommands table;

    private FrameRules(TableCommands table) {
        this.table = table;
    }

    /**
     * A port of a bridge and what may come from it.
     *
     * @param port name of the link
     * @param mac the container's hardware address there
     * @param addresses its IP addresses there, with the one that the link gives itself
     * @param apart nothing comes from it to other containers but through published ports
     */
    record End(String port, String mac, List<IpAddress> addresses, boolean apart) {
        static End of(Endpoint endpoint) {
            var addresses = new ArrayList<IpAddress>();
            endpoint.addresses().forEach(a -> addresses.add(a.address()));
            if (endpoint.of(AddressFamily.IPV6).isPresent()) {
                addresses.add(Links.linkLocal(endpoint.mac()));
            }
            return new End(endpoint.hostLink(), endpoint.mac(), List.copyOf(addresses), endpoint.apart());
        }

        /** How {@link Firewall.Loaded#ends} names what there has to be for it. */
        List<String> keys() {
            var keys = new ArrayList<String>();
            Stream.concat(Stream.of(mac), addresses.stream().map(IpAddress::toString))
                    .forEach(address -> {
                        keys.add(address);
                        keys.add(port + " " + address);
                    });
            if (apart) {
                keys.add(port);
            }
            return List.copyOf(keys);
        }
    }

    /** How {@link Firewall.Loaded#ends} names the addresses that are the network's own. */
    static List<String> keys(NetworkRecord network) {
        return owned(network).stream().map(Datum::json).map(JsonNode::asText).toList();
    }

    /** The ports of all containers. */
    static List<End> ends(List<AttachmentRecord> attachments) {
        return attachments.stream()
                .flatMap(a -> a.endpoints().stream())
                .filter(Endpoint::isOnBridge)
                .map(End::of)
                .toList();
    }

    /**
     * The table anew, in place of any that is there.
     *
     * @param rootId whose links carry it in their names
     * @param ends ports of the bridges
     * @param targets whether this libnftables knows the address that a neighbour advertises
     */
    static TableCommands load(
            String table, String rootId, List<NetworkRecord> networks, Collection<End> ends, boolean targets) {
        var commands = TableCommands.replacement(FAMILY, table);
        var rules = new FrameRules(commands);
        rules.ports(networks, ends);
        rules.claims("lv" + rootId.substring(0, 4) + "*", targets);
        rules.separate();
        commands.fixed(CHANGING);
        return commands;
    }

    /**
     * Ports of bridges go and come, in one step.
     *
     * @param stay all ports of the same container afterwards: a hardware address can be on several networks
     * @param alike ports of others, on other networks, with hardware addresses of those that go
     */
    static List<SetChange> changeEnds(Collection<End> gone, Collection<End> stay, Collection<End> alike) {
        var kept = owned(stay);
        kept.addAll(owned(alike));
        var changes = new ArrayList<>(ends(SetChange.Verb.DELETE, gone, kept));
        changes.addAll(ends(SetChange.Verb.ADD, stay, Set.of()));
        return List.copyOf(changes);
    }

    /** Asks libnftables whether it knows the rule about advertisements; changes nothing, whatever it says. */
    static String questionAboutTargets(String table) {
        var commands = new TableCommands(FAMILY, table + "_question");
        commands.addTable();
        commands.chain("question");
        commands.rule("question", "", differs(TARGET, text("::")), drop());
        commands.deleteTable();
        return TableCommands.transaction(commands);
    }

    /** The sets of what has an owner, and who that is. */
    private void ports(List<NetworkRecord> networks, Collection<End> ends) {
        table.baseChain("ports", "filter", "prerouting", -300);
        table.set("macs", text("ether_addr"), array());
        table.set("owned4", text("ipv4_addr"), array());
        table.set("owned6", text("ipv6_addr"), array());
        table.set("ends_mac", texts("ifname", "ether_addr"), array());
        table.set("ends4", texts("ifname", "ipv4_addr"), array());
        table.set("ends6", texts("ifname", "ipv6_addr"), array());
        table.set(APART, text("ifname"), array());
        table.set("bridge_macs", text("ether_addr"), array());
        table.set("gateways4", text("ipv4_addr"), array());
        var known = new SetChange.Sorted(List.of("bridge_macs", "gateways4"));
        var owned = new LinkedHashSet<Datum>();
        for (var network : networks) {
            known.put("bridge_macs", SetElement.of(new Datum.HardwareAddress(Links.mac(network))));
            network.gateways().stream()
                    .filter(gateway -> !gateway.isIpv6())
                    .forEach(gateway -> known.put("gateways4", SetElement.of(new Datum.Address(gateway))));
            owned.addAll(owned(network));
        }
        owned.forEach(address -> putOwned(known, address));
        table.change(known.changes(SetChange.Verb.ADD));
        table.change(ends(SetChange.Verb.ADD, ends, Set.of()));
    }

    private static Set<Datum> owned(NetworkRecord network) {
        var owned = new LinkedHashSet<Datum>();
        var mac = Links.mac(network);
        owned.add(new Datum.HardwareAddress(mac));
        for (var gateway : network.gateways()) {
            // One that is not ours may be anybody's on that network.
            if (gateway.isIpv6() || network.spec().options().bridgeAddress()) {
                owned.add(new Datum.Address(gateway));
            }
        }
        if (network.has(AddressFamily.IPV6)) {
            owned.add(new Datum.Address(Links.linkLocal(mac)));
        }
        return owned;
    }

    private static Set<Datum> owned(Collection<End> ends) {
        var owned = new LinkedHashSet<Datum>();
        for (var end : ends) {
            owned.add(new Datum.HardwareAddress(end.mac()));
            end.addresses().forEach(a -> owned.add(new Datum.Address(a)));
        }
        return owned;
    }

    /** @param except what has an owner all the same */
    private static List<SetChange> ends(SetChange.Verb verb, Collection<End> ends, Set<Datum> except) {
        var sets = new SetChange.Sorted(List.of(APART, "ends_mac", "ends4", "ends6", "macs", "owned4", "owned6"));
        for (var end : ends) {
            var port = new Datum.LinkName(end.port());
            if (end.apart()) {
                sets.put(APART, SetElement.of(port));
            }
            sets.put("ends_mac", SetElement.of(port, new Datum.HardwareAddress(end.mac())));
            for (var address : end.addresses()) {
                sets.put(address.isIpv6() ? "ends6" : "ends4", SetElement.of(port, new Datum.Address(address)));
            }
        }
        var owned = owned(ends);
        owned.removeAll(except);
        owned.forEach(address -> putOwned(sets, address));
        return sets.changes(verb);
    }

    private static void putOwned(SetChange.Sorted sets, Datum address) {
        if (address instanceof Datum.Address(var ip)) {
            sets.put(ip.isIpv6() ? "owned6" : "owned4", SetElement.of(address));
        } else {
            sets.put("macs", SetElement.of(address));
        }
    }

    /** Nobody uses or claims what is another's. Without an owner, an address is whose it wants. */
    private void claims(String ours, boolean targets) {
        table.rule("ports", "", differs(IN, text(ours)), accept());
        // Who gets a frame with a tag of VLAN 0, which says no more than how urgent it is, has the frame in it; to the
        // rules behind this one it would be neither ARP nor IP.
        table.rule(
                "ports",
                "priority tag",
                equal(frame(TYPE_AT, TYPE_BITS), TAGS),
                equal(frame(VLAN_AT, VLAN_BITS), number(0)),
                counter(),
                drop());
        claim("hardware address", payload("ether", "saddr"), "macs", "ends_mac");
        claim("ARP", payload("arp", "saddr ip"), "owned4", "ends4");
        claim("source address", SOURCE, "owned4", "ends4");
        claim("source address", SOURCE6, "owned6", "ends6");
        if (targets) {
            claim("advertised neighbour", TARGET, "owned6", "ends6");
        }
    }

    /**
     * Where containers do not reach each other, a frame is for the bridge or for nobody. Not done by isolating the
     * ports of the bridge: with bridge-nf-call-iptables a frame to a published port goes from port to port as well,
     * once its address is translated, and here it is still for the bridge.
     */
    private void separate() {
        var here = equal(IN, text("@" + APART));
        table.rule("ports", "", differs(IN, text("@" + APART)), accept());
        table.rule("ports", "", here, equal(payload("ether", "daddr"), text("@bridge_macs")), accept());
        table.rule("ports", "who has the gateway", equal(payload("arp", "daddr ip"), text("@gateways4")), accept());
        table.rule(
                "ports",
                "who has the gateway",
                equal(payload("icmpv6", "type"), text("nd-neighbor-solicit")),
                accept());
        table.rule("ports", "to another container", counter(), drop());
    }

    private void claim(String comment, JsonNode address, String owned, String ends) {
        var kind = address.equals(TARGET)
                ? List.of(equal(payload("icmpv6", "type"), text("nd-neighbor-advert")))
                : List.<JsonNode>of();
        var statements = new ArrayList<>(kind);
        statements.add(equal(address, text("@" + owned)));
        statements.add(differs(concat(IN, address), text("@" + ends)));
        statements.add(counter());
        statements.add(drop());
        table.rule("ports", comment, statements.toArray(JsonNode[]::new));
    }
}
