package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.SystemBus;
import dev.lockstep.runtime.network.ForeignChains.Chain;
import dev.lockstep.runtime.network.ForeignChains.Dropping;
import dev.lockstep.runtime.network.ForeignChains.Hook;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Other firewalls of the host. In nftables a drop in any chain of a hook wins over every accept, so where somebody
 * else's chain drops, ours cannot let traffic through. Docker and ufw have chains for such exceptions; into them go
 * rules that accept our bridges, marked with the root's id by their comment. firewalld takes our bridges into a zone.
 * Nothing else of others is ever touched.
 *
 * <p>What goes to our bridges our own rules decide, and what leaves them for a link of the host's nobody has to. What
 * leaves them for a bridge of Docker's is Docker's to decide, after the place for exceptions: it lets through what its
 * containers have published.
 */
final class ForeignFirewalls {
    private static final Logger log = LoggerFactory.getLogger(ForeignFirewalls.class);

    private static final String DOCKER_USER = "DOCKER-USER";

    /** A chain that somebody's base chain asks before it drops. */
    private record Point(Chain chain, Hook hook) {}

    /** In the order in which they are looked for: Docker puts its own before ufw's. */
    private static final List<Point> POINTS = List.of(
            new Point(new Chain("ip", "filter", DOCKER_USER), Hook.FORWARD),
            new Point(new Chain("ip6", "filter", DOCKER_USER), Hook.FORWARD),
            new Point(new Chain("ip", "filter", "ufw-user-forward"), Hook.FORWARD),
            new Point(new Chain("ip6", "filter", "ufw6-user-forward"), Hook.FORWARD),
            new Point(new Chain("ip", "filter", "ufw-user-input"), Hook.INPUT),
            new Point(new Chain("ip6", "filter", "ufw6-user-input"), Hook.INPUT));

    /** How Docker calls bridges that nobody named; others of the host begin like that as well. */
    private static final String DOCKERS = "br-";

    private static final Pattern DOCKERS_OWN = Pattern.compile(DOCKERS + "[0-9a-f]{12}");

    /** Where Docker asks, for each of its bridges, whether a port is published. */
    private static final List<String> DOCKERS_CHAINS = List.of("FORWARD", "DOCKER-FORWARD", "DOCKER-BRIDGE");

    private final Kernel kernel;
    private final String mark;
    private final String prefix;
    private final NetworkFiles files;
    private final ForeignChains chains;
    private final Firewalld firewalld;
    private final NetworkSettings.ForeignFirewall setting;

    ForeignFirewalls(String rootId, NetworkFiles files, Kernel kernel, JsonMapper json, NetworkSettings settings) {
        this.files = files;
        this.kernel = kernel;
        this.mark = "lockstep:" + rootId;
        this.prefix = "ls" + rootId.substring(0, 4);
        this.chains = new ForeignChains(kernel, json);
        this.firewalld = new Firewalld(prefix, new SystemBus(settings.systemBus()));
        this.setting = settings.foreignFirewall();
    }

    /** Adds our rules where they are missing and needed. */
    void open(int dnsPort) throws IOException {
        if (setting == NetworkSettings.ForeignFirewall.LEAVE) {
            return;
        }
        var all = chains.dropping();
        if (hasFirewalld(all)) {
            try {
                firewalld.open(named());
            } catch (IOException e) {
                // Our networks are no worse for it; report() says what is shut, and why.
                log.debug("cannot open firewalld", e);
            }
        }
        for (var dropping : all) {
            var point = point(dropping);
            if (point.isPresent() && !admits(dropping, dnsPort)) {
                var chain = point.get().chain();
                shut(chain);
                // Each comes before those that are there.
                for (var statements : rules(point.get(), dnsPort).reversed()) {
                    var rule = chain.rule().put("comment", mark);
                    rule.set("expr", NftJson.array(statements.toArray(JsonNode[]::new)));
                    chains.change("insert", rule);
                }
                log.info("opened chain=\"{}\" for={}*", chain, prefix);
            }
        }
    }

