package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.ProjectQuota;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Projects;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes of one root. Each is a directory {@code volumes/NAME} with the record and, below it, {@code data}, which
 * is what containers mount. The directory around it is closed to everybody but root, so that set-id programs in a
 * volume are out of reach of the host's users.
 */
public final class Volumes {
    /** How a directory begins that is to be {@code data}, or was until another took its place. */
    private static final String COMING = "coming";

    /** What was {@code data} while it is being removed. */
    private static final String GONE = "gone" + AtomicFiles.TEMPORARY;

    private static final Logger log = LoggerFactory.getLogger(Volumes.class);

    private final Root root;
    private final InstantSource clock;
    private final StateFile<VolumeRecord> file;
    private final VolumeUsers users;

    /** Volumes below the root's state directory. */
    public Volumes(Root root, InstantSource clock) {
        this.root = root;
        this.clock = clock;
        this.file = root.stateFile(VolumeRecord.class, 1);
        this.users = new VolumeUsers(root, this);
    }

    /** Makes the volume, or returns the one of that name: whose it is and what it is labelled stays as it was. */
    public VolumeRecord create(VolumeSpec spec) throws IOException {
        return create(spec, Optional.empty()).record();
    }

    /** Makes the volume; false where there is one of that name, which stays as it was. */
    public boolean createUnlessThere(VolumeSpec spec) throws IOException {
        return create(spec, Optional.empty()).isNew();
    }

    /**
     * The volume without a name that a slot has at {@code target}; made when there is none.
     *
     * @param service the service, or the id of a container of none
     * @param labels of one that is made now; one that is there keeps its own
     */
    public VolumeRecord anonymous(Owner owner, String service, int slot, String target, Map<String, String> labels)
            throws IOException {
        var whose = new VolumeRecord.Slot(owner.stack(), service, slot, target);
        return create(new VolumeSpec(anonymousName(whose), owner, labels), Optional.of(whose))
                .record();
    }

    /** Removes those without a name of a container of no service, which was not made in the end. */
    public void removeAnonymousOf(String container) throws IOException {
        for (var volume : list()) {
            if (volume.slot().filter(slot -> slot.service().equals(container)).isPresent()) {
                removeUnless(volume.spec().name(), () -> false);
            }
        }
    }

    /** Makes the volume as it was, unless there is one of that name. */
    VolumeRecord createAgain(VolumeSpec spec, Optional<VolumeRecord.Slot> slot) throws IOException {
        return create(spec, slot).record();
    }

    private record Made(VolumeRecord record, boolean isNew) {}

