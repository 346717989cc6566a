package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.BlockIo;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.HealthCheck;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.network.SubnetSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.CpuSet;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.FileMode;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.PortRange;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Propagation;
import dev.lockstep.spec.model.Protocol;
import dev.lockstep.spec.model.Restart;
import dev.lockstep.spec.model.RestartPolicy.Condition;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceExtension;
import dev.lockstep.spec.model.Signal;
import dev.lockstep.spec.model.Subnet;
import dev.lockstep.spec.model.Volume;
import dev.lockstep.spec.model.VolumeExtension;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** From Compose's words to the engine's. What one host's engine cannot do is a problem with its position. */
public final class Translation {
    private static final long NANO = 1_000_000_000L;

    private static final String BRIDGE = "bridge";

    /** A quota is in microseconds of each 100 ms, unless another period is asked for. */
    private static final long NANO_PER_QUOTA = 10_000;

    private final Project project;
    private final Owner owner;
    private final BindSources binds;
    private final Options options;
    private final ServiceNetworks attachments;
    private final Grants grants;
    private final Function<ImageReference, Resolution> images;
    private final List<Problem> problems = new ArrayList<>();

    /** Of a project without secrets and configs. */
    public Translation(Project project, Owner owner, BindSources binds, Function<ImageReference, Resolution> images) {
        this(project, owner, binds, FileContents.NONE, false, images);
    }

    /**
     * Of a project on this host.
     *
     * @param ownUsers containers have users of their own where nobody says whose
     * @param images answers for each reference once
     */
    public Translation(
            Project project,
            Owner owner,
            BindSources binds,
            FileContents files,
            boolean ownUsers,
            Function<ImageReference, Resolution> images) {
        this.attachments = new ServiceNetworks(project);
        this.options = new Options(project, owner.stack(), files, ownUsers);
        this.grants = new Grants(project, files);
        this.project = project;
        this.owner = owner;
        this.binds = binds;
        this.images = images;
    }

    /** What translating gave. */
    public sealed interface Result {
        record Translated(Desired desired) implements Result {}

        /**
         * This host cannot have the project.
         *
         * @param problems at least one, sorted by position
         */
        record Refused(List<Problem> problems) implements Result {}
    }

    /** Translates the whole project. */
    public Result translate(Placement placement, Optional<String> revision) {
        problems.addAll(EngineLimits.of(project));
        var networks = new ArrayList<>(project.networks().values().stream()
                .map(this::network)
                .flatMap(Optional::stream)
                .toList());
        if (project.services().values().stream().anyMatch(Translation::isOnBridge)
                && networks.stream().noneMatch(network -> network.spec().name().equals(bridge()))) {
            networks.add(new DesiredNetwork(BRIDGE, NetworkSpec.plain(bridge(), owner), false));
        }
        var volumes = project.volumes().values().stream()
                .map(this::volume)
                .flatMap(Optional::stream)
                .toList();
        var services = new ArrayList<DesiredService>();
        for (var service : inDependencyOrder()) {
            reference(service).ifPresent(reference -> {
                var resolution = images.apply(reference);
                var slots = new ArrayList<DesiredContainer>();
                for (var slot : placement.slots(project, service)) {
                    container(service, slot, reference, resolution).ifPresent(slots::add);
                }
                var deploy = service.lifecycle().deploy();
                services.add(new DesiredService(
                        service.name(),
                        slots,
                        service.lifecycle().dependsOn(),
                        Rollout.of(deploy.flatMap(Deploy::update)),
                        Rollout.of(deploy.flatMap(Deploy::rollback)),
                        deploy.filter(DesiredService::isJob).isPresent()));
            });
        }
        if (!problems.isEmpty()) {
            return new Result.Refused(problems.stream().sorted().distinct().toList());
        }
        return new Result.Translated(
                new Desired(owner, revision, networks, volumes, services, project.sources(), grants.contents()));
    }

