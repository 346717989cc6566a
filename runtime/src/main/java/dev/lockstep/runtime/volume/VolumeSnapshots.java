package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.copy.TreeCopy;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of volumes, below {@code volume-snapshots/VOLUME/NAME} of the state directory: the volume's file system, so
 * that files can share their blocks, and not below the volume, so that its removal does not take them with it.
 */
public final class VolumeSnapshots {
    /** No name of a snapshot begins with a dot. */
    private static final String COMING = ".coming";

    /** What was a snapshot while it is being removed. */
    private static final String GONE = ".gone";

    private static final Logger log = LoggerFactory.getLogger(VolumeSnapshots.class);

    private final Root root;
    private final Volumes volumes;
    private final InstantSource clock;
    private final StateFile<VolumeSnapshot> file;

    /** Snapshots of these volumes of the same root. */
    public VolumeSnapshots(Root root, Volumes volumes, InstantSource clock) {
        this.root = root;
        this.volumes = volumes;
        this.clock = clock;
        this.file = root.stateFile(VolumeSnapshot.class, 1);
    }

    /**
     * Copies the volume. Whatever fails, there is all of a snapshot or nothing of it.
     *
     * @param consistency what the caller sees to
     * @throws IOException also when there is no such volume, or a snapshot of that name
     */
    public VolumeSnapshot take(String volume, String name, VolumeSnapshot.Consistency consistency) throws IOException {
        try (var _ = volumes.lock(volume)) {
            var record = volumes.find(volume).orElseThrow(() -> new NoSuchVolumeException(volume));
            var snapshot = new VolumeSnapshot(name, record.spec(), record.slot(), clock.instant(), consistency);
            var place = place(volume, name);
            removeRest(place);
            if (Files.exists(place)) {
                throw new IOException("volume " + volume + " has a snapshot " + name + " already");
            }
            privateDirectory(top());
            var coming = privateDirectory(all(volume)).resolve(COMING);
            Volumes.deleteTree(coming);
            try {
                var data = Files.createDirectory(privateDirectory(coming).resolve("data"));
                try (var _ = volumes.visit(volume);
                        var from = Directory.open(volumes.path(volume));
                        var to = Directory.open(data)) {
                    TreeCopy.copyWhole(from, to);
                    to.syncFileSystem();
                }
                file.write(record(coming), snapshot);
                AtomicFiles.publish(coming, place);
            } finally {
                Volumes.deleteTree(coming);
                removeIfEmpty(all(volume));
            }
            return snapshot;
        }
    }

    /** The snapshot of that name. */
    public Optional<VolumeSnapshot> find(String volume, String name) throws IOException {
        return file.read(record(place(volume, name)));
    }

    /** All of them, by volume and then by age, the oldest first, but those that are {@link #damaged}. */
    public List<VolumeSnapshot> list() throws IOException {
        var found = new ArrayList<VolumeSnapshot>();
        for (var volume : children(top())) {
            found.addAll(list(volume.getFileName().toString()));
        }
        return List.copyOf(found);
    }

    /** Those of a volume, which may be gone, the oldest first, but those that are {@link #damaged(String)}. */
    public List<VolumeSnapshot> list(String volume) throws IOException {
        var found = new ArrayList<VolumeSnapshot>();
        for (var place : children(all(volume))) {
            try {
                file.read(record(place)).ifPresent(found::add);
            } catch (StateException e) {
                log.debug("left out snapshot={}", place, e); // damaged() says so
            }
        }
        found.sort(Comparator.comparing(VolumeSnapshot::createdAt).thenComparing(VolumeSnapshot::name));
        return List.copyOf(found);
    }

    /** Those whose records cannot be used, by volume and name: each is in nobody else's way. */
    public List<DamagedSnapshot> damaged() throws IOException {
        var found = new ArrayList<DamagedSnapshot>();
        for (var volume : children(top())) {
            found.addAll(damaged(volume.getFileName().toString()));
        }
        return List.copyOf(found);
    }

