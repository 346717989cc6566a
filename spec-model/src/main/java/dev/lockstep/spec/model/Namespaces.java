package dev.lockstep.spec.model;

import java.util.Optional;

/** Which namespaces a container does not have for itself alone; the network is {@link Networking#mode()}. */
public record Namespaces(
        Optional<Written<NamespaceMode>> pid,
        Optional<Written<NamespaceMode>> ipc,
        Optional<Written<NamespaceMode>> uts,
        Optional<Written<NamespaceMode>> user,
        Optional<NamespaceMode> cgroup) {}