    /** Depth first; a cycle, which the checks refuse, ends at its second visit. */
    private List<Service> inDependencyOrder() {
        Set<String> done = new LinkedHashSet<>();
        Set<String> visited = new LinkedHashSet<>();
        project.services().keySet().forEach(name -> visit(name, visited, done));
        return done.stream()
                .map(name -> Optional.ofNullable(project.services().get(name)))
                .flatMap(Optional::stream)
                .toList();
    }

    private void visit(String name, Set<String> visited, Set<String> done) {
        var service = project.services().get(name);
        if (service != null && visited.add(name)) {
            service.lifecycle().dependsOn().keySet().forEach(dependency -> visit(dependency, visited, done));
            done.add(name);
        }
    }

    private Optional<ImageReference> reference(Service service) {
        if (service.image().reference().isEmpty()) {
            return Optional.empty(); // Built or provided by others, which the engine's limits are about.
        }
        try {
            return Optional.of(ImageReference.parse(
                    service.image().reference().map(Written::text).orElse("")));
        } catch (IllegalArgumentException e) {
            return problem("services." + service.name() + ".image", e);
        }
    }

    /** The network of services with {@code network_mode: bridge}: one for each stack, since no host has one for all. */
    private String bridge() {
        return owner.stack() + "_" + BRIDGE;
    }

    private static boolean isOnBridge(Service service) {
        return service.networking()
                .mode()
                .flatMap(Written::value)
                .filter(NetworkMode.Bridge.class::isInstance)
                .isPresent();
    }

    private Optional<DesiredNetwork> network(Network network) {
        var path = "networks." + network.key();
        try {
            var ipv4 = network.ipv4().orElse(true);
            var ipv6 = network.ipv6().orElse(false);
            var subnets = network.subnets().stream()
                    .flatMap(s -> subnet(s).stream())
                    // The checks warn of those that nothing comes of.
                    .filter(s -> s.range().family() == AddressFamily.IPV4 ? ipv4 : ipv6)
                    .toList();
            return Optional.of(new DesiredNetwork(
                    network.key(),
                    new NetworkSpec(
                            network.name(),
                            owner,
                            network.internal(),
                            ipv4,
                            ipv6,
                            subnets,
                            Optional.empty(),
                            network.external() ? Map.of() : network.driverOptions(),
                            network.labels(),
                            network.external() ? "bridge" : ServiceNetworks.driver(network),
                            network.attachable()),
                    network.external()));
        } catch (IllegalArgumentException e) {
            return problem(path, e);
        }
    }

    private static Optional<SubnetSpec> subnet(Subnet subnet) {
        return subnet.cidr().map(range -> {
            var reserved = new LinkedHashMap<String, IpAddress>();
            subnet.auxiliary()
                    .forEach((name, written) ->
                            written.value().ifPresent(address -> reserved.put(name, IpAddress.of(address))));
            return new SubnetSpec(
                    Cidr.parse(range.toString()),
                    subnet.gatewayAddress().map(IpAddress::of),
                    subnet.rangeCidr().map(c -> Cidr.parse(c.toString())),
                    reserved);
        });
    }

