package dev.lockstep.runtime.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How an image wants to be run (OCI image specification, config.md, with Docker's health check and shell). It comes
 * from strangers: every text is checked for what would end or split it later, and its size is bounded
 * (ImageConfigParser).
 *
 * @param entrypoint empty: none
 * @param command appended to the entrypoint; empty: none
 * @param environment {@code NAME=VALUE}, in the image's order
 * @param workingDir absolute and clean
 * @param user {@code user[:group]}, names or numbers
 * @param volumes absolute clean paths of anonymous volumes
 * @param exposedPorts {@code 80/tcp}, for display
 * @param shell for {@code CMD-SHELL}; absent: {@code /bin/sh -c}
 * @param diffIds digests of the uncompressed layers, bottom first
 */
public record ImageConfig(
        Platform platform,
        List<String> entrypoint,
        List<String> command,
        List<String> environment,
        Optional<String> workingDir,
        Optional<String> user,
        Optional<String> stopSignal,
        Set<String> volumes,
        Set<String> exposedPorts,
        Map<String, String> labels,
        Optional<ImageHealthCheck> healthCheck,
        Optional<List<String>> shell,
        List<Digest> diffIds) {
    public ImageConfig {
        entrypoint = List.copyOf(entrypoint);
        command = List.copyOf(command);
        environment = List.copyOf(environment);
        volumes = Collections.unmodifiableSet(new LinkedHashSet<>(volumes));
        exposedPorts = Collections.unmodifiableSet(new LinkedHashSet<>(exposedPorts));
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
        shell = shell.map(List::copyOf);
        diffIds = List.copyOf(diffIds);
    }
}
