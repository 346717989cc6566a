package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of this room. What must survive a reboot is under the state root, what describes links, rules and
 * namespaces that a reboot takes away is under the run root.
 *
 * <pre>
 * STATE/networks/ID/record.json            a network and its leases
 * RUN/networks/given/ID.json               the same with leases that were given out since; where it is, it counts
 * RUN/networks/copies/ID.json              as it was written last; where the record is damaged, it counts
 * RUN/networks/containers/CONTAINER.json   a container's attachments
 * RUN/networks/copies/containers/…         the same as written last, as above
 * RUN/networks/published.json              all published ports
 * RUN/networks/copies/published.json       the same as written last, as above
 * RUN/networks/published.json.damaged      one that could not be used, nor a copy of it; nobody reads it
 * RUN/networks/forwarding.json             that forwarding of IPv4 was off before us
 * RUN/networks/forwarding6.json            the same of IPv6
 * RUN/netns/CONTAINER                      pin of a namespace
 * </pre>
 */
final class NetworkFiles {
    private static final Logger log = LoggerFactory.getLogger(NetworkFiles.class);
    private static final int FORMAT = 2;

    /** Whoever looks for no more than a name reads no more than that. */
    private static final long LARGEST_TO_GUESS = 1 << 20;

    private static final String RECORD = "record.json";
    private static final String JSON = ".json";
    private static final String PUBLISHED = "published.json";
    private static final String DAMAGED = ".damaged";

    /** All published ports, in the order in which they were published. */
    record Published(List<Publication> ports) {
        Published {
            ports = List.copyOf(ports);
        }
    }

    private final Path networks;
    private final Path run;
    private final Path containers;
    private final Path given;
    private final Path copies;
    private final Path containerCopies;
    private final Path namespaces;
    private final JsonMapper json;
    private final StateFile<NetworkRecord> records;
    private final StateFile<AttachmentRecord> attachments;
    private final StateFile<Published> published;
    private final StateFile<Forwarding.Marker> forwarding;

    NetworkFiles(Root root) throws IOException {
        networks = root.room(root.state().resolve("networks"));
        run = root.room(root.run().resolve("networks"));
        containers = root.room(run.resolve("containers"));
        given = root.room(run.resolve("given"));
        copies = root.room(run.resolve("copies"));
        containerCopies = root.room(copies.resolve("containers"));
        json = root.json();
        namespaces = root.room(root.run().resolve("netns"));
        records = root.stateFile(NetworkRecord.class, FORMAT, OneFamily::network);
        attachments = root.stateFile(AttachmentRecord.class, FORMAT, OneFamily::attachment);
        published = root.stateFile(Published.class, FORMAT);
        forwarding = root.stateFile(Forwarding.Marker.class, FORMAT);
    }

