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
import static dev.lockstep.runtime.network.NftJson.payload;
import static dev.lockstep.runtime.network.NftJson.text;
import static dev.lockstep.runtime.network.NftJson.texts;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
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
 *       advertisements) to have one. Addresses that are nobody's are its own business: it may route for others.
 *   <li>Where containers do not reach each other, a frame is for the bridge or for nobody.
 * </ul>
 */
final class FrameRules {
    static final String FAMILY = "bridge";
    /** Which port of a bridge has which address. */
    static final List<String> ENDS = List.of("ends_mac", "ends4", "ends6");

    private static final String APART = "apart";
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

        /** How {@link Firewall.Loaded#ends} names them. */
        List<String> keys() {
            return Stream.concat(Stream.of(mac), addresses.stream().map(IpAddress::toString))
                    .map(address -> port + " " + address)
                    .toList();
        }
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
        return commands;
    }

    /**
     * Ports of bridges go and come, in one step.
     *
     * @param stay all ports of the same container afterwards: a hardware address can be on several networks
     */
    static String changeEnds(String table, Collection<End> gone, Collection<End> stay) {
        var commands = new TableCommands(FAMILY, table);
        var rules = new FrameRules(commands);
        rules.ends("delete", gone, owned(stay));
        rules.ends("add", stay, Set.of());
        return TableCommands.transaction(commands);
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
        var gateways = new TreeSet<String>();
        for (var network : networks) {
            var mac = Links.mac(network);
            gateways.add(mac);
            for (var gateway : network.gateways()) {
                // One that is not ours may be anybody's on that network.
                if (gateway.isIpv6() || network.spec().options().bridgeAddress()) {
                    gateways.add(gateway.toString());
                }
            }
            if (network.has(AddressFamily.IPV6)) {
                gateways.add(Links.linkLocal(mac).toString());
            }
        }
        table.set(APART, text("ifname"), array());
        table.set("bridge_macs", text("ether_addr"), array());
        table.set("gateways4", text("ipv4_addr"), array());
        var macs = array();
        var four = array();
        for (var network : networks) {
            macs.add(Links.mac(network));
            network.gateways().stream().filter(g -> !g.isIpv6()).forEach(g -> four.add(g.toString()));
        }
        table.elements("add", "bridge_macs", macs);
        table.elements("add", "gateways4", four);
        owned("add", gateways);
        ends("add", ends, Set.of());
    }

    private static Set<String> owned(Collection<End> ends) {
        var owned = new TreeSet<String>();
        for (var end : ends) {
            owned.add(end.mac());
            end.addresses().forEach(a -> owned.add(a.toString()));
        }
        return owned;
    }

    private void ends(String verb, Collection<End> ends, Set<String> except) {
        var apart = array();
        var macs = array();
        var four = array();
        var six = array();
        for (var end : ends) {
            if (end.apart()) {
                apart.add(text(end.port()));
            }
            macs.add(concat(text(end.port()), text(end.mac())));
            for (var address : end.addresses()) {
                (address.isIpv6() ? six : four).add(concat(text(end.port()), text(address.toString())));
            }
        }
        table.elements(verb, APART, apart);
        table.elements(verb, "ends_mac", macs);
        table.elements(verb, "ends4", four);
        table.elements(verb, "ends6", six);
        var owned = owned(ends);
        owned.removeAll(except);
        owned(verb, owned);
    }

    private void owned(String verb, Set<String> addresses) {
        var macs = array();
        var four = array();
        var six = array();
        for (var address : addresses) {
            (address.contains(".") ? four : address.matches("(..:){5}..") ? macs : six).add(address);
        }
        table.elements(verb, "macs", macs);
        table.elements(verb, "owned4", four);
        table.elements(verb, "owned6", six);
    }

    /** Nobody uses or claims what is another's. Without an owner, an address is whose it wants. */
    private void claims(String ours, boolean targets) {
        table.rule("ports", "", differs(IN, text(ours)), accept());
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
