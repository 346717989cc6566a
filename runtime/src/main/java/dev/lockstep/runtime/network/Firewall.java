package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/** Our nftables table in the kernel. */
final class Firewall {
    private static final String PREFIX = "lockstep_";

    private final String table;
    private final Kernel kernel;
    private final JsonMapper json;

    Firewall(String shortRootId, Kernel kernel, JsonMapper json) {
        this.table = PREFIX + shortRootId;
        this.kernel = kernel;
        this.json = json;
    }

    /**
     * What of the rules is in the kernel.
     *
     * @param bridges that the rules know
     * @param published keys of published ports, see {@link #key}, with {@code address:port} behind
     */
    record Loaded(Set<String> bridges, Set<String> published) {
        Loaded {
            bridges = Set.copyOf(bridges);
            published = Set.copyOf(published);
        }
    }

    /** Loads everything anew, in one transaction. */
    void load(int dnsPort, List<NetworkRecord> networks, Collection<Publication> published, Collection<String> guarded)
            throws IOException {
        kernel.nftables().run(Ruleset.load(table, dnsPort, networks, published, guarded));
    }

    /** Takes the table away. */
    void unload() throws IOException {
        kernel.nftables().run(Ruleset.unload(table));
    }

    /** Changes published ports in one step; fails as a whole when the table is not what the records say. */
    void change(Collection<Publication> gone, Collection<Publication> added) throws IOException {
        if (!gone.isEmpty() || !added.isEmpty()) {
            kernel.nftables().run(Ruleset.change(table, gone, added));
        }
    }

    /** What is there; empty when the table is not. */
    Optional<Loaded> loaded() throws IOException {
        JsonNode listing;
        try {
            listing = list("table", NftJson.node().put("family", "inet").put("name", table));
        } catch (NftablesException e) {
            // Only what is not there may count as missing: anything else would be planned as drift.
            if (isThere()) {
                throw e;
            }
            return Optional.empty();
        }
        var bridges = new HashSet<String>();
        var published = new HashSet<String>();
        for (var item : listing) {
            if (item.path("set").path("name").asText().equals(Ruleset.BRIDGES)) {
                for (var element : item.path("set").path("elem")) {
                    bridges.add(element.asText());
                }
            }
            var map = item.path("map");
            if (isPublished(map)) {
                for (var element : map.path("elem")) {
                    published.add(join(element.path(0)) + " " + join(element.path(1)));
                }
            }
        }
        return Optional.of(new Loaded(bridges, published));
    }

    private boolean isThere() throws IOException {
        for (var item : list("tables", NftJson.node())) {
            if (item.path("table").path("family").asText().equals("inet")
                    && item.path("table").path("name").asText().equals(table)) {
                return true;
            }
        }
        return false;
    }

    /** How {@link Loaded#published} names it. */
    static String key(Publication publication) {
        var port = publication.port();
        return Publication.hostIp(port).map(ip -> ip + " ").orElse("")
                + port.protocol().number() + " " + publication.hostPort() + " " + publication.address() + " "
                + port.containerPort();
    }

    /** The table of another root that publishes a port which would collide. */
    Optional<String> otherRoot(PublishedPort wanted) throws IOException {
        for (var item : list("tables", NftJson.node())) {
            var name = item.path("table").path("name").asText();
            if (item.path("table").path("family").asText().equals("inet")
                    && name.startsWith(PREFIX)
                    && !name.equals(table)
                    && publishes(name, wanted)) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private boolean publishes(String other, PublishedPort wanted) throws IOException {
        var suffix = wanted.protocol().number() + " " + wanted.hostPort().orElseThrow();
        var ip = Publication.hostIp(wanted).map(Ipv4::toString);
        for (var name : List.of(Ruleset.PUBLISHED, Ruleset.PUBLISHED_ANY)) {
            JsonNode listing;
            try {
                listing = list(
                        "map",
                        NftJson.node().put("family", "inet").put("table", other).put("name", name));
            } catch (NftablesException e) {
                continue; // it went away meanwhile
            }
            for (var item : listing) {
                for (var element : item.path("map").path("elem")) {
                    var key = join(element.path(0));
                    if (key.equals(suffix)
                            || (key.endsWith(" " + suffix) && (ip.isEmpty() || key.equals(ip.get() + " " + suffix)))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static boolean isPublished(JsonNode map) {
        var name = map.path("name").asText();
        return name.equals(Ruleset.PUBLISHED) || name.equals(Ruleset.PUBLISHED_ANY);
    }

    private static String join(JsonNode concat) {
        var words = new StringJoiner(" ");
        for (var word : concat.path("concat")) {
            words.add(word.asText());
        }
        return words.toString();
    }

    private JsonNode list(String what, JsonNode which) throws IOException {
        var command = NftJson.object("nftables", NftJson.array(NftJson.object("list", NftJson.object(what, which))));
        return json.readTree(kernel.nftables().run(command.toString())).path("nftables");
    }
}
