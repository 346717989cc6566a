package dev.lockstep.runtime;

import dev.lockstep.runtime.attest.Attestations;
import dev.lockstep.runtime.build.BuildRehearsal;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.CacheFrom;
import dev.lockstep.runtime.build.CacheSource;
import dev.lockstep.runtime.build.LayerForm;
import dev.lockstep.runtime.build.Packing;
import dev.lockstep.runtime.container.CleanUp;
import dev.lockstep.runtime.container.ContainerRooms;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.Contents;
import dev.lockstep.runtime.container.FailPoint;
import dev.lockstep.runtime.container.IdRanges;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.OnExitScript;
import dev.lockstep.runtime.container.StandStill;
import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.log.Journal;
import dev.lockstep.runtime.network.NetworkSettings;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.CdiRegistry;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.prune.Housekeeping;
import dev.lockstep.runtime.prune.ImageUse;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneRecords;
import dev.lockstep.runtime.prune.PruneReport;
import dev.lockstep.runtime.registry.OutsideAddresses;
import dev.lockstep.runtime.registry.OutsideGate;
import dev.lockstep.runtime.registry.Proxies;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.trust.KnownImages;
import dev.lockstep.runtime.volume.VolumeSnapshots;
import dev.lockstep.runtime.volume.Volumes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One root of containers, images, networks and volumes on this host. Rooms are opened when they are first asked for: a
 * command that lists containers loads no netlink, no nftables and no HTTP client. Any thread may ask.
 */
