package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.network.OneFamily;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The records of all containers, and their locks. */
final class ContainerStore {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerStore.class);

    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    private final Root root;
    private final StateFile<ContainerRecord> records;
    private final StateFile<Life> lives;
    private final StateFile<HealthState> healths;
    private final StateFile<Run> runs;
    private final SecureRandom random = new SecureRandom();

    ContainerStore(Root root) {
        this.root = root;
        this.records = root.stateFile(
                ContainerRecord.class,
                2,
                record -> OneFamily.wishes(record.path("spec").path("networks")));
        this.lives = root.stateFile(Life.class, 1);
        this.healths = root.stateFile(HealthState.class, 1);
        this.runs = root.stateFile(Run.class, 1);
    }

    ContainerFiles files(String id) {
        return new ContainerFiles(root, id);
    }

    String newId() {
        var bytes = new byte[32];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Waits for the container's lock. Platform threads only. */
    Flock lock(String id) throws IOException {
        return Flock.lasting(files(id).lock());
    }

    Optional<Flock> tryLock(String id) throws IOException {
        return Flock.tryLasting(files(id).lock());
    }

    /**
     * Who has a name.
     *
     * @param holder id of the container that is found by it
     * @param heir id of the one that gets it when the holder is removed; empty text: nobody
     */
    private record Name(String holder, String heir) {
        static final int LONGEST = 200;

        static Name parse(String text) {
            var lines = text.lines().toList();
            return new Name(lines.isEmpty() ? "" : lines.getFirst(), lines.size() < 2 ? "" : lines.get(1));
        }

        byte[] text() {
            return (holder + "\n" + heir + "\n").getBytes(StandardCharsets.US_ASCII);
        }
    }

    /**
     * Writes the record and takes its name. A power failure may take both back, see {@link #keep}: there is nothing yet
     * but this directory, and a name that is not as the records say is put right ({@link #freeNames}). Of the record it
     * may leave a file without content, which is then none: so nobody waits here for the disk.
     *
     * @param replaces the container whose name it may inherit
     * @throws ContainerException when another container has the name
     */
    void add(ContainerRecord record, Optional<String> replaces) throws IOException {
        var files = files(record.id());
        Root.directory(ContainerFiles.all(root));
        Root.directory(files.state());
        Files.createFile(files.creating());
        records.writeVolatile(files.record(), record);
        var name = record.spec().name();
        try (var _ = names()) {
            var present = inForce(name);
            if (present.isEmpty()) {
                put(name, new Name(record.id(), ""));
                return;
            }
            var holder = present.get().holder();
            var heir = present.get().heir();
            var free = heir.isEmpty() || !isThere(heir);
            if (replaces.filter(holder::equals).isPresent() && free) {
                put(name, new Name(holder, record.id()));
                return;
            }
            AtomicFiles.delete(files.record());
            Files.deleteIfExists(files.creating());
            Files.deleteIfExists(files.state());
            throw new ContainerException(
                    ContainerException.Reason.CONFLICT,
                    "The container name \"" + name + "\" is taken by container " + holder.substring(0, 12)
                            + unusable(holder)
                                    .map(why -> ", of which " + why + ".")
                                    .orElse(". Remove that one first."));
        }
    }

    /** Which file of it cannot be read, where that is one of a newer Lockstep: it cannot be removed with this one. */
    private Optional<String> unusable(String id) throws IOException {
        try {
            var _ = record(id);
            var _ = life(id);
            var _ = health(id);
            var _ = run(id, ProcessIdentity.bootId());
            return Optional.empty();
        } catch (StateException e) {
            return Optional.ofNullable(e.getMessage());
        }
    }

    /**
     * From now on the record of {@link #add} is there whatever happens: something is about to be made for it elsewhere.
     */
    void keep(ContainerRecord record) throws IOException {
        records.write(files(record.id()).record(), record);
        AtomicFiles.delete(files(record.id()).creating());
    }

    /** Writes the record of a container that is made, durably. */
    void finish(ContainerRecord record) throws IOException {
        var files = files(record.id());
        if (!isCutOff(record.id())) {
            write(record);
            return;
        }
        // The one before is worth nothing, so the file need not be on disk before it takes its place: the file systems
        // that write a journal then write it once for the content and the name.
        records.writeVolatile(files.record(), record);
        AtomicFiles.syncFile(files.record());
        AtomicFiles.syncDirectory(files.state());
        Files.delete(files.creating());
    }

    /** Whether it has a record; one that cannot be read counts, but for what a power failure left of a creation. */
    private boolean isThere(String id) {
        try {
            return Files.exists(files(id).record())
                    && (!isCutOff(id) || record(id).isPresent());
        } catch (IOException e) {
            return true;
        }
    }

    /** Held for the moment in which a name changes hands. */
    private Flock names() throws IOException {
        return Flock.exclusive(root.lock("container-names"));
    }

    /** Who has that name. A file that makes no sense says nothing; {@link #freeNames} writes it anew. */
    private Optional<Name> name(String name) throws IOException {
        var file = ContainerFiles.name(root, name);
        try {
            if (Files.size(file) > Name.LONGEST || !Files.isRegularFile(file)) {
                return Optional.empty();
            }
            return Optional.of(Name.parse(Files.readString(file, StandardCharsets.ISO_8859_1)))
                    .filter(n -> ID.matcher(n.holder()).matches())
                    .filter(n -> n.heir().matches("([0-9a-f]{64})?"));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Who has that name by the records. Who renamed or removed the holder may have been killed in the middle: one that
     * is gone, or is called otherwise by now, has no name that another one wants, and its heir has it.
     */
    private Optional<Name> inForce(String name) throws IOException {
        var found = name(name);
        if (found.isEmpty()
                || isThere(found.get().holder()) && holds(found.get().holder(), name)) {
            return found;
        }
        return found.map(Name::heir)
                .filter(heir -> !heir.isEmpty() && isThere(heir) && holds(heir, name))
                .map(heir -> new Name(heir, ""));
    }

    private void put(String name, Name who) throws IOException {
        var file = ContainerFiles.name(root, name);
        Root.directory(ContainerFiles.names(root));
        if (Files.isDirectory(file)) {
            clear(file);
        }
        AtomicFiles.writeVolatile(file, who.text());
    }

    /** Drops names of containers that are gone; returns them. */
    List<String> freeNames() throws IOException {
        var freed = new ArrayList<String>();
        try (var _ = names()) {
            var directory = ContainerFiles.names(root);
            for (var name : names(directory)) {
                if (name.startsWith(".")) {
                    Files.deleteIfExists(directory.resolve(name));
                } else if (name(name).filter(n -> holds(n.holder(), name)).isEmpty()) {
                    handOver(name, name(name).map(Name::heir).orElse(""));
                    freed.add(name);
                }
            }
            // The other way round: whose name is nowhere.
            for (var record : list()) {
                var own = record.spec().name();
                if (name(own)
                        .filter(n -> n.holder().equals(record.id()) || n.heir().equals(record.id()))
                        .isEmpty()) {
                    var holder = name(own).map(Name::holder);
                    put(own, holder.isPresent() ? new Name(holder.get(), record.id()) : new Name(record.id(), ""));
                    freed.remove(own);
                }
            }
        }
        return freed;
    }

    /**
     * Writes the record under its new name and frees the old one. A crash in between leaves both names, and the next
     * clean-up drops the one that the record does not have.
     */
    void rename(ContainerRecord before, ContainerRecord after) throws IOException {
        var taken = after.spec().name();
        var freed = before.spec().name();
        try (var _ = names()) {
            var present = inForce(taken);
            if (present.isPresent()) {
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        "The container name \"" + taken + "\" is taken by container "
                                + present.get().holder().substring(0, 12)
                                + unusable(present.get().holder())
                                        .map(why -> ", of which " + why + ".")
                                        .orElse(". Remove or rename that one first."));
            }
            put(taken, new Name(after.id(), ""));
            write(after);
            handOver(freed, name(freed).map(Name::heir).orElse(""));
        }
    }

    /** Whether the container is there and goes by that name. */
    private boolean holds(String id, String name) {
        try {
            return record(id).filter(r -> r.spec().name().equals(name)).isPresent();
        } catch (IOException e) {
            return true; // a record that cannot be read keeps its name until somebody has looked at it
        }
    }

    private void handOver(String name, String heir) throws IOException {
        if (heir.isEmpty() || !isThere(heir)) {
            clear(ContainerFiles.name(root, name));
            AtomicFiles.syncDirectory(ContainerFiles.names(root));
        } else {
            put(name, new Name(heir, ""));
        }
    }

    /** Also on a full disk: from now on it may only be removed. */
    void writeRemoving(ContainerRecord record) throws IOException {
        records.writeEvenIfFull(files(record.id()).record(), record.in(ContainerRecord.Phase.REMOVING));
    }

    void write(ContainerRecord record) throws IOException {
        records.write(files(record.id()).record(), record);
        if (hasRun(record.id())) {
            writeCopy(record);
        }
    }

    /**
     * The record, or the copy that is kept while it runs where the record itself is damaged. None where a power failure
     * came before it was on disk.
     *
     * @throws StateException when neither can be used
     */
    Optional<ContainerRecord> record(String id) throws IOException {
        try {
            var record = read(id, files(id).record());
            // Who removes a container takes away the copy first.
            return record.isPresent() ? record : copy(id);
        } catch (StateException e) {
            var copy = e.reason() == StateException.Reason.DAMAGED ? copy(id) : Optional.<ContainerRecord>empty();
            if (copy.isEmpty() && !(isCutOff(id) && e.reason() == StateException.Reason.DAMAGED)) {
                throw e;
            }
            return copy;
        }
    }

    /** Whether its record, when it is damaged, is what a power failure left of a creation, and no more than none. */
    private boolean isCutOff(String id) {
        return Files.exists(files(id).creating());
    }

    private Optional<ContainerRecord> read(String id, Path file) throws IOException {
        var record = records.read(file);
        if (record.filter(r -> !r.id().equals(id)).isPresent()) {
            throw StateException.damaged(
                    file, "it is that of container " + record.get().id());
        }
        return record;
    }

    private Optional<ContainerRecord> copy(String id) {
        try {
            return read(id, files(id).recordCopy());
        } catch (IOException e) {
            return Optional.empty(); // what is wrong with the record itself is what matters
        }
    }

    /** Kept as long as it runs, so that a damaged record does not cost a process that is well. Not durable. */
    void writeCopy(ContainerRecord record) throws IOException {
        records.writeVolatile(files(record.id()).recordCopy(), record);
    }

    /** Writes anew what is damaged and can be told from elsewhere. Its lock is held; one line each for people. */
    List<String> repair(ContainerRecord record, String bootId) throws IOException {
        var id = record.id();
        var who = " of container " + record.spec().name();
        var repaired = new ArrayList<String>();
        if (isDamaged(records, files(id).record()) || Files.notExists(files(id).record())) {
            clear(files(id).record());
            records.write(files(id).record(), record);
            repaired.add("repaired the record" + who + " from its copy");
        }
        if (isDamaged(lives, files(id).life())) {
            var life = life(id);
            clear(files(id).life());
            write(id, life);
            repaired.add("began the history" + who + " anew, which was damaged: restarts are counted from 0");
        }
        if (isDamaged(healths, files(id).health())) {
            clear(files(id).health());
            repaired.add("forgot the health" + who + ", which was damaged");
        }
        if (isDamaged(runs, files(id).runRecord()) || isRunLost(id)) {
            var run = run(id, bootId);
            clear(files(id).runRecord());
            if (run.isPresent()) {
                write(id, run.get());
                repaired.add("put the record of the run" + who + " together anew, which was damaged");
            }
        }
        return repaired;
    }

    /** Whether none of its files is damaged. Takes no lock. */
    boolean isSound(String id) throws IOException {
        return Files.exists(files(id).record())
                && !isRunLost(id)
                && !isDamaged(records, files(id).record())
                && !isDamaged(lives, files(id).life())
                && !isDamaged(healths, files(id).health())
                && !isDamaged(runs, files(id).runRecord());
    }

    /** It is written before there is anything to run. */
    private boolean isRunLost(String id) {
        return Files.notExists(files(id).runRecord()) && Files.exists(files(id).pidFile());
    }

    /** What is no file cannot be replaced by one. */
    private static void clear(Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            Teardown.removeTree(file);
        } else {
            Files.deleteIfExists(file);
        }
    }

    private static boolean isDamaged(StateFile<?> state, Path file) throws IOException {
        try {
            var _ = state.read(file);
            return false;
        } catch (StateException e) {
            return e.reason() == StateException.Reason.DAMAGED;
        }
    }

    /** What has a record that cannot be used. */
    List<DamagedContainer> damaged() throws IOException {
        var all = new ArrayList<DamagedContainer>();
        for (var id : ids()) {
            damaged(id).ifPresent(all::add);
        }
        return all;
    }

    Optional<DamagedContainer> damaged(String id) throws IOException {
        try {
            var _ = record(id);
            return Optional.empty();
        } catch (StateException e) {
            return Optional.of(new DamagedContainer(
                    id, nameOf(id), String.valueOf(e.getMessage()), e.reason() == StateException.Reason.DAMAGED));
        }
    }

    /** The one that has that name, if its record cannot be used. */
    Optional<DamagedContainer> damagedNamed(String name) throws IOException {
        var holder =
                name(name).map(Name::holder).filter(id -> Files.exists(files(id).state()));
        return holder.isEmpty()
                ? Optional.empty()
                : damaged(holder.get()).filter(damaged -> damaged.name().equals(name));
    }

    private String nameOf(String id) throws IOException {
        for (var name : names(ContainerFiles.names(root))) {
            if (!name.startsWith(".")
                    && name(name).filter(n -> n.holder().equals(id)).isPresent()) {
                return name;
            }
        }
        return "";
    }

    /** The record; a {@link ContainerException} when there is none. */
    ContainerRecord require(String id) throws IOException {
        return record(id)
                .orElseThrow(() -> new ContainerException(
                        ContainerException.Reason.NO_SUCH_CONTAINER, "There is no container " + id + "."));
    }

    /** A container that is neither half made nor half removed. */
    ContainerRecord whole(String id) throws IOException {
        var record = require(id);
        if (record.phase() != ContainerRecord.Phase.CREATED) {
            var half = record.phase() == ContainerRecord.Phase.CREATING ? "made" : "removed";
            throw ContainerException.conflict(
                    record.spec().name(), "is half " + half + "; remove it and create it again");
        }
        return record;
    }

    Optional<ContainerRecord> find(String nameOrId) throws IOException {
        if (nameOrId.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]*")) {
            var named = name(nameOrId);
            if (named.isPresent()) {
                return record(inForce(nameOrId).or(() -> named).get().holder());
            }
        }
        if (!nameOrId.matches("[0-9a-f]{1,64}")) {
            return Optional.empty();
        }
        var matching = ids().stream().filter(id -> id.startsWith(nameOrId)).toList();
        if (matching.size() > 1) {
            throw new ContainerException(
                    ContainerException.Reason.CONFLICT,
                    "\"" + nameOrId + "\" is the beginning of " + matching.size() + " container ids; give more of it.");
        }
        return matching.isEmpty() ? Optional.empty() : record(matching.getFirst());
    }

    /** Ids of everything that has a directory, sorted. */
    List<String> ids() throws IOException {
        return names(ContainerFiles.all(root)).stream()
                .filter(name -> ID.matcher(name).matches())
                .toList();
    }

    static List<String> names(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** All that can be read; {@link #damaged} has the others. */
    List<ContainerRecord> list() throws IOException {
        var all = new ArrayList<ContainerRecord>();
        for (var id : ids()) {
            try {
                record(id).ifPresent(all::add);
            } catch (StateException e) {
                LOG.debug("container {} is left out: {}", id, e.getMessage());
            }
        }
        return all;
    }

    /** Drops contents that no container has or wants; none while somebody's wishes cannot be read. */
    void collect(Contents contents) throws IOException {
        if (damaged().isEmpty()) {
            contents.collect(this::contents);
        }
    }

    /** Contents that some container has or wants. */
    private Set<String> contents() throws IOException {
        var all = new HashSet<String>();
        for (var record : list()) {
            var mounts = new ArrayList<>(record.spec().mounts());
            record.effective().ifPresent(made -> mounts.addAll(made.options().inherited()));
            mounts.forEach(mount -> {
                if (mount instanceof MountSpec.Content content) {
                    all.add(content.identity());
                }
            });
        }
        return all;
    }

    /**
     * The last trace: afterwards nobody finds the container any more, and its replacement has its name. Its directory
     * holds nothing else by now.
     */
    void forget(ContainerRecord record) throws IOException {
        var name = record.spec().name();
        try (var _ = names()) {
            AtomicFiles.delete(files(record.id()).record());
            var who = name(name);
            if (who.filter(n -> n.holder().equals(record.id())).isPresent()) {
                handOver(name, who.get().heir());
            } else if (who.filter(n -> n.heir().equals(record.id())).isPresent()) {
                put(name, new Name(who.get().holder(), ""));
            }
        }
    }

    /**
     * Of a damaged one only what the run says is believed. Without a run it was started: stops are on the disk before
     * anything is told of them and starts are not, so what a power failure damages is the history of a start, and the
     * policy decides whether the container comes back.
     */
    Life life(String id) throws IOException {
        try {
            return lives.read(files(id).life()).orElse(Life.NEW);
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            var run = run(id, ProcessIdentity.bootId());
            if (run.filter(r -> !r.started()).isPresent()) {
                return Life.NEW;
            }
            var written = Files.getLastModifiedTime(files(id).life()).toInstant();
            return Life.NEW.startedByHand(run.map(Run::startedAt).orElse(written));
        }
    }

    /** Also on a full disk, or nothing could be stopped there. */
    void write(String id, Life life) throws IOException {
        lives.writeEvenIfFull(files(id).life(), life);
    }

    /** Not durable: what a power failure takes back is a start; what it damages counts as one, see {@link #life}. */
    void writeStart(String id, Life life) throws IOException {
        lives.writeVolatileEvenIfFull(files(id).life(), life);
    }

    /** A damaged one is none: the next checks tell. */
    Optional<HealthState> health(String id) throws IOException {
        try {
            return healths.read(files(id).health());
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    void write(String id, HealthState health) throws IOException {
        healths.writeVolatileEvenIfFull(files(id).health(), health);
    }

    /** The run of this boot; one of an earlier boot is none. A damaged one is put together from what others know. */
    Optional<Run> run(String id, String bootId) throws IOException {
        try {
            return isRunLost(id)
                    ? rebuilt(id, bootId)
                    : runs.read(files(id).runRecord())
                            .filter(run -> run.bootId().equals(bootId));
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            return rebuilt(id, bootId);
        }
    }

    private Optional<Run> rebuilt(String id, String bootId) throws IOException {
        Optional<ContainerRecord> record;
        try {
            record = record(id);
        } catch (StateException e) {
            record = Optional.empty();
        }
        return new RebuiltRun(files(id), bootId).run(record);
    }

    /** Whether any run is recorded, of whatever boot. */
    boolean hasRun(String id) {
        return Files.exists(files(id).run());
    }

    void write(String id, Run run) throws IOException {
        runs.writeVolatile(files(id).runRecord(), run);
    }
}