    /** Takes our rules away again. */
    void close() throws IOException {
        for (var point : POINTS) {
            shut(point.chain());
        }
        // What is in its zone where we leave it alone, its owner has put there.
        if (setting == NetworkSettings.ForeignFirewall.OPEN && hasFirewalld(chains.dropping())) {
            try {
                firewalld.close(named());
            } catch (IOException e) {
                log.warn("cannot take {}+ out of firewalld's zone: {}", prefix, e.getMessage());
            }
        }
    }

    private static boolean hasFirewalld(List<Dropping> dropping) {
        return dropping.stream().anyMatch(ForeignFirewalls::isFirewalld);
    }

    private void shut(Chain chain) throws IOException {
        for (var rule : ours(chain)) {
            chains.change(
                    "delete", chain.rule().put("handle", rule.path("handle").asInt()));
        }
    }

    /** Whether all is open that {@link #open} would open. */
    boolean isOpen(int dnsPort) throws IOException {
        if (setting == NetworkSettings.ForeignFirewall.LEAVE) {
            return true;
        }
        var all = chains.dropping();
        for (var dropping : all) {
            if (point(dropping).isPresent() && !admits(dropping, dnsPort)) {
                return false;
            }
        }
        return !hasFirewalld(all)
                || obstacleOfFirewalld().filter(String::isEmpty).isEmpty();
    }

    /** What was added, and what drops our traffic all the same. */
    HostChanges report(int dnsPort) throws IOException {
        var made = new ArrayList<String>();
        for (var point : POINTS) {
            if (!ours(point.chain()).isEmpty()) {
                made.add("rules in \"" + point.chain() + "\" accept "
                        + switch (point.hook()) {
                            case FORWARD ->
                                "what comes from and goes to " + prefix + "*"
                                        + (isDockers(point) ? ", but not what goes to bridges of Docker's" : "");
                            case INPUT -> "questions for names from " + prefix + "*";
                        }
                        + " (comment \"" + mark + "\"); they go with the last network of this root");
            }
        }
        var wanted = new ArrayList<String>();
        var all = chains.dropping();
        var obstacle = hasFirewalld(all) ? obstacleOfFirewalld() : Optional.<String>empty();
        if (hasFirewalld(all)
                && obstacle.isEmpty()
                && setting == NetworkSettings.ForeignFirewall.OPEN
                && firewalld.isInOurZone()) {
            made.add(firewalld.made());
        }
        for (var dropping : all) {
            if (isFirewalld(dropping)) {
                if (obstacle.isPresent()) {
                    wanted.add(complaint(dropping, dnsPort)
                            + (obstacle.get().isEmpty() ? "" : " (" + obstacle.get() + ")"));
                }
            } else if (concerns(dropping) && !admits(dropping, dnsPort)) {
                wanted.add(complaint(dropping, dnsPort));
            }
        }
        return new HostChanges(made, wanted, List.of(), List.of());
    }

    /** Empty when firewalld lets us through, else why we do not know; empty text when it plainly does not. */
    private Optional<String> obstacleOfFirewalld() {
        try {
            return firewalld.isOpen(named()) ? Optional.empty() : Optional.of("");
        } catch (IOException e) {
            return Optional.of("firewalld could not be asked: " + e.getMessage());
        }
    }

    /** What drops IPv6 alone is no obstacle where no container has it, nor is it the other way round. */
    private boolean concerns(Dropping dropping) throws IOException {
        var networks = files.networks();
        return switch (dropping.chain().family()) {
            case "ip" -> networks.stream().anyMatch(n -> n.has(AddressFamily.IPV4));
            case "ip6" -> networks.stream().anyMatch(n -> n.has(AddressFamily.IPV6));
            default -> true;
        };
    }

    private static boolean isFirewalld(Dropping dropping) {
        return dropping.chain().table().equals(Firewalld.TABLE);
    }

    private String complaint(Dropping dropping, int dnsPort) throws IOException {
        return "the chain \"" + dropping.chain() + "\" drops "
                + switch (dropping.hook()) {
                    case FORWARD ->
                        "forwarded packets, those of containers too; let " + prefix
                                + "* through there, in both directions";
                    case INPUT ->
                        "questions of containers for names; let TCP and UDP from " + prefix + "* to port " + dnsPort
                                + " through there";
                }
                + cure(dropping, dnsPort);
    }

