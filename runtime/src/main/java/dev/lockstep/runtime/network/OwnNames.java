package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.DnsEntry;
import dev.lockstep.runtime.dns.OwnNameServers;
import dev.lockstep.runtime.dns.ResolvConf;
import dev.lockstep.runtime.linux.ForeignText;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Nftables;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What single containers are told by a name server of their own ({@link OwnNameServers}), since the root's is not where
 * they can ask, or would tell others too: containers on networks without a gateway of ours (macvlan, ipvlan, bridges
 * without our address), and those that have names for others ({@code links}). aardvark-dns answers whoever asks from
 * all zones that have his address, so in the root's zones a link's target would know the name as well, and who links
 * would be given a service of the same name beside it.
 *
 * <p>The server is in the container's namespace, at 127.0.0.11, and has names of those networks and of links alone.
 * Other names it asks for as the container itself could: at the gateways of its other networks, else at the servers of
 * the container or the host; so nobody gets a way out that he had not. A program of the container may have port 53.
 *
 * <p>The network lock is held.
 */
final class OwnNames {
    private static final String TABLE = "lockstep_names";

    /** Where systemd-resolved says whom it asks, for who does not reach it at 127.0.0.53. */
    private static final Path BEHIND_RESOLVED = Path.of("/run/systemd/resolve/resolv.conf");

    private final NetworkFiles files;
    private final OwnNameServers servers;
    private final NetworkNamespaces namespaces;
    private final Path hostResolvConf;

    OwnNames(NetworkFiles files, OwnNameServers servers, NetworkNamespaces namespaces, Path hostResolvConf) {
        this.files = files;
        this.servers = servers;
        this.namespaces = namespaces;
        this.hostResolvConf = hostResolvConf;
    }

    /** From now on the container has a server of its own to be started, or has none. */
    void settle(AttachmentRecord attachment) throws IOException {
        var container = attachment.request().container();
        if (attachment.asksItsOwn()) {
            put(attachment, files.attachments());
        } else {
            servers.remove(container);
        }
    }

    /** Starts the container's server where it shall have one; its namespace is there. */
    boolean ensure(AttachmentRecord attachment) throws IOException {
        var container = attachment.request().container();
        if (!attachment.asksItsOwn() || servers.isAnswering(container)) {
            return false;
        }
        settle(attachment);
        namespaces.inside(files.namespace(container), () -> {
            try (var rules = Nftables.open()) {
                rules.run(redirection());
            }
            servers.start(container);
            return Optional.empty();
        });
        return true;
    }

    /** Whether all of them that shall have a server have one that runs. */
    boolean areAnswering(List<AttachmentRecord> attachments) throws IOException {
        for (var attachment : attachments) {
            if (attachment.asksItsOwn()
                    && !servers.isAnswering(attachment.request().container())) {
                return false;
            }
        }
        return true;
    }

    void remove(String container) throws IOException {
        servers.remove(container);
    }

    /**
     * Makes all of them say where others are now; nothing where nobody has one.
     *
     * @param gone a container that counts as if it were not attached any more
     */
    void follow(Optional<String> gone) throws IOException {
        var owners = new HashSet<>(servers.containers());
        if (owners.isEmpty()) {
            return;
        }
        var attachments = files.attachments().stream()
                .filter(a -> !gone.equals(Optional.of(a.request().container())))
                .toList();
        for (var attachment : attachments) {
            if (owners.contains(attachment.request().container()) && attachment.asksItsOwn()) {
                put(attachment, attachments);
            }
        }
    }

    /** Ends those of containers that are not attached, and returns how many there were. */
    int removeStrays() throws IOException {
        var removed = 0;
        for (var container : servers.containers()) {
            if (!files.isAttached(container)) {
                servers.remove(container);
                removed++;
            }
        }
        return removed;
    }

    private void put(AttachmentRecord owner, List<AttachmentRecord> all) throws IOException {
        var upstream = upstream(owner);
        servers.put(owner.request().container(), entries(owner, all, upstream), upstream);
    }

    /** Whom it asks for other names: who answers to the container itself. */
    private List<String> upstream(AttachmentRecord owner) throws IOException {
        var gateways = Attached.gateways(owner.endpoints());
        if (!gateways.isEmpty()) {
            return gateways;
        }
        if (owner.endpoints().stream().allMatch(Endpoint::internal)) {
            return List.of();
        }
        var own = owner.request().dnsServers();
        if (!own.isEmpty()) {
            return own;
        }
        var host = reachable(hostResolvConf);
        return host.isEmpty() ? reachable(BEHIND_RESOLVED) : host;
    }