    /** The same of one volume, which may be gone. */
    public List<DamagedSnapshot> damaged(String volume) throws IOException {
        var found = new ArrayList<DamagedSnapshot>();
        for (var place : children(all(volume))) {
            try {
                var _ = file.read(record(place));
            } catch (StateException e) {
                found.add(new DamagedSnapshot(
                        volume,
                        place.getFileName().toString(),
                        String.valueOf(e.getMessage()),
                        e.reason() == StateException.Reason.DAMAGED));
            }
        }
        return List.copyOf(found);
    }

    /** Where its files are. */
    public Path path(VolumeSnapshot snapshot) {
        return place(snapshot.volume().name(), snapshot.name()).resolve("data");
    }

    /**
     * Gives the volume the content of the snapshot; one that is gone is made again. The snapshot stays.
     *
     * @param check throws where the volume must stay as it is
     * @return where the old content could not be deleted, a sentence
     */
    public Optional<String> restore(VolumeSnapshot snapshot, Volumes.Check check) throws IOException {
        return restore(snapshot, check, () -> {});
    }

    /** The same, for somebody who keeps the volume's containers from running: see {@link Volumes#replace}. */
    public Optional<String> restore(VolumeSnapshot snapshot, Volumes.Check check, Volumes.Check changed)
            throws IOException {
        volumes.createAgain(snapshot.volume(), snapshot.slot());
        Volumes.Content content = target -> {
            try (var from = Directory.open(path(snapshot));
                    var to = Directory.open(target)) {
                TreeCopy.copyWhole(from, to);
            }
        };
        return volumes.replace(snapshot.volume().name(), check, content, changed);
    }

    /** Removes it; no error when there is none. */
    public void remove(String volume, String name) throws IOException {
        try (var _ = volumes.lock(volume)) {
            var place = place(volume, name);
            var gone = all(volume).resolve(GONE);
            Volumes.deleteTree(gone);
            // What a crash leaves is the whole snapshot, or what is none for everybody.
            if (Files.exists(place)) {
                Files.move(place, gone);
                AtomicFiles.syncDirectory(all(volume));
            }
            Volumes.deleteTree(gone);
            removeIfEmpty(all(volume));
        }
    }

    /**
     * Removes what killed processes left half copied, or half removed. A volume that somebody works on is his business.
     *
     * @return what could not be put in order, a sentence each
     */
    public List<String> cleanUp() throws IOException {
        var left = new ArrayList<String>();
        for (var volume : children(top())) {
            var name = volume.getFileName().toString();
            Volumes.putInOrder("the snapshots of volume " + name, volumes.tryLock(name), () -> cleanUp(volume))
                    .ifPresent(left::add);
        }
        return List.copyOf(left);
    }

    /** The volume's lock is held. */
    private static void cleanUp(Path volume) throws IOException {
        Volumes.deleteTree(volume.resolve(COMING));
        Volumes.deleteTree(volume.resolve(GONE));
        for (var place : children(volume)) {
            removeRest(place);
        }
        removeIfEmpty(volume);
    }

    /** Of a removal that was killed: earlier versions took the record first. The volume's lock is held. */
    private static void removeRest(Path place) throws IOException {
        if (Files.notExists(record(place))) {
            Volumes.deleteTree(place);
        }
    }

    private static void removeIfEmpty(Path directory) throws IOException {
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            // There are snapshots in it.
        }
    }

    private Path top() {
        return root.state().resolve("volume-snapshots");
    }

    private Path all(String volume) {
        VolumeSpec.checkName(volume);
        return top().resolve(volume);
    }

    private Path place(String volume, String name) {
        VolumeSpec.checkName(name);
        return all(volume).resolve(name);
    }

    private static Path record(Path place) {
        return place.resolve("snapshot.json");
    }

    /** Set-id programs in a copy are as much out of reach of the host's users as those in the volume. */
    private static Path privateDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        return directory;
    }

    private static List<Path> children(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return List.of();
        }
        try (var all = Files.list(directory)) {
            return all.filter(p -> !p.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        }
    }
}
