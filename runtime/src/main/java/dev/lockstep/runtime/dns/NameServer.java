package dev.lockstep.runtime.dns;

import dev.lockstep.runtime.linux.LocalPort;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The aardvark-dns of one root. It outlives us: whoever changes a zone tells it with SIGHUP, or starts it when it is
 * gone; it ends when there is no zone. It answers on the bridges' addresses at a port of its own, so that neither a DNS
 * server of the host nor a container that publishes 53 is in its way.
 *
 * <p>Callers hold the network lock of the root while they change zones.
 *
 * <pre>
 * DIRECTORY/port           the port
 * DIRECTORY/zones/NETWORK  one file per network ({@link DnsZone}); aardvark.pid, which aardvark-dns writes
 * DIRECTORY/log            what aardvark-dns says
 * DIRECTORY/own            the same of single containers ({@link OwnNameServers})
 * </pre>
 */
public final class NameServer implements AutoCloseable {
    private static final int FIRST_PORT = 5533;
    private static final int LAST_PORT = 5733;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private final Path directory;
    private final Path zones;
    private final Aardvark aardvark;
    private final OwnNameServers ownServers;
    private final NetworkNamespaces namespaces;
    /** The server that was told last. */
    private Optional<Pidfd> known = Optional.empty();

    /** Where aardvark-dns is. */
    @FunctionalInterface
    public interface Program {
        /** Asked before a server is started; an exception says which package brings it. */
        Path find() throws IOException;
    }

    /** Which networks have the addresses at which the server is asked. */
    @FunctionalInterface
    public interface Reach {
        /** Whether its bridge is there. */
        boolean has(String network) throws IOException;
    }

    /**
     * @param root whose name server it is; kept in {@code dns} under the run root
     * @param program aardvark-dns, see {@link #findProgram}
     * @param namespaces whose home the server runs in
     * @param afterStart told the pid of each server that was started, to move it out of the caller's cgroup
     */
    public NameServer(Root root, Program program, NetworkNamespaces namespaces, LongConsumer afterStart)
            throws IOException {
        this.directory = root.room(root.run().resolve("dns"));
        this.zones = root.room(directory.resolve("zones"));
        this.aardvark = new Aardvark(directory, program, afterStart);
        this.ownServers = new OwnNameServers(directory.resolve("own"), program, namespaces, afterStart);
        this.namespaces = namespaces;
    }

    /** Those that single containers have beside this one. */
    public OwnNameServers ownServers() {
        return ownServers;
    }

    /** Whether no network can be called so: aardvark-dns has a file of its own beside the zones. */
    public static boolean isReserved(String network) {
        return !Aardvark.isZone(network);
    }

