package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.DnsEntry;
import dev.lockstep.runtime.dns.DnsZone;
import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.dns.ResolvConf;
import dev.lockstep.runtime.linux.Conntrack;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.NftablesException;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The networks of one root: bridges, the containers on them, published ports.
 *
 * <p>Files say what should be ({@link NetworkFiles}), the kernel what is. Changes of files, rules and names happen
 * under the root's {@code network} lock; links are made and removed outside it, by whoever holds the container's lock.
 * A file is written before what it describes is made and deleted after that is gone, so a crash leaves nothing that
 * {@link #cleanUp} does not find.
 *
 * <p>Any thread may call; the work is done on the platform threads of {@link NetworkNamespaces}.
 */
public final class Networks implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Networks.class);
    private static final int DEFAULT_MTU = 1500;
    private static final int UDP = 17;
    private static final int TCP = 6;

    private final Root root;
    private final NetworkSettings settings;
    private final NetworkNamespaces namespaces;
    private final NameServer names;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final NetworkFiles files;
    private final Kernel kernel;
    private final Links links;
    private final Firewall firewall;
    private final ForeignFirewalls foreign;
    private final Forwarding forwarding;
    private final Ports ports;

    /**
     * @param namespaces whose home the bridges and rules are in; not closed here
     * @param names the name server of the same root, in the same home
     */
    public Networks(Root root, NetworkSettings settings, NetworkNamespaces namespaces, NameServer names, Clock clock)
            throws IOException {
        this.root = root;
        this.settings = settings;
        this.namespaces = namespaces;
        this.names = names;
        this.clock = clock;
        this.files = new NetworkFiles(root);
        this.kernel = new Kernel(namespaces);
        this.links = new Links(root.id(), kernel, namespaces);
        this.firewall = new Firewall(root.shortId(), kernel, root.json());
        this.foreign = new ForeignFirewalls(root.id(), kernel, root.json(), settings.foreignFirewall());
        this.forwarding = new Forwarding(files, kernel, namespaces);
        this.ports = new Ports(namespaces, firewall, random);
    }

    // ---- networks

    /**
     * Makes the network and everything it needs: bridge, rules, forwarding, names.
     *
     * @throws NetworkException when the name or the subnet is taken; the message says by what. Nothing remains.
     */
    public NetworkRecord create(NetworkSpec spec) throws IOException {
        return locked(() -> {
            if (files.network(spec.name()).isPresent()) {
                throw new NetworkException("network " + spec.name() + " exists already");
            }
            Files.createDirectories(settings.machineLock().toAbsolutePath().getParent());
            // Held until the bridge has its address: from then on other roots see the route.
            try (var machine = Flock.exclusive(settings.machineLock())) {
                var network = record(spec);
                log.debug("chose subnet={} lock={}", network.subnet(), machine);
                files.write(network);
                try {
                    bringUp(network);
                } catch (IOException | RuntimeException e) {
                    takeDown(network);
                    throw e;
                }
                log.info("created network={} subnet={} bridge={}", spec.name(), network.subnet(), network.bridge());
                return network;
            }
        });
    }

    /**
     * Removes the network; no error when there is none.
     *
     * @throws NetworkException while containers are attached
     */
    public void remove(String name) throws IOException {
        locked(() -> {
            var network = files.network(name);
            if (network.isPresent()) {
                var attached = files.attachments().stream()
                        .filter(a ->
                                a.endpoints().stream().anyMatch(e -> e.network().equals(name)))
                        .map(a -> a.request().container())
                        .toList();
                if (!attached.isEmpty()) {
                    throw new NetworkException("network " + name + " has containers: " + String.join(", ", attached));
                }
                takeDown(network.get());
                log.info("removed network={}", name);
            }
            return Optional.empty();
        });
    }

    /** All networks, sorted by name. */
    public List<NetworkRecord> list() throws IOException {
        return files.networks();
    }

    public Optional<NetworkRecord> find(String name) throws IOException {
        return files.network(name);
    }

    /**
     * Changes what nothing but the record knows of a network: labels and owner. Definitions change by {@link #replace}.
     */
    public void updateRecord(NetworkSpec spec) throws IOException {
        locked(() -> {
            files.write(existing(spec.name()).withSpec(spec));
            return Optional.empty();
        });
    }

    /** What a subnet that somebody asks for overlaps, as a sentence; empty when it can be had, or was not asked for. */
    public Optional<String> conflictOf(NetworkSpec spec) throws IOException {
        if (spec.subnet().isEmpty()) {
            return Optional.empty();
        }
        var subnet = spec.subnet().get();
        return locked(() ->
                Subnets.obstacle(subnet, taken()).map(obstacle -> "subnet " + subnet + " overlaps " + obstacle.by()));
    }

    /**
     * Gives a network another definition. Its running containers are taken off it, the network is made anew, and they
     * are put back: they keep their processes, and lose their addresses there and what is established through them.
     */
    public NetworkRecord replace(NetworkSpec spec) throws IOException {
        var name = spec.name();
        var requests = locked(() -> files.attachments().stream()
                .map(AttachmentRecord::request)
                .filter(r -> r.networks().stream().anyMatch(n -> n.network().equals(name)))
                .toList());
        for (var request : requests) {
            updateAttachments(new AttachRequest(
                    request.container(),
                    request.key(),
                    request.networks().stream()
                            .filter(n -> !n.network().equals(name))
                            .toList(),
                    request.dnsNames(),
                    request.dnsServers()));
        }
        remove(name);
        var made = create(spec);
        for (var request : requests) {
            updateAttachments(request);
        }
        return made;
    }

    /**
     * Puts back what is missing of the network: bridge, address, parameters, rules with all published ports, name
     * server. For a network that is whole nothing changes.
     */
    public void ensure(String name) throws IOException {
        locked(() -> {
            ensureUp(existing(name));
            return Optional.empty();
        });
    }

    // ---- containers

    /** Where {@link #attach} pins the namespace of that container. */
    public Path namespace(String container) {
        return files.namespace(container);
    }

    /**
     * Makes the container's namespace with {@code lo} up, its links, addresses, default route and names; what is there
     * already stays. On failure all of it is taken away again, but for leases.
     *
     * @throws NetworkException when a network does not exist or an address cannot be had
     */
    public Attached attach(AttachRequest request) throws IOException {
        return update(request, true);
    }

    /**
     * Brings a running container from the networks it has to those of the request: connects, disconnects, renames;
     * published ports follow its main address. Ends that are in both keep address, MAC and connections.
     */
    public Attached updateAttachments(AttachRequest request) throws IOException {
        if (files.attachment(request.container()).isEmpty()) {
            throw new NetworkException("container " + request.container() + " has no namespace; attach it first");
        }
        return update(request, false);
    }

    /** What {@link #attach} made for the container. */
    public Optional<Attached> attached(String container) throws IOException {
        return files.attachment(container).map(this::attached);
    }

    /**
     * Takes published ports, names, links and the namespace's pin away, and cuts connections. Leases stay. Idempotent.
     */
    public void detach(String container) throws IOException {
        var attachment = locked(() -> {
            var found = files.attachment(container);
            withdraw(container);
            if (found.isPresent()) {
                for (var endpoint : found.get().endpoints()) {
                    names.remove(endpoint.network(), container);
                }
                if (found.get().answered() && !found.get().endpoints().isEmpty()) {
                    names.refresh();
                }
            }
            return found;
        });
        // Not left to the end of the namespace: connections that are still closing hold it for minutes (tcp(7),
        // tcp_orphan_retries), and the slot's next container has the same address.
        for (var endpoint : attachment.map(AttachmentRecord::endpoints).orElse(List.of())) {
            links.delete(endpoint.hostLink());
        }
        namespaces.delete(namespace(container));
        files.deleteAttachment(container);
    }

    /** Gives the addresses of a slot free, on all networks. */
    public void release(LeaseKey key) throws IOException {
        locked(() -> {
            for (var network : files.networks()) {
                var released = Leases.release(network, key);
                if (!released.equals(network)) {
                    files.write(released);
                }
            }
            return Optional.empty();
        });
    }

    /**
     * Reserves fixed addresses before others are given out.
     *
     * @throws NetworkException when one cannot be had
     */
    public void reserve(String name, Map<LeaseKey, Ipv4> addresses) throws IOException {
        locked(() -> {
            var network = existing(name);
            for (var wanted : addresses.entrySet()) {
                network = Leases.give(network, wanted.getKey(), "", Optional.of(wanted.getValue()), files::isAttached)
                        .network();
            }
            files.write(network);
            return Optional.empty();
        });
    }

    /**
     * Whether the container's names are answered: they are not while it is stopped, or unhealthy beside healthy ones.
     */
    public void answer(String container, boolean answered) throws IOException {
        locked(() -> {
            var attachment = files.attachment(container);
            if (attachment.isPresent() && attachment.get().answered() != answered) {
                var changed = attachment.get().withAnswered(answered);
                files.write(changed);
                writeNames(changed);
                names.refresh();
            }
            return Optional.empty();
        });
    }

    // ---- published ports

    /**
     * Makes exactly these ports of the host lead to the container, in one step. Ports without a number get one that is
     * free; one that was chosen before is kept.
     *
     * @return the ports with the numbers that are in effect; those that had none come last
     * @throws PortConflictException when somebody has one; then nothing has changed
     */
    public List<PublishedPort> publish(String container, List<PublishedPort> wanted) throws IOException {
        return locked(() -> {
            var attachment = files.attachment(container)
                    .orElseThrow(() -> new NetworkException("container " + container + " is on no network"));
            if (wanted.isEmpty()) {
                withdraw(container);
                return List.of();
            }
            var address = publishedAddress(attachment)
                    .orElseThrow(() -> new NetworkException(
                            "container " + container + " has no network that ports could be published from"));
            var before = files.published();
            var own = of(container, before);
            var others = without(container, before);
            var settled = ports.settle(wanted, own, others);
            var after = settled.stream()
                    .map(p -> new Publication(container, address, p))
                    .toList();
            change(before, concat(others, after));
            return settled;
        });
    }

    /** The container's ports that are published. */
    public List<PublishedPort> published(String container) throws IOException {
        return of(container, files.published()).stream().map(Publication::port).toList();
    }

    /** Takes the container's published ports back and cuts connections through them. */
    public void unpublish(String container) throws IOException {
        locked(() -> {
            withdraw(container);
            return Optional.empty();
        });
    }

    /** Makes all published ports of one container lead to another, in one step without a gap. */
    public void movePorts(String from, String to) throws IOException {
        locked(() -> {
            var attachment = files.attachment(to)
                    .orElseThrow(() -> new NetworkException("container " + to + " is on no network"));
            var address = publishedAddress(attachment)
                    .orElseThrow(
                            () -> new NetworkException("container " + to + " has no network that ports could lead to"));
            var before = files.published();
            var after = before.stream()
                    .map(p -> p.container().equals(from) ? new Publication(to, address, p.port()) : p)
                    .toList();
            change(before, after);
            return Optional.empty();
        });
    }

    /**
     * Who has the port now. Touches nothing.
     *
     * @param except id of a container that is not in the way, or empty text
     * @throws NetworkException when the host does not have the address
     */
    public Optional<PortHolder> holderOf(PublishedPort port, String except) throws IOException {
        return port.hostPort().isEmpty() ? Optional.empty() : ports.holder(port, without(except, files.published()));
    }

    // ---- the whole

    /** What the kernel says. */
    public ObservedNetworks observe() throws IOException {
        var records = files.networks();
        var attachments = files.attachments();
        if (records.isEmpty() && attachments.isEmpty()) {
            return new ObservedNetworks(List.of(), Map.of());
        }
        var rules = firewall.loaded();
        var up = new HashSet<String>();
        var there = new TreeMap<Integer, String>();
        for (var link : links.ours()) {
            there.put(link.index(), link.name());
            if (link.up()) {
                up.add(link.name());
            }
        }
        var addresses = new HashSet<String>();
        for (var address : kernel.rtnetlink().addresses()) {
            addresses.add(there.getOrDefault(address.link(), "") + " "
                    + address.address().getHostAddress() + "/" + address.prefix());
        }
        var networks = records.stream()
                .map(n -> new ObservedNetwork(
                        n,
                        up.contains(n.bridge()),
                        addresses.contains(n.bridge() + " " + n.gateway() + "/"
                                + n.subnet().prefix()),
                        rules.filter(r -> r.bridges().contains(n.bridge())).isPresent()))
                .toList();
        var published = files.published();
        var containers = new TreeMap<String, ObservedAttachment>();
        for (var attachment : attachments) {
            var id = attachment.request().container();
            var inEffect = new ArrayList<PublishedPort>();
            var missing = new ArrayList<PublishedPort>();
            for (var publication : of(id, published)) {
                var loaded = rules.filter(r -> r.published().contains(Firewall.key(publication)));
                (loaded.isPresent() ? inEffect : missing).add(publication.port());
            }
            containers.put(
                    id,
                    new ObservedAttachment(
                            attached(attachment),
                            namespaces.isPinned(namespace(id)),
                            attachment.endpoints().stream()
                                    .filter(e -> !up.contains(e.hostLink()))
                                    .map(Endpoint::network)
                                    .toList(),
                            inEffect,
                            missing));
        }
        return new ObservedNetworks(networks, containers);
    }

    /**
     * Removes what crashes left behind: attachments, published ports, names, links and namespaces of containers that do
     * not exist, and bridges and rules without a network.
     *
     * @param isLive whether a container of that id has a record. It is asked after the attachment was seen, and records
     *     are written before anything is attached, so containers that are being made meanwhile are safe
     * @return how many things were removed
     */
    public int cleanUp(Predicate<String> isLive) throws IOException {
        var removed = 0;
        for (var attachment : files.attachments()) {
            var container = attachment.request().container();
            if (!isLive.test(container)) {
                detach(container);
                removed++;
            }
        }
        for (var pin : files.namespaces()) {
            if (!isLive.test(pin) && !files.isAttached(pin)) {
                namespaces.delete(namespace(pin));
                removed++;
            }
        }
        return removed + locked(() -> removeStrays());
    }

    /** What networks have changed, or want changed, on the host outside of what is ours. */
    public HostChanges hostChanges() throws IOException {
        if (files.networks().isEmpty() && !forwarding.isOurs()) {
            return new HostChanges(List.of(), List.of());
        }
        var report = foreign.report();
        var made = new ArrayList<>(report.made());
        if (forwarding.isOurs()) {
            made.add("net.ipv4.ip_forward was 0 and is 1, and stays so until the next boot; while there are networks, "
                    + String.join(", ", forwarding.guarded()) + " do not forward to each other");
        }
        return new HostChanges(made, report.wanted());
    }

    /** Closes the sockets; networks and containers live on. */
    @Override
    public void close() {
        kernel.close();
    }

    // ---- insides, all called under the lock

    private NetworkRecord record(NetworkSpec spec) throws IOException {
        var taken = taken();
        Cidr subnet;
        if (spec.subnet().isPresent()) {
            subnet = spec.subnet().get();
            var obstacle = Subnets.obstacle(subnet, taken);
            if (obstacle.isPresent()) {
                throw new NetworkException("network " + spec.name() + ": subnet " + subnet + " overlaps "
                        + obstacle.get().by());
            }
        } else {
            subnet = Subnets.choose(settings.pool(), settings.prefix(), taken)
                    .orElseThrow(() -> new NetworkException("network " + spec.name() + ": no /" + settings.prefix()
                            + " is free in the pool " + settings.pool()
                            + "; remove unused networks or give it a subnet"));
        }
        var bytes = new byte[32];
        random.nextBytes(bytes);
        var id = HexFormat.of().formatHex(bytes);
        return new NetworkRecord(
                id,
                spec,
                subnet,
                spec.gateway().orElse(subnet.first()),
                Links.bridgeName(root.id(), id),
                spec.mtu().orElse(DEFAULT_MTU),
                clock.instant(),
                Optional.empty(),
                List.of());
    }

    /** Everything that a subnet must not overlap. */
    private List<Subnets.Taken> taken() throws IOException {
        var taken = new ArrayList<Subnets.Taken>();
        var own = files.networks();
        own.forEach(n -> taken.add(new Subnets.Taken(n.subnet(), "network " + n.name() + " (" + n.subnet() + ")")));
        var byIndex = new TreeMap<Integer, String>();
        for (var link : kernel.rtnetlink().links()) {
            byIndex.put(link.index(), link.name());
        }
        for (var address : kernel.rtnetlink().addresses()) {
            var ip = ipv4(address.address());
            taken.add(new Subnets.Taken(
                    Cidr.around(ip, address.prefix()),
                    "the address " + ip + "/" + address.prefix() + " of " + byIndex.get(address.link())));
        }
        for (var route : kernel.rtnetlink().routes()) {
            var range = Cidr.around(ipv4(route.destination()), route.prefix());
            var link = byIndex.get(route.link());
            taken.add(new Subnets.Taken(
                    range, "the route " + range + (link == null ? "" : " of " + link) + " of this host"));
        }
        for (var server : hostServers()) {
            try {
                var ip = Ipv4.parse(server);
                taken.add(new Subnets.Taken(new Cidr(ip, 32), "the name server " + ip + " of this host"));
            } catch (IllegalArgumentException e) {
                log.debug("no IPv4 server={}", server);
            }
        }
        return taken;
    }

    private List<String> hostServers() throws IOException {
        try {
            return ResolvConf.parse(Files.readString(settings.hostResolvConf())).servers();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private void bringUp(NetworkRecord network) throws IOException {
        links.ensureBridge(network);
        forwarding.prepare();
        loadRules();
        foreign.open();
        forwarding.enable();
        names.put(new DnsZone(
                network.name(), network.gateway().toString(), network.spec().internal(), entries(network)));
        names.refresh();
    }

    private void ensureUp(NetworkRecord network) throws IOException {
        if (!links.hasBridge(network)) {
            // After a reboot the range may have become somebody else's.
            var obstacle = Subnets.obstacle(
                    network.subnet(),
                    taken().stream()
                            .filter(t -> !t.by().startsWith("network " + network.name() + " "))
                            .toList());
            if (obstacle.isPresent()) {
                throw new NetworkException("network " + network.name() + ": its subnet " + network.subnet()
                        + " now overlaps " + obstacle.get().by());
            }
            bringUp(network);
            return;
        }
        links.ensureBridge(network);
        var prepared = forwarding.prepare();
        var loaded = firewall.loaded();
        var keys = files.published().stream().map(Firewall::key).toList();
        if (prepared
                || loaded.isEmpty()
                || !loaded.get().bridges().contains(network.bridge())
                || !loaded.get().published().containsAll(keys)) {
            loadRules();
        }
        foreign.open();
        forwarding.enable();
        names.put(new DnsZone(
                network.name(), network.gateway().toString(), network.spec().internal(), entries(network)));
        names.refresh();
    }

    private void takeDown(NetworkRecord network) throws IOException {
        var others = files.networks().stream()
                .filter(n -> !n.id().equals(network.id()))
                .toList();
        names.remove(network.name());
        names.refresh();
        if (others.isEmpty()) {
            firewall.unload();
            foreign.close();
        } else {
            firewall.load(names.port(), others, files.published(), forwarding.guarded());
        }
        links.delete(network.bridge());
        files.delete(network);
    }

    private void loadRules() throws IOException {
        firewall.load(names.port(), files.networks(), files.published(), forwarding.guarded());
    }

    private Attached update(AttachRequest request, boolean undo) throws IOException {
        var container = request.container();
        var before = files.attachment(container);
        try {
            var networks = new ArrayList<NetworkRecord>();
            var attachment = locked(() -> settle(request, before, networks));
            for (var old : before.map(AttachmentRecord::endpoints).orElse(List.of())) {
                if (attachment.endpoints().stream().noneMatch(e -> sameLink(e, old))) {
                    links.delete(old.hostLink());
                }
            }
            links.ensureNamespace(namespace(container));
            links.connect(container, namespace(container), attachment.endpoints(), networks);
            return attached(attachment);
        } catch (IOException | RuntimeException e) {
            if (undo && before.isEmpty()) {
                try {
                    detach(container);
                } catch (IOException | RuntimeException also) {
                    e.addSuppressed(also);
                }
            }
            throw e;
        }
    }

    private static boolean sameLink(Endpoint a, Endpoint b) {
        return a.hostLink().equals(b.hostLink()) && a.address().equals(b.address());
    }

    /** Chooses addresses and interface names, writes them down, and makes names and published ports follow. */
    private AttachmentRecord settle(
            AttachRequest request, Optional<AttachmentRecord> before, List<NetworkRecord> networks) throws IOException {
        var container = request.container();
        var wanted = request.networks().stream()
                .sorted(Comparator.comparingInt(AttachmentSpec::priority)
                        .reversed()
                        .thenComparing(AttachmentSpec::network))
                .toList();
        var all = files.networks();
        var old = before.map(AttachmentRecord::endpoints).orElse(List.of());
        var usedNames = new HashSet<String>();
        old.stream()
                .filter(e -> wanted.stream().anyMatch(w -> w.network().equals(e.network())))
                .forEach(e -> usedNames.add(e.interfaceName()));
        var endpoints = new ArrayList<Endpoint>();
        for (var spec : wanted) {
            var network = all.stream()
                    .filter(n -> n.name().equals(spec.network()))
                    .findFirst()
                    .orElseThrow(() -> new NetworkException(
                            "container " + container + " wants network " + spec.network() + ", which does not exist"));
            if (!links.hasBridge(network)) {
                ensureUp(network);
            }
            var given =
                    Leases.give(network, request.key(), container, spec.ipv4().map(Ipv4::parse), files::isAttached);
            if (!given.network().equals(network)) {
                files.write(given.network());
            }
            networks.add(given.network());
            var interfaceName = old.stream()
                    .filter(e -> e.network().equals(spec.network()))
                    .map(Endpoint::interfaceName)
                    .findFirst()
                    .orElseGet(() -> freeName(usedNames));
            endpoints.add(new Endpoint(
                    network.name(),
                    spec.aliases(),
                    given.address(),
                    network.subnet(),
                    network.gateway(),
                    network.spec().internal(),
                    Links.mac(given.address()),
                    interfaceName,
                    Links.hostName(root.id(), container, network.id()),
                    spec.priority()));
        }
        // Stable: among themselves both kinds stay in order. An internal network has no way out.
        endpoints.sort(Comparator.comparing(Endpoint::internal));
        var answered = before.map(AttachmentRecord::answered).orElse(true);
        var attachment = new AttachmentRecord(request, answered, endpoints);
        files.write(attachment);
        for (var gone : old) {
            if (endpoints.stream().noneMatch(e -> e.network().equals(gone.network()))) {
                names.remove(gone.network(), container);
            }
        }
        writeNames(attachment);
        if (!endpoints.isEmpty() || !old.isEmpty()) {
            names.refresh();
        }
        repoint(attachment);
        return attachment;
    }

    private static String freeName(Set<String> used) {
        for (var i = 0; ; i++) {
            if (used.add("eth" + i)) {
                return "eth" + i;
            }
        }
    }

    /** Published ports follow the container's main address. */
    private void repoint(AttachmentRecord attachment) throws IOException {
        var container = attachment.request().container();
        var before = files.published();
        if (of(container, before).isEmpty()) {
            return;
        }
        var address = publishedAddress(attachment);
        var after = address.isEmpty()
                ? without(container, before)
                : before.stream()
                        .map(p -> p.container().equals(container)
                                ? new Publication(container, address.get(), p.port())
                                : p)
                        .toList();
        change(before, after);
    }

    private static Optional<Ipv4> publishedAddress(AttachmentRecord attachment) {
        return attachment.endpoints().stream().findFirst().map(Endpoint::address);
    }

    private void writeNames(AttachmentRecord attachment) throws IOException {
        for (var endpoint : attachment.endpoints()) {
            if (attachment.answered()) {
                names.put(endpoint.network(), entry(attachment, endpoint));
            } else {
                names.remove(endpoint.network(), attachment.request().container());
            }
        }
    }

    private List<DnsEntry> entries(NetworkRecord network) throws IOException {
        var entries = new ArrayList<DnsEntry>();
        for (var attachment : files.attachments()) {
            for (var endpoint : attachment.endpoints()) {
                if (attachment.answered() && endpoint.network().equals(network.name())) {
                    entries.add(entry(attachment, endpoint));
                }
            }
        }
        return entries;
    }

    /** Every name is also known with the network behind it, as Docker does. */
    private static DnsEntry entry(AttachmentRecord attachment, Endpoint endpoint) {
        var own = new LinkedHashSet<>(attachment.request().dnsNames());
        own.addAll(endpoint.aliases());
        var all = new LinkedHashSet<>(own);
        own.forEach(name -> all.add(name + "." + endpoint.network()));
        return new DnsEntry(
                attachment.request().container(),
                endpoint.address().toString(),
                List.copyOf(all),
                attachment.request().dnsServers());
    }

    private void withdraw(String container) throws IOException {
        var before = files.published();
        change(before, without(container, before));
    }

    /** From one set of published ports to another: the file, the rules, then the connections that must not go on. */
    private void change(List<Publication> before, List<Publication> after) throws IOException {
        var gone = before.stream().filter(p -> !after.contains(p)).toList();
        var added = after.stream().filter(p -> !before.contains(p)).toList();
        if (gone.isEmpty() && added.isEmpty()) {
            return;
        }
        files.writePublished(after);
        try {
            firewall.change(gone, added);
        } catch (NftablesException e) {
            // Somebody changed the table: make it what the records say.
            log.warn("rules differ from the records, loading them anew cause={}", e.getMessage());
            try {
                loadRules();
            } catch (IOException | RuntimeException again) {
                files.writePublished(before);
                throw again;
            }
        }
        forget(gone, added);
    }

    /**
     * Connections keep the translation they began with. Those through a port that was taken back are cut; UDP that came
     * before the port was published, or went to the old container, begins anew.
     */
    private void forget(List<Publication> gone, List<Publication> added) throws IOException {
        var udp = added.stream()
                .filter(p -> p.port().protocol() == PublishedPort.TransportProtocol.UDP)
                .toList();
        if (gone.isEmpty() && udp.isEmpty()) {
            return;
        }
        var here = new HashSet<Ipv4>();
        if (!udp.isEmpty()) {
            for (var address : kernel.rtnetlink().addresses()) {
                here.add(ipv4(address.address()));
            }
        }
        kernel.conntrack()
                .delete(flow -> gone.stream().anyMatch(p -> leadsThrough(flow, p))
                        || udp.stream().anyMatch(p -> wentElsewhere(flow, p, here)));
    }

    private static boolean leadsThrough(Conntrack.Flow flow, Publication publication) {
        return flow.port() == publication.hostPort()
                && flow.protocol() == protocol(publication)
                && ipv4(flow.answers()).equals(publication.address());
    }

    private static boolean wentElsewhere(Conntrack.Flow flow, Publication publication, Set<Ipv4> here) {
        return flow.port() == publication.hostPort()
                && flow.protocol() == UDP
                && !ipv4(flow.answers()).equals(publication.address())
                && here.contains(ipv4(flow.destination()));
    }

    private static int protocol(Publication publication) {
        return switch (publication.port().protocol()) {
            case TCP -> TCP;
            case UDP -> UDP;
        };
    }

    private int removeStrays() throws IOException {
        var networks = files.networks();
        var attachments = files.attachments();
        var wanted = new HashSet<String>();
        networks.forEach(n -> wanted.add(n.bridge()));
        attachments.forEach(a -> a.endpoints().forEach(e -> wanted.add(e.hostLink())));
        var removed = 0;
        for (var link : links.ours()) {
            if (!wanted.contains(link.name()) && links.delete(link.name())) {
                removed++;
            }
        }
        var before = files.published();
        var after = before.stream().filter(p -> files.isAttached(p.container())).toList();
        change(before, after);
        removed += before.size() - after.size();
        if (networks.isEmpty() && firewall.loaded().isPresent()) {
            firewall.unload();
            foreign.close();
            removed++;
        }
        var renamed = false;
        for (var network : networks) {
            var zone = names.zone(network.name());
            var entries = entries(network);
            if (zone.isPresent() && zone.get().entries().size() > entries.size()) {
                removed += zone.get().entries().size() - entries.size();
                names.put(new DnsZone(
                        network.name(), zone.get().gateway(), network.spec().internal(), entries));
                renamed = true;
            }
        }
        if (renamed) {
            names.refresh();
        }
        return removed;
    }

    private NetworkRecord existing(String name) throws IOException {
        return files.network(name).orElseThrow(() -> new NetworkException("there is no network " + name));
    }

    private Attached attached(AttachmentRecord attachment) {
        var container = attachment.request().container();
        return new Attached(container, namespace(container), attachment.endpoints());
    }

    private static List<Publication> of(String container, List<Publication> published) {
        return published.stream().filter(p -> p.container().equals(container)).toList();
    }

    private static List<Publication> without(String container, List<Publication> published) {
        return published.stream().filter(p -> !p.container().equals(container)).toList();
    }

    private static List<Publication> concat(List<Publication> a, List<Publication> b) {
        var all = new ArrayList<>(a);
        all.addAll(b);
        return List.copyOf(all);
    }

    private static Ipv4 ipv4(Inet4Address address) {
        return Ipv4.of(address.getAddress());
    }

    private <T> T locked(NetworkNamespaces.Action<T> action) throws IOException {
        return namespaces.home(() -> {
            try (var lock = Flock.exclusive(root.lock("network"))) {
                log.trace("holds lock={}", lock);
                return action.run();
            }
        });
    }
}
