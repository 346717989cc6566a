package dev.lockstep.reconciler.history;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Rollout;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.model.Sources;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Everything that a stack was on this host at one time, values of the host and digests of images included: what to go
 * back to, and what was tried in vain. Contents of secrets are not in it, only their identities.
 *
 * @param commit where it comes from; absent for a plain directory
 * @param services in dependency order
 * @param demands what its files asked of this host; empty where nobody wrote that down: root's own hand is held to
 *     nothing, and earlier versions did not
 */
public record StackRevision(
        Optional<StackStatus.Commit> commit,
        Owner owner,
        List<DesiredNetwork> networks,
        List<DesiredVolume> volumes,
        List<Service> services,
        Optional<List<HostDemand>> demands) {
    /**
     * A service and its containers.
     *
     * @param containers by slot
     */
    public record Service(
            String name,
            List<ContainerSpec> containers,
            Map<String, Dependency> dependsOn,
            Rollout update,
            Rollout rollback,
            boolean job) {
        public Service {
            containers = List.copyOf(containers);
            dependsOn = Collections.unmodifiableMap(new LinkedHashMap<>(dependsOn));
        }
    }

    public StackRevision {
        networks = List.copyOf(networks);
        volumes = List.copyOf(volumes);
        services = List.copyOf(services);
        demands = demands.map(List::copyOf);
    }

    /**
     * What is wanted.
     *
     * @param containers of this host, which know the digests that only a pull could tell
     */
    public static StackRevision of(
            Desired desired, Optional<StackStatus.Commit> commit, List<ContainerRecord> containers) {
        return new StackRevision(
                commit,
                desired.owner(),
                desired.networks(),
                desired.volumes(),
                desired.services().stream()
                        .map(service -> new Service(
                                service.name(),
                                service.slots().stream()
                                        .map(slot -> known(slot.spec(), containers))
                                        .toList(),
                                service.dependsOn(),
                                service.update(),
                                service.rollback(),
                                service.job()))
                        .toList(),
                Optional.empty());
    }

    /**
     * The same without what policies order: that holds as of the day on which it is gone back to.
     *
     * @param written what the files say alone
     */
    public StackRevision asWritten(Desired written) {
        var slots = written.services().stream()
                .flatMap(service -> service.slots().stream())
                .map(DesiredContainer::spec)
                .collect(Collectors.toMap(ContainerSpec::name, spec -> spec));
        return with(spec -> asWritten(spec, slots.getOrDefault(spec.name(), spec)));
    }

    private static ContainerSpec asWritten(ContainerSpec ordered, ContainerSpec written) {
        var isolation = ordered.options().isolation();
        var own = written.options().isolation();
        return ordered.with(ordered.resources().withPids(written.resources().pids()))
                .with(ordered.options()
                        .with(isolation
                                .withCapabilities(own.capAdd(), own.capDrop())
                                .with(isolation
                                        .security()
                                        .withNoNewPrivileges(own.security().noNewPrivileges()))));
    }

    /** Digests of its images by reference, the mounted ones among them. */
    public Map<String, String> images() {
        var images = new TreeMap<String, String>();
        for (var service : services) {
            for (var spec : service.containers()) {
                images.put(spec.image().toString(), spec.digest().toString());
                for (var mount : spec.mounts()) {
                    if (mount instanceof MountSpec.OfImage image) {
                        images.put(image.image().toString(), image.digest().toString());
                    }
                }
            }
        }
        return images;
    }

    /** The same made of other images, by digest; those that are not named stay. */
    public StackRevision withImages(Map<Digest, Digest> others) {
        return with(spec -> withImages(spec, others));
    }

    private static ContainerSpec withImages(ContainerSpec spec, Map<Digest, Digest> others) {
        return spec.withDigest(others.getOrDefault(spec.digest(), spec.digest()))
                .withMounts(spec.mounts().stream()
                        .map(mount -> mount instanceof MountSpec.OfImage image
                                ? image.withDigest(others.getOrDefault(image.digest(), image.digest()))
                                : mount)
                        .toList());
    }

    /** The same of other containers. */
    private StackRevision with(UnaryOperator<ContainerSpec> other) {
        return new StackRevision(
                commit,
                owner,
                networks,
                volumes,
                services.stream()
                        .map(service -> new Service(
                                service.name(),
                                service.containers().stream().map(other).toList(),
                                service.dependsOn(),
                                service.update(),
                                service.rollback(),
                                service.job()))
                        .toList(),
                demands);
    }

    /** The same that asks this of the host. */
    public StackRevision asking(Optional<List<HostDemand>> demands) {
        return new StackRevision(commit, owner, networks, volumes, services, demands);
    }

    private static ContainerSpec known(ContainerSpec spec, List<ContainerRecord> containers) {
        if (!spec.images().contains(DesiredContainer.NOT_KNOWN)) {
            return spec;
        }
        return containers.stream()
                .map(ContainerRecord::spec)
                .filter(made -> made.owner().stack().equals(spec.owner().stack()))
                .filter(made -> made.service().equals(spec.service()) && made.slot() == spec.slot())
                .filter(made -> made.name().equals(spec.name()))
                .findFirst()
                .orElse(spec);
    }

    /**
     * What runs of a stack, as the records of its containers have it; empty when nothing does. Of conditions between
     * services it has what Compose's labels tell.
     */
    public static Optional<StackRevision> running(Owner owner, Observed observed) {
        var stack = owner.stack();
        var byService = new TreeMap<>(observed.containersOf(stack).stream()
                .filter(c -> c.record().effective().isPresent() && !KeptName.has(c.record()))
                .map(c -> c.record().spec())
                .filter(spec -> !spec.service().isEmpty() && !ComposeLabels.isOneOff(spec.labels()))
                .collect(Collectors.groupingBy(ContainerSpec::service)));
        if (byService.isEmpty()) {
            return Optional.empty();
        }
        var services = new LinkedHashMap<String, Service>();
        byService.keySet().forEach(name -> visit(name, byService, services));
        return Optional.of(new StackRevision(
                Optional.empty(),
                owner,
                observed.networks().networks().stream()
                        .map(n -> n.record().spec())
                        .filter(spec -> spec.owner().stack().equals(stack))
                        .map(spec -> new DesiredNetwork(spec.name(), spec, false))
                        .toList(),
                observed.volumes().stream()
                        .map(v -> v.spec())
                        .filter(spec -> spec.owner().stack().equals(stack))
                        .map(spec -> new DesiredVolume(spec.name(), spec, false, false))
                        .toList(),
                List.copyOf(services.values()),
                Optional.empty()));
    }

    /** What others depend on comes first; labels that go in circles end at their second visit. */
    private static void visit(String name, Map<String, List<ContainerSpec>> all, Map<String, Service> done) {
        var containers = all.get(name);
        if (containers == null || done.containsKey(name)) {
            return;
        }
        var gates = ComposeLabels.gates(containers.getFirst().labels());
        var rest = new TreeMap<>(all);
        rest.remove(name);
        gates.keySet().forEach(dependency -> visit(dependency, rest, done));
        done.put(
                name,
                new Service(
                        name,
                        containers.stream()
                                .sorted(Comparator.comparingInt(ContainerSpec::slot))
                                .toList(),
                        gates,
                        Rollout.DEFAULT,
                        Rollout.DEFAULT,
                        false));
    }

    /** Whether both ask the same of this host, whatever commits they come from. */
    public boolean isSameAs(StackRevision other) {
        return networks.equals(other.networks) && volumes.equals(other.volumes) && services.equals(other.services);
    }

    /** Whether anything of it was made for a repository, and not by root's own hand. */
    public boolean isOfRepository() {
        return services.stream()
                .flatMap(service -> service.containers().stream())
                .anyMatch(container -> container.owner().repository().isPresent());
    }

    /** For people: the commit, or where else it comes from. */
    public String title() {
        return commit.map(c -> c.id().substring(0, 7) + " \"" + c.subject() + "\"")
                .orElse("what ran before");
    }

    /**
     * As something to plan for, replaced as {@code rollback_config} says.
     *
     * @param images what this host has of a digest
     */
    public Desired toGoBackTo(Function<Digest, Resolution> images) {
        var wanted = new ArrayList<DesiredService>();
        for (var service : services) {
            var slots = service.containers().stream()
                    .map(spec -> new DesiredContainer(spec, images.apply(spec.digest()), mounted(spec, images)))
                    .toList();
            wanted.add(new DesiredService(
                    service.name(), slots, service.dependsOn(), service.rollback(), service.rollback(), service.job()));
        }
        return new Desired(owner, commit.map(_ -> title()), networks, volumes, wanted, Sources.none());
    }

    private static Map<dev.lockstep.runtime.image.ImageReference, Resolution> mounted(
            ContainerSpec spec, Function<Digest, Resolution> images) {
        return spec.mounts().stream()
                .filter(MountSpec.OfImage.class::isInstance)
                .map(MountSpec.OfImage.class::cast)
                .collect(Collectors.toMap(
                        MountSpec.OfImage::image, mount -> images.apply(mount.digest()), (first, _) -> first));
    }
}
