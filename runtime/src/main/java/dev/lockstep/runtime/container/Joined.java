package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Namespaces of other containers that one enters.
 *
 * @param namespaces by type: a file of ours that pins it
 * @param targets by type: whose it is
 * @param processes by name of the other container: its process 1 at that time
 */
record Joined(
        Map<String, Path> namespaces, Map<String, ContainerRecord> targets, Map<String, ProcessIdentity> processes) {
    Joined {
        namespaces = Collections.unmodifiableMap(new TreeMap<>(namespaces));
        targets = Collections.unmodifiableMap(new TreeMap<>(targets));
        processes = Collections.unmodifiableMap(new TreeMap<>(processes));
    }

    /** The type that user namespaces have in a bundle. */
    static final String USER = "user";

    /** Whose network it is in. */
    Optional<ContainerRecord> network() {
        return Optional.ofNullable(targets.get("network"));
    }

    /**
     * Finds and pins them. The pin is what the runtime opens: a number of a process may be another one's by then.
     *
     * @throws ContainerException when one of the containers does not run
     */
    static Joined of(ContainerRecord record, ContainerFiles files, ContainerStore store, Host host) throws IOException {
        var namespaces = new TreeMap<String, Path>();
        var targets = new TreeMap<String, ContainerRecord>();
        var processes = new TreeMap<String, ProcessIdentity>();
        var wanted = record.spec().options().isolation().namespaces().joinedByType();
        for (var entry : wanted.entrySet()) {
            var name = entry.getValue();
            var target = store.find(name)
                    .orElseThrow(() -> cannot(record, entry.getKey(), name, "there is no such container"));
            var process = store.run(target.id(), host.bootId())
                    .filter(Run::started)
                    .filter(Run::isAlive)
                    .flatMap(Run::process)
                    .orElseThrow(() -> cannot(record, entry.getKey(), name, "it does not run"));
            if (entry.getKey().equals("ipc") && !isShareable(target)) {
                throw cannot(record, "ipc", name, "it does not say ipc: shareable");
            }
            namespaces.put(entry.getKey(), pin(record, files, entry.getKey(), name, process));
            targets.put(entry.getKey(), target);
            processes.put(name, process);
            sameUsers(record, entry.getKey(), target, process, processes.values());
            if (record.made().options().ids().isPresent() && !namespaces.containsKey(USER)) {
                // Root of one user namespace is nobody in what belongs to another, with the same ids too.
                namespaces.put(USER, pin(record, files, USER, name, process));
            }
        }
        return new Joined(namespaces, targets, processes);
    }

    /** Whoever has users of its own can share only with who has the very same. */
    private static void sameUsers(
            ContainerRecord record,
            String type,
            ContainerRecord target,
            ProcessIdentity process,
            Collection<ProcessIdentity> others)
            throws IOException {
        var ids = record.made().options().ids();
        if (ids.isEmpty()) {
            return;
        }
        if (!target.made().options().ids().equals(ids)) {
            throw cannot(
                    record,
                    type,
                    target.spec().name(),
                    "they have not the same users; give both the same userns_mode, in one stack");
        }
        for (var other : others) {
            if (!user(other).equals(user(process))) {
                throw cannot(
                        record,
                        type,
                        target.spec().name(),
                        "it is in the namespaces of another one already, and each of them has a user namespace of its"
                                + " own");
            }
        }
    }

    private static Path user(ProcessIdentity process) throws IOException {
        return Files.readSymbolicLink(process.directory().resolve("ns").resolve(USER));
    }

    private static boolean isShareable(ContainerRecord target) {
        return target.spec()
                .options()
                .isolation()
                .namespaces()
                .ipc()
                .filter(mode -> mode instanceof NamespaceMode.Shareable || mode instanceof NamespaceMode.Host)
                .isPresent();
    }

    private static Path pin(
            ContainerRecord record, ContainerFiles files, String type, String name, ProcessIdentity process)
            throws IOException {
        Files.createDirectories(files.joined());
        var pin = files.joined().resolve(type);
        Files.createFile(pin);
        var file = type.equals("network") ? "net" : type;
        try (var namespace = Fd.openPath(process.directory().resolve("ns").resolve(file))) {
            if (!process.isAlive()) {
                throw cannot(record, type, name, "it has just ended");
            }
            try (var mount = DetachedMount.bind(namespace);
                    var place = Fd.openPath(pin)) {
                mount.attach(place);
            }
            return pin;
        } catch (LinuxException e) {
            if (e.isGone()) {
                throw cannot(record, type, name, "it has just ended");
            }
            throw e;
        }
    }

    private static ContainerException cannot(ContainerRecord record, String type, String name, String why) {
        return new ContainerException(
                ContainerException.Reason.CONFLICT,
                "container " + record.spec().name() + " cannot enter the " + type + " namespace of container " + name
                        + ": " + why + ".");
    }
}
