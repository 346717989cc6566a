package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Namespaces that a container does not have as containers usually do; absent: one of its own. Cgroup namespaces are the
 * exception: by default a container has one where the host has version 2 of cgroups.
 *
 * @param network never {@code None} or {@code Shareable}: a container on no network has one of its own
 */
public record Namespaces(
        Optional<NamespaceMode> network,
        Optional<NamespaceMode> pid,
        Optional<NamespaceMode> ipc,
        Optional<NamespaceMode> uts,
        Optional<NamespaceMode> user,
        Optional<NamespaceMode> cgroup) {
    /** All of its own. */
    public static final Namespaces NONE = new Namespaces(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /** Containers whose namespaces it enters, in order and each once. */
    public List<String> joined() {
        return Stream.of(network, pid, ipc, uts, user, cgroup)
                .flatMap(Optional::stream)
                .filter(NamespaceMode.Of.class::isInstance)
                .map(mode -> ((NamespaceMode.Of) mode).container())
                .distinct()
                .toList();
    }

    /** The same where the containers whose namespaces it enters are called otherwise. */
    public Namespaces renamed(UnaryOperator<String> names) {
        UnaryOperator<Optional<NamespaceMode>> mode = old -> old.map(
                m -> m instanceof NamespaceMode.Of(var container) ? new NamespaceMode.Of(names.apply(container)) : m);
        return new Namespaces(
                mode.apply(network),
                mode.apply(pid),
                mode.apply(ipc),
                mode.apply(uts),
                mode.apply(user),
                mode.apply(cgroup));
    }

    /** Those that are another container's, by the name that the OCI runtime specification has for them. */
    Map<String, String> joinedByType() {
        var joined = new TreeMap<String, String>();
        Map.of("network", network, "pid", pid, "ipc", ipc, "uts", uts)
                .forEach((type, mode) -> mode.filter(NamespaceMode.Of.class::isInstance)
                        .ifPresent(of -> joined.put(type, ((NamespaceMode.Of) of).container())));
        return joined;
    }

    static boolean isHost(Optional<NamespaceMode> mode) {
        return mode.filter(NamespaceMode.Host.class::isInstance).isPresent();
    }

    static boolean isShared(Optional<NamespaceMode> mode) {
        return mode.filter(m -> m instanceof NamespaceMode.Host || m instanceof NamespaceMode.Of)
                .isPresent();
    }
}
