package dev.lockstep.runtime.dns;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Pidfd;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * An aardvark-dns for one container alone, in its network namespace: for who does not reach the root's, or is told what
 * nobody else is told. It has one zone, in which everybody is who asks, and goes with the container's namespace.
 *
 * <p>It listens at {@link #ADDRESS} and not at 53, which may be the container's own; who starts it leads questions
 * there. Callers hold the network lock of the root, but for looking.
 *
 * <pre>
 * DIRECTORY/CONTAINER/zones/own   its zone; aardvark.pid
 * DIRECTORY/CONTAINER/log         what it says
 * </pre>
 */
public final class OwnNameServers {
    /** Where it listens, as Docker's does. */
    public static final String ADDRESS = "127.0.0.11";

    /** Above what the kernel gives away by itself. */
    public static final int PORT = 61053;

    private static final String ZONE = "own";

    /** Who asks at a loopback address without a word about his own has this one. */
    private static final String ASKER = "127.0.0.1";

    private final Path directory;
    private final NameServer.Program program;
    private final NetworkNamespaces namespaces;
    private final LongConsumer afterStart;

    OwnNameServers(Path directory, NameServer.Program program, NetworkNamespaces namespaces, LongConsumer afterStart) {
        this.directory = directory;
        this.program = program;
        this.namespaces = namespaces;
        this.afterStart = afterStart;
    }

    /** Containers that have one, or shall have. */
    public List<String> containers() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        var containers = new ArrayList<String>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            all.forEach(each -> containers.add(each.getFileName().toString()));
        } catch (NoSuchFileException e) {
            return List.of();
        }
        return containers;
    }

    /**
     * Makes the container's server answer so from now on; where it does not run, when it is started.
     *
     * @param entries names for the container
     * @param servers who is asked for other names; none: nobody is, and the answer is NXDOMAIN at once
     */
    public void put(String container, List<DnsEntry> entries, List<String> servers) throws IOException {
        var all = new ArrayList<>(entries);
        all.add(new DnsEntry(ZONE, List.of(ASKER), List.of(), List.of("localhost"), servers));
        var zone = DnsZone.of(ZONE, List.of(ADDRESS), servers.isEmpty(), all);
        var server = server(container);
        var file = server.zones().resolve(zone.fileName());
        if (Files.exists(file) && Arrays.equals(Files.readAllBytes(file), zone.content())) {
            return;
        }
        Files.createDirectories(server.zones());
        server.put(zone);
        for (var other : List.of(ZONE, ZONE + "%int")) {
            if (!other.equals(zone.fileName())) {
                Files.deleteIfExists(server.zones().resolve(other));
            }
        }
        try (var process = server.process().orElse(null)) {
            if (process != null) {
                Aardvark.tell(process);
            }
        }
    }

    /** Whether the container's server runs. */
    public boolean isAnswering(String container) throws IOException {
        return server(container).pid().isPresent();
    }

    /** It, when it runs: to wait for its end. */
    public Optional<Pidfd> process(String container) throws IOException {
        return server(container).process();
    }

    /** Starts it in the network namespace of the calling thread, a platform thread. */
    public void start(String container) throws IOException {
        var server = server(container);
        server.stop(); // of one that was left half-started its port
        server.start(PORT);
    }

    /** Ends it and forgets its zone; nothing where there is none. */
    public void remove(String container) throws IOException {
        var server = server(container);
        if (!Files.isDirectory(server.directory())) {
            return;
        }
        namespaces.home(() -> {
            server.stop();
            return Optional.empty();
        });
        for (var place : List.of(server.zones(), server.directory())) {
            try (var files = Files.newDirectoryStream(place)) {
                for (var file : files) {
                    Files.deleteIfExists(file);
                }
            } catch (NoSuchFileException e) {
                continue;
            }
            Files.deleteIfExists(place);
        }
    }

    private Aardvark server(String container) {
        return new Aardvark(directory.resolve(container), program, afterStart);
    }
}