    /** All networks, sorted by name, but those that are {@link #damaged}. */
    List<NetworkRecord> networks() throws IOException {
        var found = new ArrayList<NetworkRecord>();
        try (var directories = Files.newDirectoryStream(networks)) {
            for (var directory : directories) {
                try {
                    latest(directory).ifPresent(found::add);
                } catch (StateException e) {
                    log.debug("left out network={}", directory, e); // damaged() says so
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        found.sort(Comparator.comparing(NetworkRecord::name));
        return found;
    }

    Optional<NetworkRecord> network(String name) throws IOException {
        return networks().stream().filter(n -> n.name().equals(name)).findFirst();
    }

    /** The same of one that has to be there. */
    NetworkRecord existing(String name) throws IOException {
        return network(name).orElseThrow(() -> new NetworkException("there is no network " + name));
    }

    /** Networks whose records cannot be used: each holds up nobody but who needs it. */
    List<DamagedNetwork> damaged() throws IOException {
        var found = new ArrayList<DamagedNetwork>();
        try (var directories = Files.newDirectoryStream(networks)) {
            for (var directory : directories) {
                try {
                    var _ = latest(directory);
                } catch (StateException e) {
                    found.add(new DamagedNetwork(
                            directory.getFileName().toString(),
                            nameIn(directory.resolve(RECORD)),
                            String.valueOf(e.getMessage()),
                            e.reason() == StateException.Reason.DAMAGED));
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        found.sort(Comparator.comparing(DamagedNetwork::id));
        return List.copyOf(found);
    }

    /** That of a later version is where ours is, as far as we can tell. */
    private String nameIn(Path file) {
        try {
            return Files.isRegularFile(file) && Files.size(file) < LARGEST_TO_GUESS
                    ? json.readTree(file.toFile())
                            .path("record")
                            .path("spec")
                            .path("name")
                            .asText()
                    : "";
        } catch (IOException e) {
            return "";
        }
    }

    /** Where leases were given out, the record with them is younger than what is durable. */
    private Optional<NetworkRecord> latest(Path directory) throws IOException {
        var id = directory.getFileName().toString();
        try {
            var younger = records.read(given(id));
            return younger.isPresent() ? younger : records.read(directory.resolve(RECORD));
        } catch (StateException e) {
            var copy = e.reason() == StateException.Reason.DAMAGED ? copied(id) : Optional.<NetworkRecord>empty();
            if (copy.isEmpty()) {
                throw e;
            }
            return copy;
        }
    }

    private Path copy(String id) {
        return copies.resolve(id + JSON);
    }

    private Optional<NetworkRecord> copied(String id) throws IOException {
        return copied(records, copy(id));
    }

    /**
     * Writes records that are damaged anew from their copies, and copies of networks that are not there. Published
     * ports without a copy are set aside: they are missed then, and published again. A container's file stays, so that
     * its links are nobody's strays. The lock is held.
     */
    void repair() throws IOException {
        for (var file : attachmentFiles()) {
            repair(attachments, file, containerCopies.resolve(file.getFileName()));
        }
        var ports = run.resolve(PUBLISHED);
        if (!repair(published, ports, copies.resolve(PUBLISHED))) {
            Files.move(ports, run.resolve(PUBLISHED + DAMAGED), StandardCopyOption.REPLACE_EXISTING);
        }
        try (var directories = Files.newDirectoryStream(networks)) {
            for (var directory : directories) {
                repair(directory);
            }
        } catch (NoSuchFileException e) {
            // There are no networks.
        }
    }

    /** @return false where it is damaged and stays so */
    private static <T> boolean repair(StateFile<T> kind, Path file, Path copy) throws IOException {
        try {
            var _ = kind.read(file);
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                return true;
            }
            var whole = copied(kind, copy);
            if (whole.isPresent() && !Files.isDirectory(file)) {
                kind.writeWhole(file, whole.get());
                log.warn("wrote a record of networks anew from its copy: {}", e.getMessage());
                return true;
            }
            log.warn("a record of networks cannot be used: {}", e.getMessage());
            return false;
        }
        return true;
    }

    private static <T> Optional<T> copied(StateFile<T> kind, Path copy) throws IOException {
        try {
            return kind.read(copy);
        } catch (StateException e) {
            return Optional.empty();
        }
    }

    /** What the file says, or else what was written last, where somebody has damaged it. */
    private static <T> Optional<T> orCopy(StateFile<T> kind, Path file, Path copy) throws IOException {
        try {
            return kind.read(file);
        } catch (StateException e) {
            var whole = e.reason() == StateException.Reason.DAMAGED ? copied(kind, copy) : Optional.<T>empty();
            if (whole.isEmpty()) {
                throw e;
            }
            return whole;
        }
    }

    private void repair(Path directory) throws IOException {
        var id = directory.getFileName().toString();
        var file = directory.resolve(RECORD);
        try {
            var record = records.read(file);
            if (record.isPresent() && Files.notExists(copy(id))) {
                records.writeVolatile(copy(id), record.get());
            }
        } catch (StateException e) {
            var copy = e.reason() == StateException.Reason.DAMAGED ? copied(id) : Optional.<NetworkRecord>empty();
            if (copy.isEmpty() || Files.isDirectory(file)) {
                log.warn("the record of a network cannot be used: {}", e.getMessage());
                return;
            }
            records.write(file, copy.get());
            log.warn(
                    "wrote the record of network={} anew from its copy: {}",
                    copy.get().name(),
                    e.getMessage());
        }
    }

    private Path given(String id) {
        return given.resolve(id + JSON);
    }

    void write(NetworkRecord network) throws IOException {
        records.writeVolatile(copy(network.id()), network);
        var younger = given(network.id());
        if (Files.exists(younger)) {
            // First: whoever is killed before the next step leaves what counts, and a reboot leaves what was before.
            records.writeWhole(younger, network);
        }
        records.write(Root.directory(networks.resolve(network.id())).resolve(RECORD), network);
        Files.deleteIfExists(younger);
    }

    /**
     * Writes a network that has given out a lease or taken one back, where a reboot may take it away: no disk is waited
     * for while a container starts or goes, and others wait for the lock. {@link #settle} makes it durable. Where a
     * power failure comes before, who had the address does not run any more, nothing that lasts names it, and the slot
     * gets one anew.
     */
    void writeGiven(NetworkRecord network) throws IOException {
        records.writeWhole(given(network.id()), network);
    }

    /** Whether leases were given out that are not durable yet. */
    boolean hasGiven() throws IOException {
        try (var files = Files.newDirectoryStream(given, "*" + JSON)) {
            return files.iterator().hasNext();
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Makes leases durable that were given out. The network lock is held. */
    void settle() throws IOException {
        try (var files = Files.newDirectoryStream(given, "*" + JSON)) {
            for (var file : files) {
                Optional<NetworkRecord> network;
                try {
                    network = records.read(file);
                } catch (StateException e) {
                    log.warn("leases that cannot be read stay where they are: {}", e.getMessage());
                    continue;
                }
                // One whose network is gone was left by somebody who was killed while he removed that.
                if (network.isPresent()
                        && Files.exists(networks.resolve(network.get().id()))) {
                    records.writeWhole(networks.resolve(network.get().id()).resolve(RECORD), network.get());
                }
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // Nobody ever gave one.
        }
    }

    void delete(NetworkRecord network) throws IOException {
        Files.deleteIfExists(given(network.id()));
        Files.deleteIfExists(copy(network.id()));
        var directory = networks.resolve(network.id());
        AtomicFiles.delete(directory.resolve(RECORD));
        removeUnfinished(directory);
        Files.deleteIfExists(directory);
        AtomicFiles.syncDirectory(networks);
    }

    /** Those of all containers, sorted by id, but those that are {@link #unusable}. */
    List<AttachmentRecord> attachments() throws IOException {
        return attachments(_ -> true);
    }

    /** Those in whose files that text stands somewhere: of hundreds few have to be understood. */
    List<AttachmentRecord> attachmentsWith(String text) throws IOException {
        return attachments(
                file -> Files.readString(file, StandardCharsets.ISO_8859_1).contains(text));
    }

    /** What says whether a file is wanted. */
    @FunctionalInterface
    private interface Wanted {
        boolean test(Path file) throws IOException;
    }

    private List<AttachmentRecord> attachments(Wanted wanted) throws IOException {
        var found = new ArrayList<AttachmentRecord>();
        for (var file : attachmentFiles()) {
            try {
                if (isWanted(file, wanted)) {
                    attachment(file).ifPresent(found::add);
                }
            } catch (StateException e) {
                log.debug("left out attachments={}", file, e); // unusable() says so
            }
        }
        found.sort(Comparator.comparing(a -> a.request().container()));
        return found;
    }

    /** Why what a container has of networks is not known, by its id: that holds up nobody else. */
    Map<String, String> unusable() throws IOException {
        var found = new TreeMap<String, String>();
        for (var file : attachmentFiles()) {
            try {
                var _ = attachment(file);
            } catch (StateException e) {
                var name = file.getFileName().toString();
                found.put(name.substring(0, name.length() - JSON.length()), String.valueOf(e.getMessage()));
            }
        }
        return found;
    }

    private List<Path> attachmentFiles() throws IOException {
        var found = new ArrayList<Path>();
        try (var files = Files.newDirectoryStream(containers, "*" + JSON)) {
            files.forEach(found::add);
        } catch (NoSuchFileException e) {
            // Nobody was ever attached.
        }
        return found;
    }

    private Optional<AttachmentRecord> attachment(Path file) throws IOException {
        return orCopy(attachments, file, containerCopies.resolve(file.getFileName()));
    }

    private static boolean isWanted(Path file, Wanted wanted) throws IOException {
        try {
            return wanted.test(file);
        } catch (NoSuchFileException e) {
            return false; // gone meanwhile
        }
    }

    /** Files that a killed process had not finished. The network lock is held, so that nobody writes one now. */
    void removeUnfinished() throws IOException {
        var places = new ArrayList<>(List.of(run, containers, given, copies, containerCopies));
        try (var directories = Files.newDirectoryStream(networks, Files::isDirectory)) {
            directories.forEach(places::add);
        } catch (NoSuchFileException e) {
            // There are no networks.
        }
        for (var place : places) {
            removeUnfinished(place);
        }
    }

    private static void removeUnfinished(Path place) throws IOException {
        try (var unfinished = Files.newDirectoryStream(place, ".*" + AtomicFiles.TEMPORARY)) {
            for (var file : unfinished) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // There is nothing at all.
        }
    }

    boolean isAttached(String container) {
        return Files.exists(attachmentFile(container));
    }

    /** Whether it has an end on that network; so it is, too, where nobody can tell. */
    boolean isAttached(String container, String network) {
        try {
            return attachment(container)
                    .filter(a ->
                            a.endpoints().stream().anyMatch(e -> e.network().equals(network)))
                    .isPresent();
        } catch (IOException e) {
            return isAttached(container);
        }
    }

    Optional<AttachmentRecord> attachment(String container) throws IOException {
        return attachment(attachmentFile(container));
    }

    /** The same, and empty where that is damaged: for who makes it anew or takes all away. */
    Optional<AttachmentRecord> attachmentIfWhole(String container) throws IOException {
        try {
            return attachment(container);
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    void write(AttachmentRecord attachment) throws IOException {
        // What it is about does not outlive a power failure.
        var file = attachmentFile(attachment.request().container());
        attachments.writeWhole(file, containerCopies.resolve(file.getFileName()), attachment);
    }

    void deleteAttachment(String container) throws IOException {
        var file = attachmentFile(container);
        AtomicFiles.delete(file);
        Files.deleteIfExists(containerCopies.resolve(file.getFileName()));
    }

    private Path attachmentFile(String container) {
        return containers.resolve(container + JSON);
    }

    /** None where nobody can tell any more: containers without their ports are seen, and publish them again. */
    List<Publication> published() throws IOException {
        try {
            return orCopy(published, run.resolve(PUBLISHED), copies.resolve(PUBLISHED))
                    .map(Published::ports)
                    .orElse(List.of());
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            log.warn("published ports are not known any more: {}", e.getMessage());
            return List.of();
        }
    }

    void writePublished(List<Publication> ports) throws IOException {
        published.writeWhole(run.resolve(PUBLISHED), copies.resolve(PUBLISHED), new Published(ports));
    }

    Optional<Forwarding.Marker> forwarding(AddressFamily family) throws IOException {
        return forwarding.read(forwardingFile(family));
    }

    void write(AddressFamily family, Forwarding.Marker marker) throws IOException {
        forwarding.write(forwardingFile(family), marker);
    }

    void deleteForwarding(AddressFamily family) throws IOException {
        AtomicFiles.delete(forwardingFile(family));
    }

    private Path forwardingFile(AddressFamily family) {
        return run.resolve(family == AddressFamily.IPV4 ? "forwarding.json" : "forwarding6.json");
    }

    static Path namespace(Root root, String container) {
        return root.run().resolve("netns").resolve(container);
    }

    /** Where the container's namespace is pinned. */
    Path namespace(String container) {
        return namespaces.resolve(container);
    }

    /** Names of all pins. */
    List<String> namespaces() throws IOException {
        try (var files = Files.list(namespaces)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }
}