    /** Looks for aardvark-dns in PATH and where distributions hide it. */
    public static Optional<Path> findProgram(String path) {
        var directories = new ArrayList<>(List.of(path.split(":", -1)));
        directories.add("/usr/libexec/podman");
        directories.add("/usr/lib/podman");
        return directories.stream()
                .filter(d -> d.startsWith("/"))
                .map(d -> Path.of(d, "aardvark-dns"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * The port that questions are redirected to; chosen at the first call in this run root: the first free one. Another
     * one is chosen when the server has to be started and somebody has that.
     */
    public int port() throws IOException {
        var file = portFile();
        return Files.exists(file) ? Integer.parseInt(Files.readString(file).strip()) : choosePort();
    }

    private int choosePort() throws IOException {
        var port = namespaces.home(() -> {
            for (var candidate = FIRST_PORT; candidate <= LAST_PORT; candidate++) {
                if (isFree(candidate)) {
                    return candidate;
                }
            }
            throw new IOException("no port from " + FIRST_PORT + " to " + LAST_PORT + " is free for aardvark-dns");
        });
        AtomicFiles.write(portFile(), (port + "\n").getBytes(StandardCharsets.UTF_8));
        return port;
    }

    private Path portFile() {
        return directory.resolve("port");
    }

    private static boolean isFree(int port) throws IOException {
        for (var any : List.of(new byte[4], new byte[16])) {
            for (var protocol : List.of(TCP, UDP)) {
                if (LocalPort.probe(any, port, protocol) == LocalPort.State.TAKEN) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Writes the zone as it is given. */
    public void put(DnsZone zone) throws IOException {
        aardvark.put(zone);
    }

    /** Adds or replaces the container's entry in a zone that is there. */
    public void put(String network, DnsEntry entry) throws IOException {
        var zone = zone(network);
        if (zone.isPresent()) {
            put(zone.get().with(entry));
        }
    }

    /** Takes the container out of the zone. */
    public void remove(String network, String container) throws IOException {
        var zone = zone(network);
        if (zone.isPresent()) {
            put(zone.get().without(container));
        }
    }

    /** Removes the zone. */
    public void remove(String network) throws IOException {
        Files.deleteIfExists(zones.resolve(network));
        Files.deleteIfExists(zones.resolve(network + "%int"));
    }

    /** The zone of that network as it is on disk. */
    public Optional<DnsZone> zone(String network) throws IOException {
        for (var name : List.of(network, network + "%int")) {
            try {
                return Optional.of(DnsZone.parse(name, Files.readString(zones.resolve(name))));
            } catch (NoSuchFileException e) {
                // the other name
            }
        }
        return Optional.empty();
    }

    /** Names of all zones. */
    public List<String> zones() throws IOException {
        try (var files = Files.list(zones)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(Aardvark::isZone)
                    .map(name -> name.endsWith("%int") ? name.substring(0, name.length() - 4) : name)
                    .sorted()
                    .toList();
        }
    }

    /**
     * Makes the server answer what the zones say: tells it, starts it, or stops it when no zone is left.
     *
     * @param candidates names of all zones that may be there
     * @param reach asked when it is started: zones of other networks go, until somebody brings those up
     * @return whether it has another {@link #port} than before, which rules must follow
     */
    public synchronized boolean refresh(List<String> candidates, Reach reach) throws IOException {
        if (candidates.stream().anyMatch(this::hasZone)) {
            return !tell() && start(reach);
        }
        stop();
        return false;
    }

    /** Tells the server; false when none runs. The one that was told last is asked for first: it is still that one. */
    private boolean tell() throws IOException {
        // One that has ended takes signals as long as nobody has reaped it.
        if (known.isPresent() && !known.get().awaitExit(Duration.ZERO) && Aardvark.tell(known.get())) {
            return true;
        }
        forget();
        aardvark.awaitReady();
        known = process();
        return known.isPresent() && Aardvark.tell(known.get());
    }

    private void stop() throws IOException {
        forget();
        namespaces.home(() -> {
            aardvark.stop();
            return Optional.empty();
        });
    }

    private void forget() {
        known.ifPresent(Pidfd::close);
        known = Optional.empty();
    }

    /** Gives back what it holds of the server, which runs on. */
    @Override
    public synchronized void close() {
        forget();
    }

    /** The server, when it runs: to wait for its end. */
    public Optional<Pidfd> process() throws IOException {
        return aardvark.process();
    }

    /** Where something changes whenever a server is started, or is needed. */
    public Path zonesDirectory() {
        return zones;
    }

    /** Pid of the server, when it runs. */
    public Optional<Integer> pid() throws IOException {
        return aardvark.pid();
    }

    /** Whether there is a zone of that network. */
    public boolean hasZone(String network) {
        return Files.exists(zones.resolve(network)) || Files.exists(zones.resolve(network + "%int"));
    }

    /**
     * It ends at once where one of its addresses is not there, as after a reboot, when the first of several networks is
     * brought up again.
     */
    private boolean start(Reach reach) throws IOException {
        for (var network : zones()) {
            if (!reach.has(network)) {
                remove(network);
            }
        }
        if (zones().isEmpty()) {
            return false;
        }
        stop(); // of one that was left half-started its port
        var before = port();
        // While it was dead somebody may have taken it.
        var isFree = namespaces.home(() -> isFree(before));
        var port = isFree ? before : choosePort();
        namespaces.home(() -> {
            aardvark.start(port);
            return Optional.empty();
        });
        return port != before;
    }
}
