package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Chains of other firewalls: which drop what containers need, and what stands in them. */
final class ForeignChains {
    /** Where packets of containers come by. */
    enum Hook {
        /** Everything that goes in and out. */
        FORWARD,
        /** Their questions for names, which our name server on the host answers. */
        INPUT
    }

    /** Name of a chain. */
    record Chain(String family, String table, String name) {
        /** As {@code nft} names it. */
        @Override
        public String toString() {
            return family + " " + table + " " + name;
        }

        ObjectNode node() {
            return NftJson.node().put("family", family).put("table", table).put("name", name);
        }

        /** For a rule of it. */
        ObjectNode rule() {
            return NftJson.node().put("family", family).put("table", table).put("chain", name);
        }
    }

    /** A chain at a hook that is not ours and drops what nothing before its end accepted. */
    record Dropping(Chain chain, Hook hook) {}

    private final Kernel kernel;
    private final JsonMapper json;

    ForeignChains(Kernel kernel, JsonMapper json) {
        this.kernel = kernel;
        this.json = json;
    }

    List<Dropping> dropping() throws IOException {
        var found = new ArrayList<Dropping>();
        for (var item : list("chains", NftJson.node())) {
            var chain = item.path("chain");
            var name = new Chain(
                    chain.path("family").asText(),
                    chain.path("table").asText(),
                    chain.path("name").asText());
            for (var hook : Hook.values()) {
                if (chain.path("hook").asText().equalsIgnoreCase(hook.name())
                        && !name.table().startsWith("lockstep_")
                        && List.of("ip", "ip6", "inet").contains(name.family())
                        && (chain.path("policy").asText().equals("drop") || endsInDrop(name))) {
                    found.add(new Dropping(name, hook));
                }
            }
        }
        return found;
    }

    /** The last rule drops or rejects whatever has come so far. */
    private boolean endsInDrop(Chain chain) throws IOException {
        var rules = rules(chain);
        if (rules.isEmpty()) {
            return false;
        }
        var drops = false;
        for (var statement : rules.getLast().path("expr")) {
            if (statement.has("drop") || statement.has("reject")) {
                drops = true;
            } else if (!statement.has("counter") && !statement.has("log")) {
                return false;
            }
        }
        return drops;
    }

    boolean exists(Chain chain) throws IOException {
        return !list("chain", chain.node()).isMissingNode();
    }

    /** Its rules in order; none where there is no such chain. */
    List<JsonNode> rules(Chain chain) throws IOException {
        var rules = new ArrayList<JsonNode>();
        for (var item : list("chain", chain.node())) {
            if (item.has("rule")) {
                rules.add(item.path("rule"));
            }
        }
        return rules;
    }

    /** Inserts a rule at the beginning of its chain, or deletes one by its handle. */
    void change(String verb, ObjectNode rule) throws IOException {
        run(verb, "rule", rule);
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