    private String cure(Dropping dropping, int dnsPort) throws IOException {
        var accept = "; or set foreign-firewall: accept in this host's settings";
        if (isFirewalld(dropping)) {
            return ": " + firewalld.cure() + accept;
        }
        var point = point(dropping);
        if (point.isEmpty()) {
            return "";
        }
        var add = (dropping.chain().family().equals("ip") ? "iptables" : "ip6tables") + " -I "
                + point.get().chain().name();
        var commands = switch (dropping.hook()) {
            case FORWARD -> {
                var all = new ArrayList<>(List.of(add + " -i " + prefix + "+ -j ACCEPT"));
                if (isDockers(point.get())) {
                    all.add(add + " -i " + prefix + "+ -o " + DOCKERS + "+ -j RETURN");
                    all.add(add + " -i " + prefix + "+ -o docker0 -j RETURN");
                }
                all.add(add + " -o " + prefix + "+ -j ACCEPT");
                yield all;
            }
            case INPUT ->
                List.of(
                        add + " -i " + prefix + "+ -p udp --dport " + dnsPort + " -j ACCEPT",
                        add + " -i " + prefix + "+ -p tcp --dport " + dnsPort + " -j ACCEPT");
        };
        return ": " + String.join("; ", commands) + accept;
    }

    /** The chain that is asked before it drops, where there is one. */
    private Optional<Point> point(Dropping dropping) throws IOException {
        for (var point : POINTS) {
            if (point.hook() == dropping.hook()
                    && point.chain().family().equals(dropping.chain().family())
                    && point.chain().table().equals(dropping.chain().table())
                    && chains.exists(point.chain())) {
                return Optional.of(point);
            }
        }
        return Optional.empty();
    }

    /** Whether rules accept all that we need: just ours, or those that the host's owner made. */
    private boolean admits(Dropping dropping, int dnsPort) throws IOException {
        var rules = new ArrayList<>(chains.rules(dropping.chain()));
        var point = point(dropping);
        if (point.isPresent()) {
            var ours = ours(point.get().chain()).stream()
                    .map(rule -> withoutCounter(rule.path("expr")))
                    .toList();
            var wanted = rules(point.get(), dnsPort).stream()
                    .map(ForeignFirewalls::withoutCounter)
                    .toList();
            if (ours.equals(wanted)) {
                return true;
            }
            chains.rules(point.get().chain()).stream()
                    .filter(rule -> !isOurs(rule))
                    .forEach(rules::add);
        }
        return statements(dropping.hook(), dnsPort).stream()
                .allMatch(needed -> rules.stream().anyMatch(rule -> accepts(rule, needed)));
    }

    private static List<JsonNode> withoutCounter(Iterable<JsonNode> rule) {
        var statements = new ArrayList<JsonNode>();
        rule.forEach(statement -> {
            if (!statement.has("counter")) {
                statements.add(statement);
            }
        });
        return List.copyOf(statements);
    }

    /** Whether the rule accepts at least what {@code needed} would. */
    private boolean accepts(JsonNode rule, List<JsonNode> needed) {
        var accepts = false;
        for (var statement : rule.path("expr")) {
            var link = statement.path("match").path("right").asText();
            var isWider = statement.path("match").path("op").asText().equals("==")
                    && link.endsWith("*")
                    && needed.stream()
                            .map(n -> n.path("match"))
                            .anyMatch(n -> n.path("left")
                                            .equals(statement.path("match").path("left"))
                                    && n.path("right").asText().startsWith(link.substring(0, link.length() - 1)));
            if (statement.has("accept")) {
                accepts = true;
            } else if (!statement.has("counter") && !isWider && !needed.contains(statement)) {
                return false;
            }
        }
        return accepts;
    }

    /** Bridges that their owner has named. */
    private List<String> named() throws IOException {
        return files.networks().stream()
                .filter(n -> n.spec().isBridge())
                .map(NetworkRecord::bridge)
                .filter(name -> !name.startsWith(prefix))
                .toList();
    }