    private Optional<DesiredContainer> container(
            Service service, int slot, ImageReference reference, Resolution resolution) {
        var path = "services." + service.name();
        var before = problems.size();
        var shared = service.networking().mode().flatMap(Written::value);
        // On the host's own network there is nothing to publish, and not every network has a way in; the checks warn of
        // it.
        var unreached = shared.filter(NetworkMode.Host.class::isInstance).isPresent() || hasNoWayIn(service);
        var ports = unreached
                ? List.<PublishedPort>of()
                : each(service.networking().ports(), path + ".ports", port -> port(port, slot, service));
        var mounts = new ArrayList<>(each(service.storage().mounts(), path + ".volumes", this::mount));
        mounts.addAll(each(service.storage().tmpfs(), path + ".tmpfs", Tmpfs::mount));
        mounts.addAll(each(service.storage().secrets(), path + ".secrets", grants::secret));
        mounts.addAll(each(service.storage().configs(), path + ".configs", grants::config));
        var more = options.of(service, (key, why) -> problem(path + "." + key, why));
        try {
            var spec = new ContainerSpec(
                    service.identity().containerName().orElse(owner.stack() + "-" + service.name() + "-" + slot),
                    owner,
                    service.name(),
                    slot,
                    reference,
                    DesiredContainer.digest(resolution),
                    service.program().entrypoint(),
                    service.program().command(),
                    service.program().environment(),
                    service.program().user(),
                    service.program().workingDirectory(),
                    service.identity().hostname().map(Written::text),
                    labels(service, slot),
                    mounts,
                    attachments.of(
                            service,
                            isOnBridge(service) ? Optional.of(bridge()) : Optional.empty(),
                            (key, why) -> problem(path + "." + key, why)),
                    ports,
                    resources(service),
                    restart(service),
                    service.lifecycle().healthCheck().map(Translation::healthCheck),
                    service.lifecycle().stopSignal().flatMap(Written::value).map(Signal::canonicalName),
                    service.lifecycle().stopGracePeriod(),
                    more);
            Limits.of(spec.resources().withoutDevices());
            return problems.size() > before
                    ? Optional.empty()
                    : Optional.of(new DesiredContainer(spec, resolution, mountedImages(spec)));
        } catch (IllegalArgumentException e) {
            return problem(path, e);
        }
    }

    /** Whether it is on networks, and all of them are known to have no way in. */
    private boolean hasNoWayIn(Service service) {
        var keys = service.networking().networks().keySet();
        return !keys.isEmpty()
                && keys.stream()
                        .allMatch(key -> Optional.ofNullable(project.networks().get(key))
                                .filter(n -> !n.mayPublish())
                                .isPresent());
    }

    /** The user's, under those that Compose gives its containers and that other tools look for. */
    private Map<String, String> labels(Service service, int slot) {
        var labels = new LinkedHashMap<>(service.identity().labels());
        labels.put(ComposeLabels.PROJECT, owner.stack());
        labels.put(ComposeLabels.SERVICE, service.name());
        labels.put(ComposeLabels.CONTAINER_NUMBER, String.valueOf(slot));
        labels.put(ComposeLabels.ONE_OFF, "False");
        labels.put(
                ComposeLabels.DEPENDS_ON,
                ComposeLabels.dependsOn(service.lifecycle().dependsOn()));
        labels.remove(JobLabel.KEY);
        labels.remove(SensitiveLabel.KEY);
        service.extension()
                .flatMap(ServiceExtension::schedule)
                .ifPresent(schedule -> labels.put(JobLabel.KEY, JobLabel.of(schedule)));
        return labels;
    }

    private <A, B> List<B> each(List<A> from, String path, IoFunction<A, B> function) {
        var to = new ArrayList<B>();
        for (var i = 0; i < from.size(); i++) {
            try {
                to.add(function.apply(from.get(i)));
            } catch (IOException | IllegalArgumentException e) {
                problem(path + "[" + i + "]", e);
            }
        }
        return to;
    }

    private interface IoFunction<A, B> {
        B apply(A value) throws IOException;
    }

