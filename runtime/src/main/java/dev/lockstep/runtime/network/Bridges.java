package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Networks come up, are kept whole, and go: bridge, rules, forwarding, zone of names, and what foreign firewalls must
 * let through. The network lock is held.
 */
final class Bridges {
    private static final Logger log = LoggerFactory.getLogger(Bridges.class);
    private static final int DEFAULT_MTU = 1500;

    private final Root root;
    private final NetworkSettings settings;
    private final InstantSource clock;
    private final NetworkFiles files;
    private final AddressSpace addresses;
    private final Links links;
    private final Firewall firewall;
    private final Flows flows;
    private final ForeignFirewalls foreign;
    private final Forwarding forwarding;
    private final ContainerNames names;
    private final SecureRandom random = new SecureRandom();

    Bridges(
            Root root,
            NetworkSettings settings,
            InstantSource clock,
            NetworkFiles files,
            AddressSpace addresses,
            Links links,
            Firewall firewall,
            Flows flows,
            ForeignFirewalls foreign,
            Forwarding forwarding,
            ContainerNames names) {
        this.root = root;
        this.settings = settings;
        this.clock = clock;
        this.files = files;
        this.addresses = addresses;
        this.links = links;
        this.firewall = firewall;
        this.flows = flows;
        this.foreign = foreign;
        this.forwarding = forwarding;
        this.names = names;
    }

    /** Makes the network and everything it needs; on failure nothing remains. */
    NetworkRecord create(NetworkSpec spec) throws IOException {
        Files.createDirectories(settings.machineLock().toAbsolutePath().getParent());
        // Held until the bridge has its address: from then on other roots see the route.
        try (var machine = Flock.fleeting(settings.machineLock())) {
            var network = record(spec);
            log.debug("chose subnets={} lock={}", network.ranges(), machine);
            files.write(network);
            try {
                bringUp(network);
            } catch (IOException | RuntimeException e) {
                try {
                    takeDown(network);
                } catch (IOException | RuntimeException also) {
                    e.addSuppressed(also);
                }
                throw e;
            }
            log.info("created network={} subnets={} bridge={}", spec.name(), network.ranges(), network.bridge());
            return network;
        }
    }

    private NetworkRecord record(NetworkSpec spec) throws IOException {
        var obstacle = obstacle(spec);
        if (obstacle.isPresent()) {
            throw new NetworkException("network " + spec.name() + ": " + obstacle.get());
        }
        var subnets = addresses.choose(spec);
        var bytes = new byte[32];
        random.nextBytes(bytes);
        var id = HexFormat.of().formatHex(bytes);
        return new NetworkRecord(
                id,
                spec,
                subnets,
                bridge(spec, id),
                spec.mtu().orElse(DEFAULT_MTU),
                clock.instant(),
                List.of(),
                List.of());
    }

    /** The link that the network is on: a bridge of its own, or the host's link that it shares. */
    private String bridge(NetworkSpec spec, String id) {
        var options = spec.options();
        return spec.isBridge()
                ? options.bridgeName().orElseGet(() -> Links.bridgeName(root.id(), id))
                : options.parent().orElseThrow();
    }

    /**
     * Why the host cannot have such a network, whatever its subnets are, as a sentence. One of that name that is there
     * is not in its way. Touches nothing.
     */
    Optional<String> obstacle(NetworkSpec spec) throws IOException {
        if (spec.ipv6()) {
            var missing = links.missingIpv6();
            if (missing.isPresent()) {
                return missing;
            }
        }
        if (!spec.isBridge()) {
            return links.obstacle(spec);
        }
        var wanted = spec.options().bridgeName();
        if (wanted.isEmpty()) {
            return Optional.empty();
        }
        for (var other : files.networks()) {
            if (other.bridge().equals(wanted.get()) && !other.name().equals(spec.name())) {
                return Optional.of(
                        "it wants the bridge " + wanted.get() + ", which is that of network " + other.name());
            }
        }
        return links.isTaken(wanted.get())
                ? Optional.of("it wants the bridge " + wanted.get() + ", and a link of that name is there that is not"
                        + " Lockstep's")
                : Optional.empty();
    }

    /** Makes a network again that was taken down a moment ago, as it was, with its addresses and leases. */
    void createAgain(NetworkRecord network) throws IOException {
        files.write(network);
        bringUp(network);
    }

    private void bringUp(NetworkRecord network) throws IOException {
        links.ensureBridge(network);
        if (!network.spec().isBridge()) {
            return; // Its packets do not pass this host's rules.
        }
        forwarding.prepare(network);
        loadRules();
        foreign.open(names.port());
        forwarding.enable(network);
        names.put(network);
        names.refresh();
    }

