package dev.lockstep.runtime.container;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.store.Owner;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is asked of one container. Absent means "not asked": the engine fills in today's default when it makes the
 * container and keeps what it filled in beside ({@link Effective}), so that a later default changes nothing.
 *
 * @param name unique in the root; Docker's rule for names
 * @param owner whose it is
 * @param service the service it belongs to, empty for a container of no service
 * @param slot number within the service, from 1; addresses and anonymous volumes belong to (stack, service, slot)
 * @param image as the user wrote it, normalised
 * @param digest the manifest that the reference was resolved to
 * @param entrypoint absent: the image's; empty: none
 * @param command absent: the image's, unless an entrypoint is asked for; empty: none
 * @param environment over the image's; an empty value removes the image's variable
 * @param user {@code user[:group]}, names or numbers
 * @param stopSignal name or number; absent: the image's, else SIGTERM
 * @param stopGrace how long the container may take to end; zero: killed at once; absent: 10 s
 * @param options what only some containers ask for
 */
public record ContainerSpec(
        String name,
        Owner owner,
        String service,
        int slot,
        ImageReference image,
        Digest digest,
        Optional<List<String>> entrypoint,
        Optional<List<String>> command,
        Map<String, Optional<String>> environment,
        Optional<String> user,
        Optional<String> workingDir,
        Optional<String> hostname,
        Map<String, String> labels,
        List<MountSpec> mounts,
        List<AttachmentSpec> networks,
        List<PublishedPort> ports,
        Resources resources,
        RestartPolicy restart,
        Optional<HealthCheck> healthCheck,
        Optional<String> stopSignal,
        Optional<Duration> stopGrace,
        ContainerOptions options) {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}");

    public ContainerSpec {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("invalid container name \"" + name + "\"");
        }
        if (slot < 1) {
            throw new IllegalArgumentException("slots count from 1, got " + slot);
        }
        entrypoint = entrypoint.map(List::copyOf);
        command = command.map(List::copyOf);
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
        mounts = List.copyOf(mounts);
        networks = List.copyOf(networks);
        ports = List.copyOf(ports);
        // A record of an earlier version has none.
        options = Objects.requireNonNullElse(options, ContainerOptions.NONE);
    }

    /** A container that asks for nothing special. */
    public ContainerSpec(
            String name,
            Owner owner,
            String service,
            int slot,
            ImageReference image,
            Digest digest,
            Optional<List<String>> entrypoint,
            Optional<List<String>> command,
            Map<String, Optional<String>> environment,
            Optional<String> user,
            Optional<String> workingDir,
            Optional<String> hostname,
            Map<String, String> labels,
            List<MountSpec> mounts,
            List<AttachmentSpec> networks,
            List<PublishedPort> ports,
            Resources resources,
            RestartPolicy restart,
            Optional<HealthCheck> healthCheck,
            Optional<String> stopSignal,
            Optional<Duration> stopGrace) {
        this(
                name,
                owner,
                service,
                slot,
                image,
                digest,
                entrypoint,
                command,
                environment,
                user,
                workingDir,
                hostname,
                labels,
                mounts,
                networks,
                ports,
                resources,
                restart,
                healthCheck,
                stopSignal,
                stopGrace,
                ContainerOptions.NONE);
    }

    /**
     * Whose the addresses of a service's container are: of the place that it fills.
     *
     * @throws IllegalStateException where it is of no service; {@link ContainerRecord#leaseKey} knows those
     */
    public LeaseKey leaseKey() {
        if (service.isEmpty()) {
            throw new IllegalStateException("container " + name + " is of no service");
        }
        return new LeaseKey(owner.stack(), service, slot);
    }

    /** Of every image that it needs: its own, and those that are mounted into it. */
    public Set<Digest> images() {
        return Stream.concat(
                        Stream.of(digest),
                        mounts.stream()
                                .filter(MountSpec.OfImage.class::isInstance)
                                .map(mount -> ((MountSpec.OfImage) mount).digest()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The same, of another manifest: for when the pull told which one it is. */
    public ContainerSpec withDigest(Digest exact) {
        return copy(name, exact, mounts, networks, ports, resources, options, labels);
    }

    /** The same with other mounts. */
    public ContainerSpec withMounts(List<MountSpec> others) {
        return copy(name, digest, others, networks, ports, resources, options, labels);
    }

    /** The same with other options. */
    public ContainerSpec with(ContainerOptions other) {
        return copy(name, digest, mounts, networks, ports, resources, other, labels);
    }

    /** The same with other limits. */
    public ContainerSpec with(Resources other) {
        return copy(name, digest, mounts, networks, ports, other, options, labels);
    }

    /** The same below another cgroup. */
    public ContainerSpec below(String cgroup) {
        return with(options.with(options.isolation().below(cgroup)));
    }

    /** The same with another name. */
    public ContainerSpec withName(String other) {
        return copy(other, digest, mounts, networks, ports, resources, options, labels);
    }

    /** The same without ports of the host. */
    public ContainerSpec withoutPorts() {
        return withPorts(List.of());
    }

    /** The same with other ports of the host. */
    public ContainerSpec withPorts(List<PublishedPort> others) {
        return copy(name, digest, mounts, networks, others, resources, options, labels);
    }

    /** The same on other networks. */
    public ContainerSpec withNetworks(List<AttachmentSpec> others) {
        return copy(name, digest, mounts, others, ports, resources, options, labels);
    }

    /** The same with further labels, which come over its own. */
    public ContainerSpec withLabels(Map<String, String> further) {
        var all = new LinkedHashMap<>(labels);
        all.putAll(further);
        return copy(name, digest, mounts, networks, ports, resources, options, all);
    }

    private ContainerSpec copy(
            String itsName,
            Digest itsDigest,
            List<MountSpec> itsMounts,
            List<AttachmentSpec> itsNetworks,
            List<PublishedPort> itsPorts,
            Resources itsResources,
            ContainerOptions itsOptions,
            Map<String, String> itsLabels) {
        return new ContainerSpec(
                itsName,
                owner,
                service,
                slot,
                image,
                itsDigest,
                entrypoint,
                command,
                environment,
                user,
                workingDir,
                hostname,
                itsLabels,
                itsMounts,
                itsNetworks,
                itsPorts,
                itsResources,
                restart,
                healthCheck,
                stopSignal,
                stopGrace,
                itsOptions);
    }

    /** Of no service and no slot, for one program without hooks that nobody restarts and whose health nobody checks. */
    public ContainerSpec asOneOff(
            String itsName,
            Optional<List<String>> itsEntrypoint,
            Optional<List<String>> itsCommand,
            Map<String, Optional<String>> itsEnvironment,
            Optional<String> itsUser,
            Optional<String> itsWorkingDir,
            Map<String, String> itsLabels,
            List<MountSpec> itsMounts,
            List<AttachmentSpec> itsNetworks,
            List<PublishedPort> itsPorts,
            ProcessOptions itsProcess) {
        return new ContainerSpec(
                itsName,
                owner,
                "",
                1,
                image,
                digest,
                itsEntrypoint,
                itsCommand,
                itsEnvironment,
                itsUser,
                itsWorkingDir,
                hostname,
                itsLabels,
                itsMounts,
                itsNetworks,
                itsPorts,
                resources,
                new RestartPolicy(RestartPolicy.Condition.NO, 0, true),
                Optional.of(HealthCheck.OFF),
                stopSignal,
                stopGrace,
                options.with(itsProcess).with(Hooks.NONE));
    }
}