    private PublishedPort port(Port port, int slot, Service service) {
        var shared = service.networking().mode().flatMap(Written::value);
        if (shared.filter(mode -> !(mode instanceof NetworkMode.Bridge)).isPresent()) {
            throw new IllegalArgumentException("a container without a network of its own publishes nothing. Publish it"
                    + " where the network is, or leave it out");
        }
        var protocol = switch (port.protocol()) {
            case TCP -> PublishedPort.TransportProtocol.TCP;
            case UDP -> PublishedPort.TransportProtocol.UDP;
            case SCTP -> PublishedPort.TransportProtocol.SCTP;
        };
        var hostIp = port.hostIp().map(IpAddress::parse);
        if (hostIp.filter(ip -> ip.isIpv6() && ip.isLoopback()).isPresent()) {
            throw new IllegalArgumentException("nothing can be published on ::1, since the kernel does not lead packets"
                    + " from there anywhere else. Publish on 127.0.0.1");
        }
        hostIp.map(IpAddress::family).filter(family -> !has(service, family)).ifPresent(family -> {
            throw new IllegalArgumentException("no network of the service has " + family + " addresses, and the kernel"
                    + " does not translate from one family to the other. Write enable_"
                    + family.toString().toLowerCase(Locale.ROOT) + ": true at a network, or leave the address out");
        });
        var published = port.published().filter(range -> range.first() > 0);
        published.filter(range -> slot > range.size()).ifPresent(range -> {
            throw new IllegalArgumentException("the range " + range + " has no port left for replica " + slot);
        });
        return new PublishedPort(
                hostIp,
                published.filter(range -> range.size() == 1).map(PortRange::first),
                port.target(),
                protocol,
                published
                        .filter(range -> range.size() > 1)
                        .map(range -> new PublishedPort.Choice(
                                range.first(), range.last(), wished(range, port.protocol(), slot))));
    }

    /**
     * A range lets replicas share one line: the first slot takes its first port that nobody asks for alone, and so on.
     */
    private int wished(PortRange range, Protocol protocol, int slot) {
        var alone = project.services().values().stream()
                .flatMap(service -> service.networking().ports().stream())
                .filter(port -> port.protocol() == protocol)
                .flatMap(port -> port.published().stream())
                .filter(one -> one.size() == 1)
                .map(PortRange::first)
                .collect(Collectors.toSet());
        var free = IntStream.rangeClosed(range.first(), range.last())
                .filter(port -> !alone.contains(port))
                .toArray();
        return free.length == 0 ? range.first() : free[(slot - 1) % free.length];
    }

    private Optional<DesiredVolume> volume(Volume volume) {
        if (!volume.external() && !volume.isLocal()) {
            return Optional.empty(); // Refused by the engine's limits.
        }
        var options = new LinkedHashMap<>(volume.driverOptions());
        if (volume.bindsDirectory()) {
            try {
                // As the source of a bind mount is found, so that the directory is the same one.
                options.put(
                        "device",
                        binds.find(options.getOrDefault("device", "")).path().toString());
            } catch (IOException | IllegalArgumentException e) {
                var path = "volumes." + volume.key() + ".driver_opts.device";
                problems.add(new Problem(project.sources().at(path), path, String.valueOf(e.getMessage())));
                return Optional.empty();
            }
        }
        try {
            return Optional.of(new DesiredVolume(
                    volume.key(),
                    new VolumeSpec(volume.name(), owner, volume.labels(), volume.external() ? Map.of() : options),
                    volume.external(),
                    volume.extension().filter(VolumeExtension::singleWriter).isPresent()));
        } catch (IllegalArgumentException e) {
            return problem("volumes." + volume.key() + ".driver_opts", e);
        }
    }

    /** Whether a network that leads out may have addresses of the family; of external ones nothing is known. */
    private boolean has(Service service, AddressFamily family) {
        if (isOnBridge(service)) {
            return family == AddressFamily.IPV4;
        }
        return service.networking().networks().keySet().stream()
                .flatMap(key -> Optional.ofNullable(project.networks().get(key)).stream())
                .anyMatch(n -> n.external()
                        || n.mayPublish()
                                && (family == AddressFamily.IPV4
                                        ? n.ipv4().orElse(true)
                                        : n.ipv6().orElse(false)));
    }