    private Made create(VolumeSpec spec, Optional<VolumeRecord.Slot> slot) throws IOException {
        try (var _ = lock(spec.name())) {
            var directory = directory(spec.name());
            var existing = file.read(record(directory));
            if (existing.isPresent()) {
                putBack(directory);
                return new Made(existing.get(), false);
            }
            var all = Root.directory(root.state().resolve("volumes"));
            checkSize(spec, all);
            Files.createDirectories(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            var data = directory.resolve("data");
            if (Files.notExists(data)) {
                Files.createDirectory(data);
                Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            limit(spec, data);
            var made = new VolumeRecord(spec, slot, clock.instant(), false);
            file.write(record(directory), made);
            return new Made(made, true);
        }
    }

    /** Why no volume can be limited here, and how to change that; a sentence that goes on. Absent: it can. */
    public Optional<String> missingLimits() throws IOException {
        return Projects.missing("what a volume holds", root.state().resolve("volumes"));
    }

    /** As Docker: a limit that would hold nobody is refused. */
    private static void checkSize(VolumeSpec spec, Path place) throws IOException {
        if (spec.size().isPresent()) {
            var missing = Projects.missing("what a volume holds", place);
            if (missing.isPresent()) {
                throw new IOException("volume " + spec.name() + " has the option size: " + missing.get() + ".");
            }
        }
    }

    /** Limits a directory that is empty and has no project; each that may become the volume's has one of its own. */
    private void limit(VolumeSpec spec, Path directory) throws IOException {
        if (spec.size().isPresent() && ProjectQuota.project(directory) == 0) {
            Projects.give(root, List.of(directory), spec.size().get());
        }
    }

    /** Removes a directory that may have had a limit. */
    private static void discard(Path directory) throws IOException {
        Projects.release(directory);
        deleteTree(directory);
    }

    /**
     * Gives the volume another owner, and other labels in the place of all that it has; what is in it and who uses it
     * is not touched.
     */
    public void update(String name, Owner owner, Map<String, String> labels) throws IOException {
        try (var _ = lock(name)) {
            var record = record(directory(name));
            var then = file.read(record).orElseThrow(() -> new IOException("there is no volume " + name));
            var spec = then.spec();
            file.write(
                    record,
                    new VolumeRecord(
                            new VolumeSpec(spec.name(), owner, labels, spec.options()),
                            then.slot(),
                            then.createdAt(),
                            then.populated()));
        }
    }

    /**
     * The volume of that name.
     *
     * @throws StateException when its record cannot be used
     */
    public Optional<VolumeRecord> find(String name) throws IOException {
        return file.read(record(directory(name)));
    }

    /** All volumes, by name, but those that are {@link #damaged}. */
    public List<VolumeRecord> list() throws IOException {
        var all = new ArrayList<VolumeRecord>();
        for (var volume : directories()) {
            try {
                file.read(record(volume)).ifPresent(all::add);
            } catch (StateException e) {
                log.debug("left out volume={}", volume, e); // damaged() says so
            }
        }
        return List.copyOf(all);
    }

    /** Volumes whose records cannot be used, by name: each holds up nobody but who needs it. */
    public List<DamagedVolume> damaged() throws IOException {
        var all = new ArrayList<DamagedVolume>();
        for (var volume : directories()) {
            damaged(volume.getFileName().toString()).ifPresent(all::add);
        }
        return List.copyOf(all);
    }

    /** The volume of that name, if its record cannot be used. */
    public Optional<DamagedVolume> damaged(String name) throws IOException {
        try {
            var _ = find(name);
            return Optional.empty();
        } catch (StateException e) {
            return Optional.of(new DamagedVolume(
                    name, String.valueOf(e.getMessage()), e.reason() == StateException.Reason.DAMAGED));
        }
    }

    /** What containers mount. It exists while the volume does. */
    public Path path(String name) {
        return directory(name).resolve("data");
    }

    /**
     * Mounts what the volume is, unless it is mounted already or is a directory of ours, for somebody who will
     * {@link #release} it.
     *
     * @param user whose it is until then, a container's id
     * @throws IOException with a sentence when it cannot be mounted
     */
    public void mount(String name, String user) throws IOException {
        var asked = find(name);
        if (asked.isPresent()) {
            checkSize(asked.get().spec(), path(name)); // quotas may be off since
            if (asked.get().spec().size().isPresent()) {
                Projects.change(path(name), asked.get().spec().size().get());
            }
        }
        if (asked.flatMap(volume -> volume.spec().mount()).isEmpty()) {
            // Who gives it another content just now has looked for users before: these wait for the new one.
            users.mountLock(name).close();
            return;
        }
        users.mount(name, user);
    }

    /** What that user mounted is unmounted, unless others use it still. No error when it has nothing. */
    public void release(String user) throws IOException {
        users.release(user);
    }

    /**
     * Lets its files be looked at until that is closed: what is mounted only while a container uses it is mounted so
     * long, and of a directory of ours nothing is deleted, be it the volume's content no more. One whose process is
     * killed is forgotten by who mounts or unmounts the volume next, and by {@link #cleanUp}.
     *
     * @throws IOException with a sentence when it cannot be mounted, or is memory that nobody uses
     */
    public Visit visit(String name) throws IOException {
        return users.visit(name);
    }

    /** Somebody who looks at a volume's files. */
    @FunctionalInterface
    public interface Visit extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /** Removes the volume and everything in it but its snapshots; no error when there is none. */
    public void remove(String name) throws IOException {
        remove(name, () -> {});
    }

    /**
     * The same, after a look whether somebody needs it. Whoever makes the volume anew meanwhile waits.
     *
     * @param check throws where it must stay
     */
    public void remove(String name, Check check) throws IOException {
        removeUnless(name, () -> {
            check.run();
            return false;
        });
    }

    /** The same, but where somebody needs it the volume stays. */
    public void removeUnless(String name, Question needed) throws IOException {
        try (var _ = lock(name)) {
            if (needed.ask()) {
                return;
            }
            var directory = directory(name);
            var alone = Flock.tryFleeting(users.readers(name));
            if (alone.isEmpty()) {
                throw new IOException("volume " + name + " stays: somebody reads it just now ('volume export' or"
                        + " 'volume snapshot'); remove it when that is done");
            }
            // Nobody mounts it meanwhile: what is mounted there is somebody else's, and stays.
            try (var _ = alone.get();
                    var _ = users.mountLock(name)) {
                users.unmount(name);
                putBack(directory);
                var data = directory.resolve("data");
                requireNothingMounted(name, data);
                // Nothing is deleted while there is a record: what a crash leaves is the whole volume, or none.
                var gone = directory.resolve(GONE);
                discardOrRename(gone);
                if (Files.exists(data)) {
                    Files.move(data, gone);
                    AtomicFiles.syncDirectory(directory);
                }
                AtomicFiles.delete(record(directory));
                try {
                    discard(gone);
                    deleteTree(directory);
                } catch (IOException e) {
                    throw new IOException(
                            "volume " + name + " is removed but for what cannot be deleted in " + directory + ": "
                                    + e.getMessage() + "; put that right and say 'lockstep volume rm " + name
                                    + "' again",
                            e);
                }
                users.forget(name);
            }
        }
    }

    /** Whether it is no volume any more, and something of it could not be deleted: {@link #remove} goes on with it. */
    public boolean isHalfRemoved(String name) throws IOException {
        var directory = directory(name);
        return Files.exists(directory)
                && Files.notExists(record(directory))
                && Files.notExists(directory.resolve("data"));
    }

    /** Makes the name free in any case: what cannot be deleted has another one then, and {@link #cleanUp} tries it. */
    private static void discardOrRename(Path directory) throws IOException {
        try {
            discard(directory);
        } catch (IOException e) {
            log.debug("set aside directory={}", directory, e); // cleanUp() says so
            Files.move(directory, AtomicFiles.temporaryBeside(directory));
        }
    }

    private static void requireNothingMounted(String name, Path data) throws IOException {
        var mounted = Files.exists(data) ? MountTable.below(data.toRealPath()) : List.<Path>of();
        if (!mounted.isEmpty()) {
            throw new IOException("volume " + name + " stays: something is mounted in it at " + mounted.getFirst()
                    + "; unmount that first ('umount " + mounted.getFirst() + "')");
        }
    }

    /**
     * Of a removal that was killed before the volume was none, and had deleted nothing yet. The volume's lock is held.
     */
    private static void putBack(Path directory) throws IOException {
        var data = directory.resolve("data");
        var gone = directory.resolve(GONE);
        if (Files.exists(record(directory)) && Files.exists(gone) && Files.notExists(data)) {
            Files.move(gone, data);
            AtomicFiles.syncDirectory(directory);
        }
    }

    /**
     * Fills a volume that nobody filled yet, once; nothing at all does not fill it. A crash leaves it empty, or the
     * rest to {@link #cleanUp} and to who fills it next.
     *
     * @param content writes into the directory it is given, and may change that directory's owner and mode
     */
    public void populate(String name, Content content) throws IOException {
        try (var _ = lock(name)) {
            var directory = directory(name);
            var found = file.read(record(directory));
            if (found.isEmpty() || found.get().populated()) {
                return;
            }
            var mount = found.get().spec().mount();
            if (mount.filter(LocalMount::isFleeting).isPresent()) {
                return; // as with Docker: what is in memory goes before the volume does
            }
            var data = directory.resolve("data");
            var first = mount.isPresent() ? FirstContent.within(data, root.id()) : FirstContent.beside(directory);
            if (!first.finish() && Files.exists(data) && first.isMissing()) {
                first.put(content);
            }
            writePopulated(found.get(), data, first);
        }
    }

    /** As with Docker, one that an image had nothing for takes the next one's content. */
    private void writePopulated(VolumeRecord volume, Path data, FirstContent first) throws IOException {
        if (Files.exists(data) && !first.isMissing()) {
            file.write(record(directory(volume.spec().name())), volume.asPopulated());
        }
    }

    /**
     * Removes what killed processes left half copied, or half made, or mounted. A volume that somebody works on is his
     * business.
     *
     * @return what could not be put in order, a sentence each: one volume is in no other's way
     */
    public List<String> cleanUp() throws IOException {
        var left = new ArrayList<String>();
        for (var name : users.volumes()) {
            putInOrder("volume " + name, users.tryMountLock(name), () -> users.releaseVisitors(name))
                    .ifPresent(left::add);
        }
        for (var directory : directories()) {
            var name = directory.getFileName().toString();
            putInOrder("volume " + name, tryLock(name), () -> {
                        var alone = Flock.tryFleeting(users.readers(name));
                        if (alone.isPresent()) {
                            try (var _ = alone.get()) {
                                cleanUp(name, directory);
                            }
                        }
                    })
                    .ifPresent(left::add);
        }
        return List.copyOf(left);
    }

    /**
     * Does that unless somebody else has the lock.
     *
     * @return where it fails, a sentence
     */
    static Optional<String> putInOrder(String what, Optional<Flock> lock, Check work) {
        if (lock.isEmpty()) {
            return Optional.empty();
        }
        try (var _ = lock.get()) {
            work.run();
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.of("could not put " + what + " in order, which is tried again by the next agent and by"
                    + " 'lockstep system prune': " + e.getMessage());
        }
    }

    /** The volume's lock is held, and nobody reads it. */
    private void cleanUp(String name, Path directory) throws IOException {
        var damaged = damaged(name);
        if (damaged.isPresent()) {
            // What is in it may be all that somebody has: not even what seems half done is touched.
            log.warn(damaged.get().sentence());
            return;
        }
        putBack(directory);
        var found = file.read(record(directory));
        var first = FirstContent.beside(directory);
        if (first.finish() && found.isPresent()) {
            writePopulated(found.get(), directory.resolve("data"), first);
        }
        for (var rest : names(directory)) {
            if (rest.toString().endsWith(AtomicFiles.TEMPORARY)) {
                if (Files.isDirectory(rest, LinkOption.NOFOLLOW_LINKS)) {
                    discard(rest);
                } else {
                    Files.deleteIfExists(rest);
                }
            }
        }
        // Nobody can have written into one that has no record yet. If there is something all the same, its
        // record was lost, and it is somebody's data.
        var data = directory.resolve("data");
        if (Files.notExists(record(directory))
                && (Files.notExists(data) || names(data).isEmpty())) {
            deleteTree(directory);
        }
    }

    private List<Path> directories() throws IOException {
        var all = root.state().resolve("volumes");
        return Files.notExists(all)
                ? List.of()
                : names(all).stream()
                        .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                        .filter(path -> VolumeSpec.isName(path.getFileName().toString()))
                        .toList();
    }

    static List<Path> names(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    /** Whether something may be done. */
    @FunctionalInterface
    public interface Check {
        void run() throws IOException;
    }

    /** Whether something is so. */
    @FunctionalInterface
    public interface Question {
        boolean ask() throws IOException;
    }

    /**
     * Gives the volume another content. The work is done in a directory beside it that changes places with the old one
     * when it is whole, so that a crash leaves one of both and never a mixture.
     *
     * @param check throws where it must stay as it is: a container that runs would keep the old content
     * @param content writes into the directory it is given, and may change that directory's owner and mode
     * @return where the old content could not be deleted, a sentence: the volume has the new one all the same
     * @throws IOException also when there is no such volume
     */
    public Optional<String> replace(String name, Check check, Content content) throws IOException {
        return replace(name, check, content, () -> {});
    }

    /**
     * The same, for somebody who keeps the volume's containers from running meanwhile.
     *
     * @param changed done when the volume has its new content. After that the old one is deleted, which may take long:
     *     whoever reads it is waited for
     */
    public Optional<String> replace(String name, Check check, Content content, Check changed) throws IOException {
        var old = exchange(name, check, content);
        try {
            changed.run();
        } catch (IOException | RuntimeException e) {
            discardUnread(name, old).ifPresent(left -> e.addSuppressed(new IOException(left)));
            throw e;
        }
        return discardUnread(name, old);
    }

    private Optional<String> discardUnread(String name, Path old) throws IOException {
        // Whoever reads it still comes to its end, and holds up nobody else: it has a name of its own.
        try (var _ = Flock.fleeting(users.readers(name))) {
            return discardOld(name, old);
        }
    }

    /** Where the old content is then. */
    private Path exchange(String name, Check check, Content content) throws IOException {
        try (var _ = lock(name)) {
            var directory = directory(name);
            var found = file.read(record(directory)).orElseThrow(() -> new NoSuchVolumeException(name));
            var mount = found.spec().mount();
            if (mount.isPresent()) {
                throw new IOException("volume " + name + " is no directory of ours but a mount ("
                        + mount.get().shown() + "), and does not change places with another; change its files there");
            }
            check.run();
            FirstContent.beside(directory).finish(); // or it would come into what takes its place
            removeComings(name, directory);
            var coming = AtomicFiles.temporaryBeside(directory.resolve(COMING));
            var changed = false;
            try {
                Files.createDirectory(coming);
                Files.setPosixFilePermissions(coming, PosixFilePermissions.fromString("rwxr-xr-x"));
                limit(found.spec(), coming);
                content.writeTo(coming);
                check.run(); // that may have taken long
                try (var volume = Directory.open(directory)) {
                    volume.syncFileSystem();
                    // Nobody comes from here on, and who came before is found.
                    try (var _ = users.mountLock(name)) {
                        check.run();
                        volume.exchange(RawPath.of("data"), volume, name(coming));
                        changed = true; // from here on it is the old content, which somebody may read
                    }
                    volume.sync();
                }
                file.write(record(directory), found.asPopulated());
            } finally {
                if (!changed) {
                    discard(coming);
                }
            }
            return coming;
        }
    }

    /** Of a limited volume it has now the old project. */
    private static Optional<String> discardOld(String name, Path old) {
        try {
            discard(old);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("what was in volume " + name + " before cannot be deleted and is left in " + old + ": "
                    + e.getMessage() + "; put that right, and 'lockstep system prune' removes it");
        }
    }

    /** What killed ones left takes room that the next one may need. The volume's lock is held. */
    private void removeComings(String name, Path directory) throws IOException {
        var alone = Flock.tryFleeting(users.readers(name));
        if (alone.isEmpty()) {
            return;
        }
        try (var _ = alone.get()) {
            for (var rest : names(directory)) {
                if (rest.getFileName().toString().startsWith("." + COMING + ".")) {
                    try {
                        discard(rest);
                    } catch (IOException e) {
                        log.debug("left directory={}", rest, e); // cleanUp() says so
                    }
                }
            }
        }
    }

    /** What a volume begins with. */
    @FunctionalInterface
    public interface Content {
        void writeTo(Path directory) throws IOException;
    }

    /** Its file goes with it: containers that come and go have volumes without a name, each with a new one. */
    Flock lock(String name) throws IOException {
        VolumeSpec.checkName(name);
        return Flock.fleeting(root.lock("volume/" + name));
    }

    Optional<Flock> tryLock(String name) throws IOException {
        VolumeSpec.checkName(name);
        return Flock.tryFleeting(root.lock("volume/" + name));
    }

    private Path directory(String name) {
        VolumeSpec.checkName(name);
        return root.state().resolve("volumes").resolve(name);
    }

    private static Path record(Path directory) {
        return directory.resolve("volume.json");
    }

    /** Derived, so that a crash between making the volume and writing the container's record leaves no orphan. */
    private String anonymousName(VolumeRecord.Slot slot) {
        try {
            var text = String.join(
                    "\n", root.id(), slot.stack(), slot.service(), String.valueOf(slot.number()), slot.target());
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Removes a tree; no error when there is none. */
    static void deleteTree(Path tree) throws IOException {
        var above = Objects.requireNonNull(tree.getParent());
        if (Files.exists(above)) {
            try (var parent = Directory.open(above)) {
                parent.removeTree(name(tree));
            }
        }
    }

    private static RawPath name(Path path) {
        return RawPath.of(path.getFileName().toString());
    }
}
