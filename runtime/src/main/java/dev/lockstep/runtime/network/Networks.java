package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.NetworkEvents;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

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
    /** Where nothing may be locked: a container that comes takes a few milliseconds, as long as a look. */
    private static final int LOOKS = 4;

    private final Root root;
    private final NetworkLock lock;
    private final boolean mayLock;
    private final NetworkNamespaces namespaces;
    private final NetworkFiles files;
    private final Kernel kernel;
    private final ForeignFirewalls foreign;
    private final Forwarding forwarding;
    private final AddressSpace addresses;
    private final Bridges bridges;
    private final NameServer server;
    private final ContainerNames names;
    private final PublishedPorts ports;
    private final Attachments containers;
    private final NetworkObservation observation;
    private final Mending mending;
    private final NetworkDefinitions definitions;
    private final NetworkReplacement replacement;
    private final SlotAddresses slotAddresses;
    private final AnsweredNames answeredNames;
    private final Publishing publishing;
    private final Leftovers leftovers;

    /**
     * @param namespaces whose home the bridges and rules are in; not closed here
     * @param names the name server of the same root, in the same home; closed with this
     */
    public Networks(Root root, NetworkSettings settings, NetworkNamespaces namespaces, NameServer names, Clock clock)
            throws IOException {
        this.root = root;
        this.namespaces = namespaces;
        this.lock = new NetworkLock(root, namespaces);
        this.mayLock = root.access() == Root.Access.WRITE;
        var records = new NetworkFiles(root);
        this.files = records;
        this.kernel = new Kernel(namespaces);
        var links = new Links(root.id(), kernel, namespaces);
        this.foreign = new ForeignFirewalls(root.id(), files, kernel, root.json(), settings);
        this.forwarding = new Forwarding(files, kernel, namespaces);
        this.addresses = new AddressSpace(root.id(), files, kernel, settings);
        this.server = names;
        NameServer.Reach reach = network -> {
            var record = records.network(network);
            return record.isPresent() && links.hasBridge(record.get());
        };
        this.names =
                new ContainerNames(files, names, reach, namespaces, settings.hostResolvConf(), this::followNameServer);
        var firewall = new Firewall(root.shortId(), root.id(), kernel, root.json());
        var flows = new Flows(kernel);
        this.bridges = new Bridges(
                root, settings, clock, files, addresses, links, firewall, flows, foreign, forwarding, this.names);
        var choice = new Ports(namespaces, firewall, new SecureRandom());
        this.ports = new PublishedPorts(files, firewall, flows, choice, bridges);
        this.containers = new Attachments(
                root,
                lock,
                namespaces,
                files,
                links,
                bridges,
                this.names,
                ports,
                new Sources(files, firewall, bridges));
        this.observation = new NetworkObservation(
                files, kernel, links, firewall, foreign, forwarding, this.names, containers, addresses, namespaces);
        this.mending = new Mending(lock, files, observation, bridges, links, this.names);
        this.definitions = new NetworkDefinitions(lock, files, addresses, bridges);
        this.slotAddresses = new SlotAddresses(lock, files);
        this.answeredNames = new AnsweredNames(lock, files, server, this.names);
        this.publishing = new Publishing(lock, files, ports);
        this.replacement =
                new NetworkReplacement(lock, files, bridges, ports, definitions, slotAddresses, containers, publishing);
        this.leftovers = new Leftovers(lock, namespaces, files, bridges, this.names, ports, containers, slotAddresses);
    }

    // ---- networks

    /**
     * Makes the network and everything it needs: bridge, rules, forwarding, names.
     *
     * @throws NetworkException when the name or the subnet is taken; the message says by what. Nothing remains.
     */
    public NetworkRecord create(NetworkSpec spec) throws IOException {
        return definitions.create(spec);
    }

    /**
     * Removes the network; no error when there is none.
     *
     * @throws NetworkException while containers are attached
     */
    public void remove(String name) throws IOException {
        definitions.remove(name);
    }

    /** All networks, sorted by name. */
    public List<NetworkRecord> list() throws IOException {
        return files.networks();
    }

    /** Networks whose records cannot be used: each holds up nobody but who needs it. */
    public List<DamagedNetwork> damaged() throws IOException {
        return files.damaged();
    }

    /** A sentence for each container of which nobody can tell what it has of networks: it holds up nobody else. */
    public List<String> unusableAttachments() throws IOException {
        return files.unusable().entrySet().stream()
                .map(e -> ("what container " + e.getKey() + " has of networks is not known until it is restarted: "
                                + e.getValue())
                        .replaceAll("\\p{Cntrl}", " "))
                .toList();
    }

    public Optional<NetworkRecord> find(String name) throws IOException {
        return files.network(name);
    }

    /**
     * Changes what nothing but the record knows of a network: labels and owner. Definitions change by {@link #replace}.
     */
    public void updateRecord(NetworkSpec spec) throws IOException {
        definitions.updateRecord(spec);
    }

    /**
     * Why the network cannot be had on this host, as a sentence: what its subnet overlaps, what the kernel lacks. One
     * of that name that is there already is not in its way.
     */
    public Optional<String> conflictOf(NetworkSpec spec) throws IOException {
        return definitions.conflictOf(spec);
    }

    /**
     * Gives a network another definition. Its running containers are taken off it and stay off: the caller puts them
     * back, with their ports and what their files say of addresses. They keep their processes, and lose their addresses
     * there and what is established through them.
     *
     * @return ids of the containers that were on it
     * @throws NetworkException when the host cannot have such a network; then nothing has changed
     * @throws IOException when it fails on the way; then the network is made again as it was, and the containers are
     *     put back, as far as that can be done
     */
    public List<String> replace(NetworkSpec spec) throws IOException {
        return replacement.replace(spec);
    }

    /**
     * Puts back what is missing of the network: bridge, address, parameters, rules with all published ports, name
     * server. For a network that is whole nothing changes.
     */
    public void ensure(String name) throws IOException {
        definitions.ensure(name);
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
        return containers.attach(request);
    }

    /**
     * Brings a running container from the networks it has to those of the request: connects, disconnects, renames;
     * published ports follow its main address. Ends that are in both keep address, MAC and connections.
     */
    public Attached updateAttachments(AttachRequest request) throws IOException {
        return containers.update(request);
    }

    /**
     * The same for a container that was started without networks, and so in a namespace that its OCI runtime made, or
     * whose namespace is not pinned any more.
     *
     * @param process any process in that namespace
     */
    public Attached updateAttachments(AttachRequest request, ProcessIdentity process) throws IOException {
        return containers.update(request, process);
    }

    /** Whether there is something that {@link #detach} would take away. Looks at files and nothing else. */
    public static boolean mayBeAttached(Root root, String container) {
        return Files.exists(NetworkFiles.namespace(root, container));
    }

    /** What {@link #attach} made for the container. */
    public Optional<Attached> attached(String container) throws IOException {
        return files.attachment(container).map(containers::attached);
    }

    /**
     * Takes published ports, names, links and the namespace's pin away, and cuts connections. Leases stay. Idempotent.
     */
    public void detach(String container) throws IOException {
        containers.detach(container);
    }

    /**
     * Gives the addresses of a slot free, on all networks. Not durable before {@link #settle}, which every command does
     * when it ends and the agent once a minute: where a power failure comes first the slot has them again, as where it
     * comes before this call. It keeps them then, until a container is made in that slot or one asks for them as its
     * fixed addresses, or its network is removed.
     */
    public void release(LeaseKey key) throws IOException {
        slotAddresses.release(key);
    }

    /** The same on one network, but not for those of who is on it. */
    public void release(String name, LeaseKey key) throws IOException {
        slotAddresses.release(name, key);
    }

    /**
     * Whether a container could be on the network so. Touches nothing.
     *
     * @throws NetworkException when there is no such network, or the address cannot be had
     */
    public void check(LeaseKey key, AttachmentSpec attachment) throws IOException {
        slotAddresses.check(key, attachment);
    }

    /**
     * Keeps addresses for those who will ask for them, before others are given any. One that cannot be had is left out:
     * whoever asks for it is told why. No error when there is no such network.
     *
     * @param slots whose each address is to be
     */
    public void reserve(String name, Map<IpAddress, LeaseKey> slots) throws IOException {
        slotAddresses.reserve(name, slots);
    }

    /**
     * Whether the container's names are answered: they are not while it is stopped, or unhealthy beside healthy ones.
     */
    public void answer(String container, boolean answered) throws IOException {
        answeredNames.answer(container, answered);
    }

    /**
     * The processes that answer for names and run, the root's first, and those of single containers: to wait for an
     * end. The caller closes them.
     */
    public List<Pidfd> nameServers() throws IOException {
        return answeredNames.nameServers();
    }

    /** A directory in which something changes whenever the process that answers for names is started or needed. */
    public Path nameServerDirectory() {
        return server.zonesDirectory();
    }

    /**
     * Starts processes that answer for names where they have ended and networks need them.
     *
     * @return whether that was so
     */
    public boolean mendNames() throws IOException {
        return answeredNames.mendNames();
    }

    /** What this host's own resolver reads; another text once the host asks others for names. */
    public String hostResolver() throws IOException {
        return names.hostResolver();
    }

    /**
     * Makes the processes that answer for names ask whom the host asks by now: they read that when they are started and
     * when they are told of a change. Starts those that have ended, as {@link #mendNames} does.
     *
     * @return whether any had ended
     */
    public boolean followHostResolver() throws IOException {
        return answeredNames.followHostResolver();
    }

    /** Listens from now on for what may take something from the networks. Belongs to the caller, who closes it. */
    public NetworkWatch watch() throws IOException {
        return new NetworkWatch(
                namespaces.home(NetworkEvents::open),
                files,
                kernel,
                Firewall.table(root.shortId()),
                Links.prefixes(root.id()));
    }

    /**
     * Puts back what is missing of all networks that containers are on: bridges with their ports, addresses, rules with
     * all published ports, exceptions in other firewalls, names. What is missing inside of containers stays: theirs are
     * the locks of those who change them.
     *
     * @return a sentence for each thing that was missing and is there again
     */
    public List<String> mend() throws IOException {
        return mending.mend();
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
        return publishing.publish(container, wanted);
    }

    /** The container's ports that are published. */
    public List<PublishedPort> published(String container) throws IOException {
        return ports.of(container);
    }

    /** Takes the container's published ports back and cuts connections through them. */
    public void unpublish(String container) throws IOException {
        publishing.unpublish(container);
    }

    /** Makes all published ports of one container lead to another, in one step without a gap. */
    public void movePorts(String from, String to) throws IOException {
        publishing.movePorts(from, to);
    }

    /**
     * Who has the port now. Touches nothing.
     *
     * @param families that a container would have that publishes it
     * @param except id of a container that is not in the way, or empty text
     * @throws NetworkException when the host does not have the address
     */
    public Optional<PortHolder> holderOf(PublishedPort port, Set<AddressFamily> families, String except)
            throws IOException {
        return ports.holder(port, families, except);
    }

    // ---- the whole

    /** What the kernel says of one container, if it is attached. */
    public Optional<ObservedAttachment> observe(String container) throws IOException {
        return observation.of(container);
    }

    /**
     * What the kernel says. Containers come and go meanwhile, and their records a moment before their rules: what seems
     * to be missing is looked at again under the lock.
     */
    public ObservedNetworks observe() throws IOException {
        var seen = observation.all();
        for (var looks = 1; !isWhole(seen) && looks < LOOKS; looks++) {
            if (mayLock) {
                return lock.holding(observation::all);
            }
            seen = observation.all();
        }
        return seen;
    }

    private static boolean isWhole(ObservedNetworks seen) {
        return seen.networks().stream().allMatch(ObservedNetwork::intact);
    }

    /**
     * A sentence for each published port on which a process of this host listens as well: it was there first and was
     * not seen, or came later, which nobody keeps it from. What comes to the port goes to the container.
     */
    public List<String> listeners() throws IOException {
        return ports.listeners();
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
        return leftovers.cleanUp(isLive);
    }

    /** What networks have changed, or want changed, on the host outside of what is ours. */
    public HostChanges hostChanges() throws IOException {
        var changed = forwarding.changes();
        if (files.networks().isEmpty() && changed.isEmpty()) {
            return new HostChanges(List.of(), List.of(), List.of(), List.of());
        }
        var report = foreign.report(names.port());
        var made = new ArrayList<>(report.made());
        made.addAll(changed);
        return new HostChanges(made, report.wanted(), addresses.overlaps(files.networks()), ports.listeners());
    }

    /**
     * Makes leases durable that were given out meanwhile; nothing where there are none. Where the disk has no room they
     * stay as they are: they count all the same, and the next call tries again.
     */
    public void settle() throws IOException {
        slotAddresses.settle();
    }

    /** Closes the sockets; networks and containers live on. */
    @Override
    public void close() throws IOException {
        try {
            if (root.access() == Root.Access.WRITE) {
                settle();
            }
        } finally {
            server.close();
            kernel.close();
        }
    }

    private void followNameServer() throws IOException {
        bridges.followNameServer();
    }
}