    private MountSpec mount(Mount mount) throws IOException {
        return switch (mount) {
            case Mount.Bind bind -> {
                var source = binds.find(bind.source());
                yield new MountSpec.Bind(
                        source.path(),
                        source.identity(),
                        bind.target(),
                        bind.readOnly(),
                        bind.createHostPath(),
                        source.base(),
                        bindOptions(bind));
            }
            case Mount.NamedVolume volume -> {
                var found = Optional.ofNullable(project.volumes().get(volume.key()))
                        .orElseThrow(() -> new IllegalArgumentException("undefined volume " + volume.key()));
                yield new MountSpec.Volume(
                        found.name(), volume.target(), volume.readOnly(), volume.noCopy(), volume.subpath());
            }
            case Mount.AnonymousVolume volume ->
                new MountSpec.Anonymous(volume.target(), volume.readOnly(), volume.noCopy(), volume.labels());
            case Mount.Tmpfs tmpfs ->
                new MountSpec.Tmpfs(
                        tmpfs.target(),
                        tmpfs.size().map(ByteSize::bytes),
                        tmpfs.mode().map(FileMode::bits),
                        tmpfs.readOnly());
            case Mount.Image image -> image(image);
            case Mount.NamedPipe unused ->
                throw new IllegalArgumentException("a named pipe of Windows cannot be mounted on Linux");
            case Mount.ClusterVolume unused ->
                throw new IllegalArgumentException("one host has no volumes of a cluster. Write type: volume");
        };
    }

    private static MountSpec.BindOptions bindOptions(Mount.Bind bind) {
        var recursion =
                bind.options().bind().flatMap(MountOptions.Bind::recursive).orElse("enabled");
        return new MountSpec.BindOptions(
                bind.propagation().orElse(Propagation.RPRIVATE).word(),
                switch (recursion) {
                    case "enabled" -> MountSpec.Recursion.ENABLED;
                    case "disabled" -> MountSpec.Recursion.DISABLED;
                    case "writable" -> MountSpec.Recursion.WRITABLE;
                    case "readonly" -> {
                        if (!bind.readOnly()) {
                            throw new IllegalArgumentException("recursive: readonly needs read_only: true");
                        }
                        yield MountSpec.Recursion.READONLY;
                    }
                    default ->
                        throw new IllegalArgumentException(
                                "\"" + recursion + "\" is no recursion. Write enabled, disabled, writable or readonly");
                },
                bind.selinux());
    }

    private Map<ImageReference, Resolution> mountedImages(ContainerSpec spec) {
        var mounted = new LinkedHashMap<ImageReference, Resolution>();
        for (var mount : spec.mounts()) {
            if (mount instanceof MountSpec.OfImage image) {
                mounted.put(image.image(), images.apply(image.image()));
            }
        }
        return mounted;
    }

    private MountSpec image(Mount.Image image) {
        var reference = ImageReference.parse(image.image());
        return new MountSpec.OfImage(
                reference, DesiredContainer.digest(images.apply(reference)), image.target(), image.subpath());
    }

    private static Resources resources(Service service) {
        var resources = service.resources();
        var cpu = service.limits().cpu();
        var memory = service.limits().memory();
        var cpus = resources
                .cpus()
                .filter(c -> c.signum() > 0)
                .map(c -> c.times(NANO).longValue());
        // A quota of the usual period is a number of CPUs.
        var period = cpu.period().filter(p -> p > 0);
        var quota = cpu.quota().filter(q -> q > 0);
        return new Resources(
                period.isEmpty() ? cpus.or(() -> quota.map(q -> q * NANO_PER_QUOTA)) : cpus,
                resources.memoryLimit().map(ByteSize::bytes).filter(b -> b > 0),
                resources.memoryReservation().map(ByteSize::bytes).filter(b -> b > 0),
                resources.pids().filter(n -> n > 0),
                period.isEmpty() && cpus.isEmpty() ? Optional.empty() : quota,
                period,
                cpu.shares().filter(n -> n > 0),
                cpu.set().flatMap(Written::value).map(CpuSet::toString),
                cpu.realtimePeriod().filter(n -> n > 0),
                cpu.realtimeRuntime().filter(n -> n > 0),
                memory.swapLimit().map(ByteSize::bytes).filter(b -> b != 0),
                memory.swappiness().map(ByteSize::bytes),
                memory.oomKillDisable(),
                service.limits().blockIo().map(Translation::blockIo).orElse(BlockIo.NONE));
    }

