package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.ElementChanges;
import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Our nftables table in the kernel. */
final class Firewall {
    private static final String PREFIX = "lockstep_";
    private static final String OPEN = "open ";

    private final String table;
    private final Kernel kernel;
    private final JsonMapper json;
    private final String rootId;
    private @Nullable Boolean knowsTargets;
    private @Nullable Boolean knowsPairs;

    Firewall(String shortRootId, String rootId, Kernel kernel, JsonMapper json) {
        this.table = table(shortRootId);
        this.rootId = rootId;
        this.kernel = kernel;
        this.json = json;
    }

    /** What the tables of that root are called, in each family. */
    static String table(String shortRootId) {
        return PREFIX + shortRootId;
    }

    /**
     * What of the rules is in the kernel.
     *
     * @param bridges that the rules know
     * @param published keys of published ports, see {@link #key}, with {@code address:port} behind
     * @param ends ports of bridges, each with one of its addresses behind; addresses that have an owner; ports from
     *     which nothing comes to other containers
     * @param beside keys of {@link Beside}
     * @param version of the rules; 1 before they said so
     * @param fixed all rules that were loaded are there, and all else that does not come and go with containers
     */
    record Loaded(
            Set<String> bridges,
            Set<String> published,
            Set<String> ends,
            Set<String> beside,
            int version,
            boolean fixed) {
        Loaded {
            bridges = Set.copyOf(bridges);
            published = Set.copyOf(published);
            ends = Set.copyOf(ends);
            beside = Set.copyOf(beside);
        }

        /** Whether an earlier Lockstep made them. Those of a later one do for us. */
        boolean isOutdated() {
            return version < Ruleset.VERSION;
        }

        /** Whether nothing of the network is missing, nor of those ports. */
        boolean isWhole(NetworkRecord network, List<Publication> ports, List<AttachmentRecord> attachments) {
            return !isOutdated()
                    && fixed
                    && bridges.contains(network.bridge())
                    && ends.containsAll(FrameRules.keys(network))
                    && ports.stream().allMatch(p -> published.contains(key(p)))
                    && attachments.stream()
                            .flatMap(a -> a.endpoints().stream())
                            .filter(e -> e.network().equals(network.name()) && e.isOnBridge())
                            .flatMap(e -> FrameRules.End.of(e).keys().stream())
                            .allMatch(ends::contains)
                    && Beside.ofAll(attachments, List.of(network)).stream().allMatch(b -> beside.contains(b.key()));
        }
    }

    /** Loads everything anew, in one transaction. */
    void load(Ruleset.Content content) throws IOException {
        var commands = Ruleset.load(table, rootId, content, knowsTargets());
        kernel.nftables().run(knowsPairs() ? commands : NftText.of(json.readTree(commands)));
    }

    /**
     * Maps to an address with a port can be said in JSON since nftables 1.1.0. Nothing is tried: earlier ones make a
     * set of such a map, and a rule that looks something up in it may be the end of the process.
     */
    private synchronized boolean knowsPairs() throws IOException {
        var known = knowsPairs;
        if (known == null) {
            var version = list("tables", NftJson.node())
                    .path(0)
                    .path("metainfo")
                    .path("version")
                    .asText();
            known = !version.startsWith("0.") && !version.startsWith("1.0.");
            knowsPairs = known;
        }
        return known;
    }

    /** The address in a neighbour advertisement has a name in rules since nftables 1.0.8. */
    private synchronized boolean knowsTargets() throws IOException {
        var known = knowsTargets;
        if (known == null) {
            try {
                kernel.nftables().run(FrameRules.questionAboutTargets(table));
                known = true;
            } catch (NftablesException e) {
                known = false;
            }
            knowsTargets = known;
        }
        return known;
    }

    /** Changes ports of bridges in one step; fails as a whole when the table is not what the records say. */
    void changeEnds(Collection<FrameRules.End> gone, Collection<FrameRules.End> stay, Collection<FrameRules.End> alike)
            throws IOException {
        change(ElementChanges.Family.BRIDGE, FrameRules.changeEnds(gone, stay, alike));
    }

    /** Changes which networks containers are on as well, in one step. */
    void changeBeside(Collection<Beside> gone, Collection<Beside> added) throws IOException {
        var changes = new ArrayList<>(Beside.changes(SetChange.Verb.DELETE, gone));
        changes.addAll(Beside.changes(SetChange.Verb.ADD, added));
        change(ElementChanges.Family.INET, changes);
    }

    /** Takes the table away. */
    void unload() throws IOException {
        kernel.nftables().run(Ruleset.unload(table));
    }

    /** Changes published ports in one step; fails as a whole when the table is not what the records say. */
    void change(Collection<Publication> gone, Collection<Publication> added, Collection<Publication> after)
            throws IOException {
        change(ElementChanges.Family.INET, Ruleset.change(gone, added, after));
    }

    private void change(ElementChanges.Family family, List<SetChange> changes) throws IOException {
        var transaction = new ElementChanges(family, table);
        for (var change : changes) {
            for (var element : change.elements()) {
                switch (change.verb()) {
                    case ADD -> transaction.add(change.set(), element.keyBytes(), element.valueBytes());
                    case DELETE -> transaction.delete(change.set(), element.keyBytes());
                }
            }
        }
        kernel.sets().change(transaction);
    }

