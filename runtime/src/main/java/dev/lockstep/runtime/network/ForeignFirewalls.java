package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Other firewalls of the host. In nftables a drop in any chain of a hook wins over every accept, so where somebody
 * else's forward chain drops, ours cannot let traffic through. Docker has a chain for such exceptions,
 * {@code DOCKER-USER}; into it goes a pair of rules that accept our bridges, marked with the root's id by their
 * comment. Nothing else of others is ever touched.
 */
final class ForeignFirewalls {
    private static final Logger log = LoggerFactory.getLogger(ForeignFirewalls.class);
    private static final String EXTENSION_POINT = "DOCKER-USER";
    private static final List<String> FAMILIES = List.of("ip", "ip6");

    private final String mark;
    private final String bridges;
    private final Kernel kernel;
    private final JsonMapper json;
    private final NetworkSettings.ForeignFirewall setting;

    ForeignFirewalls(String rootId, Kernel kernel, JsonMapper json, NetworkSettings.ForeignFirewall setting) {
        this.mark = "lockstep:" + rootId;
        this.bridges = "ls" + rootId.substring(0, 4) + "*";
        this.kernel = kernel;
        this.json = json;
        this.setting = setting;
    }

    /** A chain at the forward hook that is not ours and drops. */
    private record Dropping(String family, String table, String chain) {
        @Override
        public String toString() {
            return family + " " + table + " " + chain;
        }

        /** Docker's chain asks DOCKER-USER of the same table first. */
        boolean asks(ObjectNode extensionPoint) {
            return extensionPoint.path("family").asText().equals(family)
                    && extensionPoint.path("table").asText().equals(table);
        }
    }

    /** Adds our rules where they are missing and needed. */
    void open() throws IOException {
        if (setting == NetworkSettings.ForeignFirewall.LEAVE) {
            return;
        }
        var dropping = dropping();
        for (var family : FAMILIES) {
            var point = extensionPoint(family);
            if (dropping.stream().anyMatch(d -> d.asks(point))
                    && hasChain(point)
                    && ourRules(point).isEmpty()) {
                for (var direction : List.of("iifname", "oifname")) {
                    ObjectNode rule = point.deepCopy().put("comment", mark);
                    rule.set(
                            "expr",
                            NftJson.array(
                                    NftJson.equal(NftJson.meta(direction), NftJson.text(bridges)),
                                    NftJson.counter(),
                                    NftJson.accept()));
                    run("insert", "rule", rule);
                }
                log.info("opened chain=\"{} filter {}\" for={}", family, EXTENSION_POINT, bridges);
            }
        }
    }

    /** Takes our rules away again. */
    void close() throws IOException {
        for (var family : FAMILIES) {
            var point = extensionPoint(family);
            for (var handle : ourRules(point)) {
                run("delete", "rule", point.deepCopy().put("handle", handle));
            }
        }
    }

    /** What was added, and what drops our traffic all the same. */
    HostChanges report() throws IOException {
        var made = new ArrayList<String>();
        var open = new ArrayList<ObjectNode>();
        for (var family : FAMILIES) {
            var point = extensionPoint(family);
            if (!ourRules(point).isEmpty()) {
                open.add(point);
                made.add(
                        "rules in \"" + family + " filter " + EXTENSION_POINT + "\" accept what comes from and goes to "
                                + bridges + " (comment \"" + mark + "\"); they go with the last network of this root");
            }
        }
        var wanted = new ArrayList<String>();
        for (var chain : dropping()) {
            if (open.stream().noneMatch(chain::asks)) {
                wanted.add("the chain \"" + chain + "\" drops forwarded packets, those of containers too; let "
                        + bridges + " through there, in both directions" + cure(chain));
            }
        }
        return new HostChanges(made, wanted);
    }

    private String cure(Dropping chain) throws IOException {
        var point = extensionPoint(chain.family());
        if (chain.asks(point) && hasChain(point)) {
            var program = chain.family().equals("ip") ? "iptables" : "ip6tables";
            var interfaces = bridges.replace('*', '+');
            return ": " + program + " -I " + EXTENSION_POINT + " -i " + interfaces + " -j ACCEPT; " + program + " -I "
                    + EXTENSION_POINT + " -o " + interfaces
                    + " -j ACCEPT; or set foreign-firewall: accept in this host's settings";
        }
        if (chain.table().equals("firewalld")) {
            return ": put the bridges into a zone of firewalld whose target is ACCEPT";
        }
        if (chain.table().equals("filter")) {
            return ": with ufw, set DEFAULT_FORWARD_POLICY=\"ACCEPT\" in /etc/default/ufw";
        }
        return "";
    }

    private List<Dropping> dropping() throws IOException {
        var found = new ArrayList<Dropping>();
        for (var item : list("chains", NftJson.node())) {
            var chain = item.path("chain");
            var where = new Dropping(
                    chain.path("family").asText(),
                    chain.path("table").asText(),
                    chain.path("name").asText());
            if (chain.path("hook").asText().equals("forward")
                    && !where.table().startsWith("lockstep_")
                    && List.of("ip", "ip6", "inet").contains(where.family())
                    && (chain.path("policy").asText().equals("drop") || endsInDrop(where))) {
                found.add(where);
            }
        }
        return found;
    }

    /** The last rule drops or rejects whatever has come so far. */
    private boolean endsInDrop(Dropping where) throws IOException {
        var last = NftJson.node().at("/none");
        var chain = NftJson.node()
                .put("family", where.family())
                .put("table", where.table())
                .put("name", where.chain());
        for (var item : list("chain", chain)) {
            if (item.has("rule")) {
                last = item.path("rule").path("expr");
            }
        }
        var drops = false;
        for (var statement : last) {
            if (statement.has("drop") || statement.has("reject")) {
                drops = true;
            } else if (!statement.has("counter") && !statement.has("log")) {
                return false;
            }
        }
        return drops;
    }

    private boolean hasChain(ObjectNode point) throws IOException {
        return !list("chain", chainOf(point)).isMissingNode();
    }

    private List<Integer> ourRules(ObjectNode point) throws IOException {
        var handles = new ArrayList<Integer>();
        for (var item : list("chain", chainOf(point))) {
            if (item.path("rule").path("comment").asText().equals(mark)) {
                handles.add(item.path("rule").path("handle").asInt());
            }
        }
        return handles;
    }

    private static ObjectNode extensionPoint(String family) {
        return NftJson.node().put("family", family).put("table", "filter").put("chain", EXTENSION_POINT);
    }

    private static ObjectNode chainOf(ObjectNode point) {
        return NftJson.node()
                .put("family", point.path("family").asText())
                .put("table", point.path("table").asText())
                .put("name", point.path("chain").asText());
    }

    /** The listing, or a missing node when there is no such object. */
    private JsonNode list(String what, ObjectNode which) throws IOException {
        try {
            return json.readTree(run("list", what, which)).path("nftables");
        } catch (NftablesException e) {
            return NftJson.node().path("nftables");
        }
    }

    private String run(String verb, String what, ObjectNode which) throws IOException {
        var command = NftJson.object(verb, NftJson.object(what, which));
        return kernel.nftables()
                .run(NftJson.object("nftables", NftJson.array(command)).toString());
    }
}