public final class Engine implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Engine.class);

    /** What no build has used for so long is not kept for builds to come. */
    private static final Duration CACHE = Duration.ofDays(7);

    private static final Duration CACHE_ON_FULL_DISK = Duration.ofHours(1);

    /**
     * Directories of the state in which files are replaced, and that nobody else looks through for what a kill left.
     */
    private static final List<String> ROOMS =
            List.of("", "images", "images/roots", "images/blobs/sha256", "snapshot-sizes", "stand-still");

    private final Root root;
    private final EngineOptions options;
    private final HostTools tools = HostTools.ofThisProcess();
    private final Clock clock = Clock.systemUTC();
    private final Volumes volumes;
    private final Contents contents;
    private final Once<ImageStore> images;
    private final Once<Snapshots> snapshots;
    private final Once<ImageTransfers> transfers;
    private final Once<KnownImages> known;
    private final Once<NetworkNamespaces> namespaces;
    private final Once<Networks> networks;
    private final Once<OciRuntime> runtime;
    private final Once<SeccompProfile> seccomp;
    private final Once<Containers> containers;

    private Engine(Root root, EngineOptions options) {
        this.root = root;
        this.options = options;
        this.volumes = new Volumes(root, clock);
        this.contents = new Contents(root);
        this.images = new Once<>(() -> new ImageStore(root, Platform.current(), clock));
        this.snapshots = new Once<>(() -> new Snapshots(root, images.get().blobs(), options.unpackLimits(), clock));
        this.transfers = new Once<>(() -> transfers(options.registries()));
        this.known = new Once<>(() -> new KnownImages(root, images.get(), clock));
        this.namespaces = new Once<>(NetworkNamespaces::ofThisProcess);
        this.networks = new Once<>(this::openNetworks);
        this.runtime = new Once<>(() -> new RuntimeChoice(root, tools).choose());
        this.seccomp = new Once<>(() -> SeccompProfile.read(SeccompProfile.DISTRIBUTION, root.json()));
        this.containers = new Once<>(() -> new Containers(new ContainerRooms(
                root,
                new StoredImages(images, snapshots),
                volumes,
                contents,
                new IdRanges(root, options.users().range()),
                networks,
                new Once<>(() -> tool(HostTools.Tool.CONMON)),
                runtime,
                new RuntimeChoice(root, tools),
                new Once<>(() -> tool(HostTools.Tool.INIT)),
                new CdiRegistry(root.json()),
                new Journal(Journal.SOCKET, this::journalctl),
                seccomp,
                clock,
                FailPoint.NONE)));
    }

    /**
     * Opens the root, and makes it when it is new. Writes the script that restarts containers when no agent runs.
     *
     * @throws IOException also when the root belongs to a newer Lockstep
     */
    public static Engine open(EngineOptions options) throws IOException {
        var root = Root.open(options.root(), options.runRoot());
        new OnExitScript(root).install(options.launcher());
        var engine = new Engine(root, options);
        try {
            engine.endStandStills().forEach(log::warn);
        } catch (IOException e) {
            // No reason to refuse what was asked for: the next one that opens it, or an agent, tries again.
            log.warn("containers that stood still for a process that was killed do not go on: {}", e.toString());
        }
        return engine;
    }

    /**
     * Lets containers go on that stand still for a process that was killed; returns a sentence for each such process,
     * and for what cannot go on. {@link #open} has done that; an agent does it again and again.
     */
    public List<String> endStandStills() throws IOException {
        return StandStill.isPending(root) ? StandStill.recover(root, containers()) : List.of();
    }

    /**
     * Opens the root to look at it: makes, writes and locks nothing, neither now nor later. Where there is no root yet,
     * nothing is observed. What would change something is an IllegalStateException.
     */
    public static Engine openForReading(EngineOptions options) throws IOException {
        return new Engine(Root.openForReading(options.root(), options.runRoot()), options);
    }

    private Networks openNetworks() throws IOException {
        var defaults = NetworkSettings.defaults();
        var settings = options.leaveForeignFirewall()
                ? new NetworkSettings(
                        defaults.pool(),
                        defaults.prefix(),
                        NetworkSettings.ForeignFirewall.LEAVE,
                        defaults.machineLock(),
                        defaults.systemBus(),
                        defaults.machineId(),
                        defaults.hostResolvConf())
                : defaults;
        var program = new Once<>(() -> tool(HostTools.Tool.DNS));
        if (root.access() == Root.Access.WRITE) {
            program.get(); // before a network is half made
        }
        var names = new NameServer(root, program::get, namespaces.get(), this::supervise);
        return new Networks(root, settings, namespaces.get(), names, clock);
    }

    private void supervise(long pid) {
        try {
            containers.get().supervise(Math.toIntExact(pid));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path journalctl() throws IOException {
        return tools.find("journalctl")
                .orElseThrow(() -> new IOException("journalctl is missing; the journal is read with it."));
    }

    private Path tool(HostTools.Tool tool) throws IOException {
        return tools.find(tool).stream().findFirst().orElseThrow(() -> new IOException(tool.remedy()));
    }

    /** Where this engine keeps things. */
    public Root root() {
        return root;
    }

    /** Name of this host, as its owner configured it. */
    public String host() {
        return options.host();
    }

    /** What the host's owner says of users of containers. */
    public UserNamespaceOptions users() {
        return options.users();
    }

    /** Programs of the host. */
    public HostTools tools() {
        return tools;
    }

    /**
     * What containers are started with; found by trying, once a boot.
     *
     * @throws IOException when nothing starts a container
     */
    public OciRuntime runtime() throws IOException {
        return runtime.get();
    }

    /** Images in the local store. */
    public ImageStore images() throws IOException {
        return images.get();
    }

    /** Registries. */
    public RegistryClient registry() throws IOException {
        return transfers.get().registry();
    }

    private ImageTransfers transfers(RegistrySettings settings) throws IOException {
        return new ImageTransfers(
                images(), snapshots(), knownImages(), new RegistryClient(images(), settings), this::withRoom);
    }

    /**
     * For what somebody else chose: only through a gate, which stays the caller's. Asks nobody yet.
     *
     * @return to be closed
     */
    public ImageTransfers transfers(OutsideGate gate) throws IOException {
        return transfers(options.registries().through(gate));
    }

    /** What stands between this host and what it asks by HTTP. */
    public Proxies proxies() {
        return options.registries().proxies();
    }

    /** What may be reached for somebody else: the outside, and the registries that the host's owner has named. */
    public OutsideAddresses outside(Collection<String> more) {
        var named = new ArrayList<>(more);
        options.registries().hosts().rules().forEach((host, rule) -> {
            named.add(host);
            rule.mirrors().forEach(mirror -> named.add(mirror.host()));
        });
        return OutsideAddresses.and(named);
    }

    /** Unpacked layers. */
    public Snapshots snapshots() throws IOException {
        return snapshots.get();
    }

    /**
     * Pulls an image as {@link RegistryClient#pull} does, and unpacks its layers while they arrive; what has come is
     * not removed by others before it has its name. Where the disk is too full, images that nobody needs go first, by
     * the rules of {@link EngineOptions#keep}.
     */
    public Image pull(ImageReference reference, Progress progress) throws IOException {
        return transfers.get().pull(reference, progress);
    }

    /** Unpacks an image as {@link Snapshots#unpack} does, with room made for it as for a pull. */
    public List<Path> unpack(Image image, Progress progress) throws IOException {
        try (var _ = images().lease("unpacking of " + image.digest().abbreviated(), Set.of(image.digest()))) {
            return withRoom(() -> snapshots().unpack(image, progress));
        }
    }

    private <T> T withRoom(ImageTransfers.Work<T> work) throws IOException {
        if (housekeeping().isFull(options.keep())) {
            prune(PruneRecord.Trigger.DISK);
        }
        try {
            return work.run();
        } catch (IOException e) {
            if (!NoSpace.isWhy(e) || !makeRoom(e)) {
                throw e;
            }
            return work.run(); // What has come so far is kept, and it goes on from there.
        }
    }

    private boolean makeRoom(IOException full) {
        try {
            return housekeeping()
                            .prune(options.keep().whateverTheDisk(), PruneRecord.Trigger.DISK)
                            .bytes()
                    > 0;
        } catch (IOException e) {
            full.addSuppressed(e);
            return false;
        }
    }

    /**
     * Pulls the image that the reference stood for when somebody looked, whatever it stands for now, and gives it the
     * reference's name.
     *
     * @param exactly the digest that the registry gave for the reference
     */
    public Image pull(ImageReference reference, Digest exactly, Progress progress) throws IOException {
        return transfers.get().pull(reference, exactly, progress);
    }

    /** What is known of images beside the images themselves. */
    public KnownImages knownImages() throws IOException {
        return known.get();
    }

    /** Pushes an image as {@link RegistryClient#push} does; none of it is removed by others meanwhile. */
    public RegistryClient.Pushed push(ImageReference reference, Progress progress) throws IOException {
        return transfers.get().push(reference, progress);
    }

    /** Gives an image the form in which it goes somewhere, as {@link Packing#pack} does; it has no name yet. */
    public Image pack(Image image, LayerForm form) throws IOException {
        try (var _ = images().lease("packing of " + image.digest().abbreviated())) {
            var packed = builder().packing().pack(image, form);
            images().addUnnamed(images().describe(packed.digest()));
            return packed;
        }
    }

    /** Removal of images that nobody needs; it knows this engine's containers. */
    public Housekeeping housekeeping() throws IOException {
        return new Housekeeping(images(), snapshots(), this::imageUses, clock, new PruneRecords(root));
    }

    /** Removes images that nobody needs, by the rules of {@link EngineOptions#keep}. */
    public PruneReport prune(PruneRecord.Trigger trigger) throws IOException {
        builder().forget(trigger == PruneRecord.Trigger.DISK ? CACHE_ON_FULL_DISK : CACHE);
        return housekeeping().prune(options.keep(), trigger);
    }

    private List<ImageUse> imageUses() throws IOException {
        var uses = new ArrayList<ImageUse>();
        for (var damaged : containers().damaged()) {
            throw new IOException("Nobody knows which images are needed: " + damaged.sentence() + ".");
        }
        for (var container : containers().observe()) {
            var who = "container " + container.name();
            var running = container.isRunning();
            container.record().spec().images().forEach(image -> uses.add(new ImageUse(who, image, running)));
            container
                    .record()
                    .effective()
                    .ifPresent(effective -> uses.add(new ImageUse(who, effective.image(), running)));
        }
        return uses;
    }

    /** Bridges, addresses, published ports and names. */
    public Networks networks() throws IOException {
        return networks.get();
    }

    /** What happened to containers, and what happens. */
    public EventLog events() {
        return new EventLog(root);
    }

    /** Volumes. */
    public Volumes volumes() {
        return volumes;
    }

    /** Copies of volumes. */
    public VolumeSnapshots volumeSnapshots() {
        return new VolumeSnapshots(root, volumes, clock);
    }

    /** Who uses volumes and networks, and their removal. */
    public Uses uses() throws IOException {
        return new Uses(containers(), volumes, networks);
    }

    /** Brings containers to a stand still until that is closed, or this process is killed. */
    public StandStill standStill(StandStill.Manner manner, List<String> ids, Optional<Duration> grace)
            throws IOException {
        return StandStill.begin(root, containers(), manner, ids, grace);
    }

    /** Secrets and configs of containers. */
    public Contents contents() {
        return contents;
    }

    /** Containers. */
    public Containers containers() throws IOException {
        return containers.get();
    }

    /** What really is; changes nothing. */
    public Observed observe() throws IOException {
        return new Observed(containers().observeWithLimits(), networks().observe(), volumes.list());
    }

    /**
     * Builds images.
     *
     * @param pull gets base images that are not here, as far as whoever asks may have them
     * @param repositories gets what {@code ADD} names of Git repositories
     * @param web gets what it names of the web
     */
    public Builder builder(BuildRooms.Pull pull, BuildRooms.Repositories repositories, BuildRooms.Web web)
            throws IOException {
        return new Builder(buildRooms(pull, repositories, web));
    }

    /** The same with whatever of the web this host reaches. */
    public Builder builder(BuildRooms.Pull pull, BuildRooms.Repositories repositories) throws IOException {
        return builder(pull, repositories, WebFile::fetch);
    }

    private BuildRooms buildRooms(BuildRooms.Pull pull, BuildRooms.Repositories repositories, BuildRooms.Web web)
            throws IOException {
        return new BuildRooms(
                root,
                new BuildRooms.RunRoot() {
                    @Override
                    public Flock enter() throws IOException {
                        return containers().enter();
                    }

                    @Override
                    public void leave() throws IOException {
                        containers().leave();
                    }
                },
                images(),
                snapshots(),
                networks,
                () -> runtime.get().withState(root.run().resolve("build-runtime")),
                seccomp,
                pull,
                repositories,
                web,
                new BuildRooms.Caches() {
                    // Registries are asked late: most builds have no other cache.
                    @Override
                    public CacheSource open(CacheFrom from) throws IOException {
                        return caches().open(from);
                    }

                    @Override
                    public void write(ImageReference reference, Descriptor manifest, List<Descriptor> content)
                            throws IOException {
                        caches().write(reference, manifest, content);
                    }
                },
                snapshots()::unpack,
                host(),
                "",
                Optional.empty(),
                clock);
    }

    /** Says something of images that were built. */
    public Attestations attestations() throws IOException {
        return new Attestations(images(), snapshots(), host(), clock);
    }

    private BuildRooms.Caches caches() throws IOException {
        return transfers.get().caches();
    }

    /** The same with base images from wherever their names say, and without Git. */
    public Builder builder() throws IOException {
        return builder(this::pull, BuildRooms.Repositories.NONE);
    }

    /** Does as if images were built. */
    public BuildRehearsal buildRehearsal() throws IOException {
        return new BuildRehearsal(buildRooms(this::pull, BuildRooms.Repositories.NONE, WebFile::fetch));
    }

    /**
     * Undoes or completes what killed processes left half done: containers, then the networks of those that are gone,
     * then layers. What runs keeps running.
     */
    public CleanUp cleanUp() throws IOException {
        var actions = new ArrayList<>(containers().cleanUp().actions());
        var steps = builder().cleanUp();
        if (steps > 0) {
            actions.add("removed what " + steps + (steps == 1 ? " step" : " steps") + " of a killed build had left");
        }
        var known = containers().observe().stream().map(ObservedContainer::id).collect(Collectors.toSet());
        actions.addAll(volumes.cleanUp());
        actions.addAll(volumeSnapshots().cleanUp());
        var stray = networks().cleanUp(id -> known.contains(id) || Builder.isAtWork(root, id) || isContainer(id));
        if (stray > 0) {
            actions.add("removed " + stray + " links, namespaces, ports and names of containers that are gone");
        }
        snapshots().cleanUp();
        for (var room : ROOMS) {
            AtomicFiles.removeUnfinished(root.state().resolve(room), clock.instant());
        }
        return new CleanUp(actions);
    }

    /** Asked late, for a container that was made after we looked. When its record cannot be read, it is left alone. */
    private boolean isContainer(String id) {
        try {
            return containers().observe(id).isPresent();
        } catch (IOException e) {
            return true;
        }
    }

    /** Where no agent runs, commands that change something are all who could. */
    private static void rotateLogs(Containers containers) {
        try {
            containers.rotateLogsOnce();
        } catch (IOException e) {
            log.warn("a log could not be rotated: {}", e.getMessage());
        }
    }

    /**
     * Lets go of threads and sockets, and of what the last container left, and begins new log files where there are
     * large ones. Containers run on.
     */
    @Override
    public void close() throws IOException {
        if (transfers.present().isPresent()) {
            transfers.present().get().close();
        }
        if (networks.present().isPresent()) {
            networks.present().get().close();
        }
        if (root.access() == Root.Access.WRITE && containers.present().isPresent()) {
            rotateLogs(containers.present().get());
            containers.present().get().leave();
        }
        if (namespaces.present().isPresent()) {
            namespaces.present().get().close();
        }
    }
}