    /** See {@link Networks#hostResolver}. */
    String hostResolver() throws IOException {
        return text(hostResolvConf) + text(BEHIND_RESOLVED);
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
    }

    private static List<String> reachable(Path resolvConf) throws IOException {
        if (!Files.exists(resolvConf)) {
            return List.of();
        }
        return ResolvConf.parse(ForeignText.read(resolvConf)).servers().stream()
                .filter(server -> !server.startsWith("127.") && !server.equals("::1"))
                // One of a link of the host, which is no link of the container.
                .filter(server -> !server.contains("%"))
                .limit(3)
                .toList();
    }

    static List<DnsEntry> entries(AttachmentRecord owner, List<AttachmentRecord> all, List<String> upstream) {
        var entries = new ArrayList<DnsEntry>();
        var hidden = new HashSet<String>();
        owner.endpoints()
                .forEach(end ->
                        links(end, owner).forEach(link -> names(end, link).forEach(name -> hidden.add(lower(name)))));
        for (var end : owner.endpoints()) {
            if (!end.silent() && end.furtherNames().isEmpty()) {
                continue;
            }
            for (var other : all) {
                var isOwner = other.request().container().equals(owner.request().container());
                var there = other.endpoints().stream()
                        .filter(e -> e.network().equals(end.network()))
                        .findFirst();
                if (there.isEmpty() || !other.answered() && !isOwner) {
                    continue;
                }
                var names = new LinkedHashSet<String>();
                if (isOwner) {
                    names.add(other.request().dnsNames().getLast());
                } else {
                    links(end, owner)
                            .filter(link -> isCalled(other, link.target()))
                            .forEach(link -> names.addAll(names(end, link)));
                }
                if (end.silent() && other.answered()) {
                    ContainerNames.names(other, there.get()).stream()
                            .filter(name -> !hidden.contains(lower(name)))
                            .forEach(names::add);
                }
                if (!names.isEmpty()) {
                    entries.add(new DnsEntry(
                            there.get().id(),
                            ContainerNames.addresses(there.get(), AddressFamily.IPV4),
                            ContainerNames.addresses(there.get(), AddressFamily.IPV6),
                            List.copyOf(names),
                            isOwner ? upstream : List.of()));
                }
            }
        }
        return entries;
    }

    private static Stream<EndpointOptions.Link> links(Endpoint end, AttachmentRecord owner) {
        return end.furtherNames().stream()
                .filter(link ->
                        ContainerNames.isPossible(link.alias(), owner.request().container()));
    }

    private static Set<String> names(Endpoint end, EndpointOptions.Link link) {
        return new LinkedHashSet<>(List.of(link.alias(), link.alias() + "." + end.network()));
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    private static boolean isCalled(AttachmentRecord attachment, String name) {
        return attachment.request().dnsNames().contains(name)
                || attachment.request().container().startsWith(name);
    }

    /** Questions to port 53 of that address go to the server's own port. */
    private static String redirection() {
        var table = NftJson.node().put("family", "ip").put("name", TABLE);
        var chain = NftJson.node()
                .put("family", "ip")
                .put("table", TABLE)
                .put("name", "output")
                .put("type", "nat")
                .put("hook", "output")
                .put("prio", -100)
                .put("policy", "accept");
        var commands = NftJson.array(
                NftJson.object("add", NftJson.object("table", table)),
                NftJson.object("flush", NftJson.object("table", table)),
                NftJson.object("add", NftJson.object("chain", chain)));
        Stream.of("udp", "tcp").forEach(protocol -> {
            var rule = NftJson.node().put("family", "ip").put("table", TABLE).put("chain", "output");
            rule.set(
                    "expr",
                    NftJson.array(
                            NftJson.equal(NftJson.DESTINATION, NftJson.text(OwnNameServers.ADDRESS)),
                            NftJson.equal(NftJson.payload(protocol, "dport"), NftJson.number(53)),
                            NftJson.object(
                                    "dnat",
                                    NftJson.node()
                                            .put("addr", OwnNameServers.ADDRESS)
                                            .put("port", OwnNameServers.PORT))));
            commands.add(NftJson.object("add", NftJson.object("rule", rule)));
        });
        return NftJson.object("nftables", commands).toString();
    }
}