    /** Makes sure that its bridge is there, and returns the index of that. */
    int ensureThere(NetworkRecord network) throws IOException {
        var there = links.bridge(network);
        if (there.isEmpty()) {
            ensureUp(network);
            there = links.bridge(network);
        }
        return there.orElseThrow(() -> new NetworkException(
                        "network " + network.name() + ": its link " + network.bridge() + " has gone again"))
                .index();
    }

    /** Puts back what is missing of it. */
    void ensureUp(NetworkRecord network) throws IOException {
        if (!links.hasBridge(network)) {
            var obstacle = addresses.obstacle(network);
            if (obstacle.isPresent()) {
                throw new NetworkException("network " + network.name() + ": its subnet " + obstacle.get());
            }
            bringUp(network);
            flows.putBack(files.networks(), files.published());
            return;
        }
        links.ensureBridge(network);
        if (!network.spec().isBridge()) {
            return;
        }
        var prepared = forwarding.prepare(network);
        var loaded = firewall.loaded();
        if (prepared || loaded.isEmpty() || !loaded.get().isWhole(network, files.published(), files.attachments())) {
            putBackRules();
        }
        foreign.open(names.port());
        forwarding.enable(network);
        names.put(network);
        names.refresh();
    }

    /** Takes it away, with the rules when it was the last. */
    void takeDown(NetworkRecord network) throws IOException {
        var others = files.networks().stream()
                .filter(n -> !n.id().equals(network.id()))
                .toList();
        var known = files.damaged().isEmpty(); // else there may be more than we know
        if (network.spec().isBridge()) {
            names.remove(network.name());
            names.refreshForLess();
            if (known && others.stream().noneMatch(n -> n.spec().isBridge())) {
                firewall.unload();
                foreign.close();
            } else {
                load(others);
            }
        }
        if (network.spec().options().bridgeName().isPresent()) {
            foreign.close(); // what lets its bridge through; whoever is left opens anew
        }
        // A VLAN that we made may have several networks on it.
        if ((known || network.spec().isBridge())
                && others.stream().noneMatch(n -> n.bridge().equals(network.bridge()))) {
            links.delete(network.bridge());
        }
        files.delete(network);
        if (network.spec().options().bridgeName().isPresent()
                && others.stream().anyMatch(n -> n.spec().isBridge())) {
            foreign.open(names.port());
        }
        if (known && others.stream().noneMatch(n -> n.spec().isBridge() && n.has(AddressFamily.IPV6))) {
            forwarding.restore6();
        }
    }

    /** Questions for names lead to the server's new port from now on. */
    void followNameServer() throws IOException {
        putBackRules();
        foreign.open(names.port());
    }

    /** Loads all rules anew where some were missing. */
    void putBackRules() throws IOException {
        loadRules();
        flows.putBack(files.networks(), files.published());
    }

    /** Loads all rules anew, as the records say. */
    private void loadRules() throws IOException {
        load(files.networks());
    }

    private void load(List<NetworkRecord> networks) throws IOException {
        var bridges = networks.stream().filter(n -> n.spec().isBridge()).toList();
        var attachments = files.attachments();
        firewall.load(new Ruleset.Content(
                names.port(),
                bridges,
                files.damaged().stream()
                        .map(DamagedNetwork::id)
                        .filter(id -> id.matches("[0-9a-f]{64}"))
                        .map(id -> Links.bridgeName(root.id(), id))
                        .toList(),
                files.published(),
                FrameRules.ends(attachments),
                Beside.ofAll(attachments, bridges),
                forwarding.guarded()));
    }

    /** Takes away links of ours that nobody knows, and rules without a network; returns how many things. */
    int removeStrays() throws IOException {
        var networks = files.networks();
        var wanted = new HashSet<String>();
        networks.forEach(n -> wanted.add(n.bridge()));
        files.attachments().forEach(a -> a.endpoints().forEach(e -> wanted.add(e.hostLink())));
        var removed = 0;
        var known = files.damaged().isEmpty();
        var portsAreKnown = files.unusable().isEmpty();
        for (var link : links.ours()) {
            // Which bridge a network has whose record cannot be read, nobody knows, nor which ports a container has.
            var isKnown = links.isPort(link) ? portsAreKnown : known;
            if (!wanted.contains(link.name()) && isKnown && links.delete(link.name())) {
                removed++;
            }
        }
        if (known
                && networks.stream().noneMatch(n -> n.spec().isBridge())
                && firewall.loaded().isPresent()) {
            firewall.unload();
            foreign.close();
            removed++;
        }
        return removed;
    }
}
