package dev.lockstep.runtime.container;

import dev.lockstep.runtime.image.Digest;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a container became: the engine's defaults and the image's configuration, filled in when it was made. Kept beside
 * the {@link ContainerSpec}, so that a later default or another image changes nothing until somebody asks for it.
 *
 * @param image the manifest whose layers are the root file system
 * @param ociRuntime name of the program that starts it, e.g. {@code runc}
 * @param args what pid 1 is
 * @param environment of pid 1; {@code HOME} is not in it unless asked for: it comes from the container's passwd at
 *     start
 * @param user {@code user[:group]}, empty for root; resolved at every start, since a volume may have changed
 * @param workingDir absolute
 * @param capabilities bounding, permitted and effective set, with {@code CAP_}
 * @param seccompProfile digest of the profile file that was there when the container was made
 * @param stopSignal name with {@code SIG}
 * @param resources limits as the kernel is told
 * @param healthCheck absent when there is none
 * @param anonymousVolumes by target: name of the volume that the engine made
 * @param options what was filled in where {@link ContainerOptions} say nothing
 */
public record Effective(
        Digest image,
        String ociRuntime,
        List<String> args,
        Map<String, String> environment,
        String user,
        String workingDir,
        String hostname,
        List<String> capabilities,
        Digest seccompProfile,
        String stopSignal,
        Duration stopGrace,
        Limits resources,
        Optional<EffectiveHealthCheck> healthCheck,
        Map<String, String> anonymousVolumes,
        EffectiveOptions options) {
    public Effective {
        args = List.copyOf(args);
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        capabilities = List.copyOf(capabilities);
        anonymousVolumes = Collections.unmodifiableMap(new LinkedHashMap<>(anonymousVolumes));
        // A record of an earlier version has none, and its container was made with these.
        options = Objects.requireNonNullElse(options, EffectiveOptions.DEFAULT);
    }

    /** A container that asks for nothing special. */
    public Effective(
            Digest image,
            String ociRuntime,
            List<String> args,
            Map<String, String> environment,
            String user,
            String workingDir,
            String hostname,
            List<String> capabilities,
            Digest seccompProfile,
            String stopSignal,
            Duration stopGrace,
            Limits resources,
            Optional<EffectiveHealthCheck> healthCheck,
            Map<String, String> anonymousVolumes) {
        this(
                image,
                ociRuntime,
                args,
                environment,
                user,
                workingDir,
                hostname,
                capabilities,
                seccompProfile,
                stopSignal,
                stopGrace,
                resources,
                healthCheck,
                anonymousVolumes,
                EffectiveOptions.DEFAULT);
    }

    /**
     * The same container with another set of limits and another way to ask and stop it; nothing else changes in place.
     */
    Effective with(
            Limits newResources,
            Optional<EffectiveHealthCheck> newHealthCheck,
            String newStopSignal,
            Duration newStopGrace) {
        return new Effective(
                image,
                ociRuntime,
                args,
                environment,
                user,
                workingDir,
                hostname,
                capabilities,
                seccompProfile,
                newStopSignal,
                newStopGrace,
                newResources,
                newHealthCheck,
                anonymousVolumes,
                options);
    }
}