    /** What is there; empty when the table is not. */
    Optional<Loaded> loaded() throws IOException {
        JsonNode listing;
        try {
            listing = list("table", NftJson.node().put("family", Ruleset.FAMILY).put("name", table));
        } catch (NftablesException e) {
            // Only what is not there may count as missing: anything else would be planned as drift.
            if (isThere(Ruleset.FAMILY)) {
                throw e;
            }
            return Optional.empty();
        }
        var bridges = new HashSet<String>();
        var published = new HashSet<String>();
        var beside = new HashSet<String>();
        var version = 1;
        for (var item : listing) {
            var chain = item.path("chain").path("name").asText();
            if (chain.startsWith(Ruleset.VERSION_CHAIN)) {
                version = Integer.parseInt(chain.substring(Ruleset.VERSION_CHAIN.length()));
            }
            if (item.path("set").path("name").asText().equals(Ruleset.BRIDGES)) {
                for (var element : item.path("set").path("elem")) {
                    bridges.add(element.asText());
                }
            }
            if (Ruleset.OPEN.contains(item.path("set").path("name").asText())) {
                for (var element : item.path("set").path("elem")) {
                    published.add(OPEN + join(element));
                }
            }
            if (Ruleset.BESIDE.contains(item.path("set").path("name").asText())) {
                for (var element : item.path("set").path("elem")) {
                    beside.add(join(element));
                }
            }
            var map = item.path("map");
            if (isPublished(map)) {
                for (var element : map.path("elem")) {
                    published.add(join(element.path(0)) + " " + join(element.path(1)));
                }
            }
        }
        var frames = frames();
        var ends = new HashSet<String>();
        for (var item : frames) {
            var set = item.path("set");
            if (FrameRules.CHANGING.contains(set.path("name").asText())) {
                for (var element : set.path("elem")) {
                    ends.add(element.has("concat") ? join(element) : element.asText());
                }
            }
        }
        // How a later version says how much there is, it knows itself.
        var fixed = version > Ruleset.VERSION
                || FixedPart.of(listing, Ruleset.CHANGING).isWhole(listing)
                        && FixedPart.of(frames, FrameRules.CHANGING).isWhole(frames);
        return Optional.of(new Loaded(bridges, published, ends, beside, version, fixed));
    }

    /** Nothing when that table is not there. */
    private JsonNode frames() throws IOException {
        return isThere(FrameRules.FAMILY)
                ? list("table", NftJson.node().put("family", FrameRules.FAMILY).put("name", table))
                : NftJson.array();
    }

    private boolean isThere(String family) throws IOException {
        for (var item : list("tables", NftJson.node())) {
            if (item.path("table").path("family").asText().equals(family)
                    && item.path("table").path("name").asText().equals(table)) {
                return true;
            }
        }
        return false;
    }

    /** How {@link Loaded#published} names it. */
    static String key(Publication publication) {
        var port = publication.port();
        if (publication.routed()) {
            return OPEN + publication.address() + " " + port.protocol().number() + " " + port.containerPort();
        }
        return publication.hostIp().map(ip -> ip + " ").orElse("")
                + port.protocol().number() + " " + publication.hostPort() + " " + publication.address() + " "
                + port.containerPort();
    }

    /** What another root publishes: the keys of its maps. */
    record OtherRoot(String table, Map<String, Set<String>> maps) {
        /** Whether both want the same packets, of one of these families. */
        boolean collides(PublishedPort wanted, Set<AddressFamily> families) {
            var suffix = wanted.protocol().number() + " " + wanted.hostPort().orElseThrow();
            var ip = wanted.hostIp().filter(a -> !a.isAny());
            for (var map : maps.entrySet()) {
                var family = map.getKey().startsWith("pub6") ? AddressFamily.IPV6 : AddressFamily.IPV4;
                if (!families.contains(family)
                        || wanted.hostIp().filter(a -> a.family() != family).isPresent()) {
                    continue;
                }
                var keys = map.getValue();
                if (keys.contains(suffix)
                        || (ip.isPresent()
                                ? keys.contains(ip.get() + " " + suffix)
                                : keys.stream().anyMatch(key -> key.endsWith(" " + suffix)))) {
                    return true;
                }
            }
            return false;
        }
    }

    /** The other roots of this host, and what they publish. */
    List<OtherRoot> otherRoots() throws IOException {
        var roots = new ArrayList<OtherRoot>();
        for (var item : list("tables", NftJson.node())) {
            var name = item.path("table").path("name").asText();
            if (item.path("table").path("family").asText().equals(Ruleset.FAMILY)
                    && name.startsWith(PREFIX)
                    && !name.equals(table)) {
                roots.add(new OtherRoot(name, published(name)));
            }
        }
        return roots;
    }

    private Map<String, Set<String>> published(String other) throws IOException {
        var maps = new HashMap<String, Set<String>>();
        for (var name : Ruleset.PUBLISHED) {
            JsonNode listing;
            try {
                listing = list(
                        "map",
                        NftJson.node()
                                .put("family", Ruleset.FAMILY)
                                .put("table", other)
                                .put("name", name));
            } catch (NftablesException e) {
                continue; // it went away meanwhile
            }
            var keys = new HashSet<String>();
            for (var item : listing) {
                item.path("map").path("elem").forEach(element -> keys.add(join(element.path(0))));
            }
            maps.put(name, keys);
        }
        return maps;
    }

    private static boolean isPublished(JsonNode map) {
        return Ruleset.PUBLISHED.contains(map.path("name").asText());
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