    private static boolean isDockers(Point point) {
        return point.chain().name().equals(DOCKER_USER);
    }

    /** Our rules at that place, in their order. */
    private List<List<JsonNode>> rules(Point point, int dnsPort) throws IOException {
        var needed = statements(point.hook(), dnsPort);
        if (!isDockers(point)) {
            return needed;
        }
        var dockers = dockers(point.chain().family());
        var others = kernel.rtnetlink().links().stream()
                .map(Rtnetlink.Link::name)
                .filter(name ->
                        name.startsWith(DOCKERS) && !DOCKERS_OWN.matcher(name).matches() && !dockers.contains(name))
                .sorted()
                .toList();
        // By their names those that Docker makes next are left to it, too.
        var left = new TreeSet<>(List.of("docker0", DOCKERS + "*"));
        dockers.stream().filter(name -> !name.startsWith(DOCKERS)).forEach(left::add);
        var rules = new ArrayList<List<JsonNode>>();
        needed.stream().filter(rule -> !from(rule)).forEach(rules::add);
        for (var link : links()) {
            var in = NftJson.equal(NftJson.IN, NftJson.text(link));
            for (var other : others) {
                var out = NftJson.equal(NftJson.OUT, NftJson.text(other));
                rules.add(List.of(in, out, NftJson.counter(), NftJson.accept()));
            }
            for (var bridge : left) {
                var out = NftJson.equal(NftJson.OUT, NftJson.text(bridge));
                rules.add(List.of(in, out, NftJson.counter(), NftJson.back()));
            }
        }
        needed.stream().filter(ForeignFirewalls::from).forEach(rules::add);
        return rules;
    }

    /** Whether it accepts what comes from a bridge. */
    private static boolean from(List<JsonNode> rule) {
        return rule.getFirst().path("match").path("left").equals(NftJson.IN);
    }

    /** Docker's bridges, as its rules have them. */
    private Set<String> dockers(String family) throws IOException {
        var bridges = new TreeSet<String>();
        for (var chain : DOCKERS_CHAINS) {
            for (var rule : chains.rules(new Chain(family, "filter", chain))) {
                var expressions = rule.path("expr");
                var isDockers = false;
                var out = "";
                for (var statement : expressions) {
                    isDockers |= statement.path("jump").path("target").asText().equals("DOCKER");
                    if (statement.path("match").path("left").equals(NftJson.OUT)
                            && statement.path("match").path("op").asText().equals("==")) {
                        out = statement.path("match").path("right").asText();
                    }
                }
                if (isDockers && !out.isEmpty()) {
                    bridges.add(out);
                }
            }
        }
        return bridges;
    }

    /** Names of our bridges, with a star at the end of those that we named. */
    private List<String> links() throws IOException {
        var links = new ArrayList<>(List.of(prefix + "*"));
        links.addAll(named());
        return links;
    }

    /** What is needed at a hook; iptables understands each of them, and goes on working on the chain. */
    private List<List<JsonNode>> statements(Hook hook, int dnsPort) throws IOException {
        var statements = new ArrayList<List<JsonNode>>();
        for (var link : links()) {
            var in = NftJson.equal(NftJson.meta("iifname"), NftJson.text(link));
            var out = NftJson.equal(NftJson.meta("oifname"), NftJson.text(link));
            switch (hook) {
                case FORWARD -> {
                    statements.add(List.of(in, NftJson.counter(), NftJson.accept()));
                    statements.add(List.of(out, NftJson.counter(), NftJson.accept()));
                }
                case INPUT ->
                    List.of("tcp", "udp")
                            .forEach(protocol -> statements.add(List.of(
                                    in,
                                    NftJson.equal(NftJson.payload(protocol, "dport"), NftJson.number(dnsPort)),
                                    NftJson.counter(),
                                    NftJson.accept())));
            }
        }
        return statements;
    }

    private List<JsonNode> ours(Chain chain) throws IOException {
        return chains.rules(chain).stream().filter(this::isOurs).toList();
    }

    private boolean isOurs(JsonNode rule) {
        return rule.path("comment").asText().equals(mark);
    }
}