    private static BlockIo blockIo(dev.lockstep.spec.model.BlockIo asked) {
        var weights = new LinkedHashMap<String, Long>();
        asked.weightDevices().forEach(device -> weights.put(device.path(), (long) device.weight()));
        return new BlockIo(
                asked.weight().filter(w -> w > 0).map(Integer::longValue),
                weights,
                rates(asked.readBytes()),
                rates(asked.readOperations()),
                rates(asked.writeBytes()),
                rates(asked.writeOperations()));
    }

    private static Map<String, Long> rates(List<dev.lockstep.spec.model.BlockIo.Rate> asked) {
        var rates = new LinkedHashMap<String, Long>();
        asked.forEach(rate -> rates.put(rate.path(), rate.rate().bytes()));
        return rates;
    }

    /** What {@code deploy} says counts before what {@code restart} says, as in docker compose. */
    private static RestartPolicy restart(Service service) {
        if (service.extension().flatMap(ServiceExtension::schedule).isPresent()) {
            // Its next run is its next start, whatever became of this one.
            return new RestartPolicy(RestartPolicy.Condition.NO, 0, true);
        }
        var deployed = service.lifecycle().deploy().flatMap(Deploy::restartPolicy);
        if (deployed.isPresent()) {
            // Swarm's default is "any", and for jobs, which end, "on-failure".
            var job = service.lifecycle().deploy().filter(DesiredService::isJob).isPresent();
            return restart(deployed.get(), job ? Condition.ON_FAILURE : Condition.ANY);
        }
        return service.lifecycle()
                .restart()
                .flatMap(Written::value)
                .map(Translation::restart)
                .orElse(RestartPolicy.NONE);
    }

    private static RestartPolicy restart(dev.lockstep.spec.model.RestartPolicy policy, Condition byDefault) {
        var condition = switch (policy.condition().flatMap(Written::value).orElse(byDefault)) {
            case NONE -> RestartPolicy.Condition.NO;
            case ON_FAILURE -> RestartPolicy.Condition.ON_FAILURE;
            case ANY -> RestartPolicy.Condition.ALWAYS;
            case UNLESS_STOPPED -> RestartPolicy.Condition.UNLESS_STOPPED;
        };
        var attempts = Math.min(policy.maxAttempts().orElse(0L), Integer.MAX_VALUE);
        return condition == RestartPolicy.Condition.NO
                ? new RestartPolicy(condition, 0, true)
                : new RestartPolicy(condition, (int) attempts, true, policy.delay(), policy.window());
    }

    private static RestartPolicy restart(Restart restart) {
        var condition = switch (restart.policy()) {
            case NO -> RestartPolicy.Condition.NO;
            case ALWAYS -> RestartPolicy.Condition.ALWAYS;
            case ON_FAILURE -> RestartPolicy.Condition.ON_FAILURE;
            case UNLESS_STOPPED -> RestartPolicy.Condition.UNLESS_STOPPED;
        };
        return new RestartPolicy(condition, restart.maxRetries().orElse(0), true);
    }

    private static HealthCheck healthCheck(dev.lockstep.spec.model.HealthCheck check) {
        if (check.off()) {
            return new HealthCheck(
                    Optional.of(List.of("NONE")),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }
        var test = check.test().map(t -> switch (t) {
            case dev.lockstep.spec.model.HealthCheck.Test.Exec(var arguments) -> prepend("CMD", arguments);
            case dev.lockstep.spec.model.HealthCheck.Test.Shell(var words) -> prepend("CMD-SHELL", words);
            case dev.lockstep.spec.model.HealthCheck.Test.None() -> List.of("NONE");
        });
        return new HealthCheck(
                test, check.interval(), check.timeout(), check.startPeriod(), check.startInterval(), check.retries());
    }

    private static List<String> prepend(String first, List<String> rest) {
        var all = new ArrayList<String>();
        all.add(first);
        all.addAll(rest);
        return all;
    }

    private <T> Optional<T> problem(String path, Exception e) {
        var message = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        problems.add(new Problem(project.sources().at(path), path, message));
        return Optional.empty();
    }
}
