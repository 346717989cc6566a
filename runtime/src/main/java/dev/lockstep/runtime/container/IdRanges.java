package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.oci.IdRange;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which ids of the host the containers of a stack have, written down when its first container asks. No two stacks share
 * one, and none is somebody else's: what {@code /etc/subuid} and {@code /etc/subgid} give away, or a process of another
 * user namespace has, is left alone.
 *
 * <p>No file has these ids on disk, in a volume neither, since mounts map them ({@link UserNamespace}), and what cannot
 * be mapped is not mounted; so another range another day costs nothing, and who gets a range that another stack had
 * gets none of its files. A stack keeps its range as long as it has a container, and longer where there is room: only
 * when there is none for another one, the ranges of stacks without containers are given back. A range that a process
 * still has is given to nobody.
 */
public final class IdRanges {
    /** Ids that each stack gets: what images of distributions use. */
    public static final long COUNT = 65_536;

    /** Where systemd leaves ids to nobody (systemd.io/UIDS-GIDS). */
    private static final IdRange NOBODYS = new IdRange(0x7000_0000L, 0x0ffe_0000L);

    /** Whose entry in /etc/subuid and /etc/subgid is meant for this engine. */
    private static final String OWNER = "lockstep";

    private record Given(Map<String, IdRange> stacks) {
        Given {
            stacks = Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNullElse(stacks, Map.of())));
        }
    }

    /**
     * What the host says of its ids; a record of functions' results, so that odd hosts are rows of a test.
     *
     * @param configured the range that the host's owner has written down; absent: that of {@value #OWNER} in the files,
     *     else one that is nobody's
     * @param ours entries of this engine in both files
     * @param others entries of all others
     * @param inUse maps of processes in other user namespaces
     */
    record HostIds(
            Optional<IdRange> configured, List<IdRange> ours, Collection<IdRange> others, Collection<IdRange> inUse) {}

    private final Root root;
    private final Optional<IdRange> configured;
    private final StateFile<Given> file;

    /** @param configured ids that stacks get theirs from; absent: found on the host */
    public IdRanges(Root root, Optional<IdRange> configured) {
        this.root = root;
        this.configured = configured;
        this.file = root.stateFile(Given.class, 1);
    }

    /** A container: its stack, and the ids that it was made with, if it has some. */
    record Holder(String stack, Optional<IdRange> ids) {}

    /** Who needs ranges. */
    @FunctionalInterface
    interface Holders {
        /** All containers that there are, or are being made; empty where a record cannot be read. */
        Optional<List<Holder>> all() throws IOException;
    }

    /**
     * The range of a stack; the same each time as long as it has a container, chosen at the first. Who asks before
     * there is a record of its container asks again when there is one: meanwhile the range may have been given back.
     *
     * @param holders asked where nothing is free
     */
    IdRange of(String stack, Holders holders) throws IOException {
        try (var _ = Flock.exclusive(root.lock("id-ranges"))) {
            var given = given();
            var present = given.get(stack);
            if (present != null) {
                return present;
            }
            var start = Long.parseLong(root.id().substring(0, 6), 16);
            var host = host(configured);
            var chosen = choose(host, given.values(), start);
            if (chosen.isEmpty()) {
                given = needed(given, holders.all());
                chosen = choose(host, given.values(), start);
            }
            var range = chosen.orElseThrow(() -> new ContainerException(
                    ContainerException.Reason.INVALID,
                    "There are no " + COUNT + " ids left on this host for stack " + stack
                            + "; give user-namespaces.range in agent.yaml, or lockstep in /etc/subuid and"
                            + " /etc/subgid, more of them."));
            var more = new TreeMap<>(given);
            more.put(stack, range);
            file.write(path(), new Given(more));
            return range;
        }
    }

    /** Without those that no container has or will have; all, while one of them may have any. */
    private static Map<String, IdRange> needed(Map<String, IdRange> given, Optional<List<Holder>> holders) {
        if (holders.isEmpty()) {
            return given;
        }
        var needed = new TreeMap<>(given);
        // By the range too: a record keeps its ids whatever its stack is called by now.
        needed.entrySet()
                .removeIf(entry -> holders.get().stream()
                        .noneMatch(holder -> holder.stack().equals(entry.getKey())
                                || holder.ids()
                                        .filter(entry.getValue()::overlaps)
                                        .isPresent()));
        return needed;
    }

    /** By stack; of a root that is only looked at, too. */
    public Map<String, IdRange> given() throws IOException {
        return file.read(path()).map(Given::stacks).orElse(Map.of());
    }

    private Path path() {
        return root.state().resolve("id-ranges.json");
    }

    /**
     * The first free range. Roots begin at different places: two of them on one host come into each other's way only
     * when one is full.
     */
    static Optional<IdRange> choose(HostIds host, Collection<IdRange> given, long start) {
        var pools = host.configured().map(List::of).orElse(host.ours().isEmpty() ? List.of(NOBODYS) : host.ours());
        var taken = new ArrayList<>(given);
        taken.addAll(host.inUse());
        if (host.configured().isEmpty()) {
            taken.addAll(host.others());
        }
        for (var pool : pools) {
            var slots = pool.count() / COUNT;
            for (var i = 0L; i < slots; i++) {
                var candidate = new IdRange(pool.first() + (start + i) % slots * COUNT, COUNT);
                if (taken.stream().noneMatch(candidate::overlaps)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    private static HostIds host(Optional<IdRange> configured) throws IOException {
        var uids = subordinate(Path.of("/etc/subuid"));
        var gids = subordinate(Path.of("/etc/subgid"));
        var others = new ArrayList<IdRange>();
        for (var all : List.of(uids, gids)) {
            all.forEach((name, ranges) -> {
                if (!name.equals(OWNER)) {
                    others.addAll(ranges);
                }
            });
        }
        // Both kinds have the same numbers here, so only an entry that is in both files can be used.
        var ours = new ArrayList<>(uids.getOrDefault(OWNER, List.of()));
        ours.retainAll(gids.getOrDefault(OWNER, List.of()));
        return new HostIds(configured, ours, others, inUse());
    }

    private static Map<String, List<IdRange>> subordinate(Path path) throws IOException {
        return Files.exists(path) ? subordinate(Files.readString(path, StandardCharsets.ISO_8859_1)) : Map.of();
    }

    /** Lines {@code NAME:FIRST:COUNT} (subuid(5)), by name; what is none is passed over. */
    static Map<String, List<IdRange>> subordinate(String text) {
        var ranges = new TreeMap<String, List<IdRange>>();
        for (var line : text.split("\n", -1)) {
            var fields = line.strip().split(":", -1);
            if (fields.length == 3 && fields[1].matches("\\d{1,10}") && fields[2].matches("\\d{1,10}")) {
                try {
                    ranges.computeIfAbsent(fields[0], _ -> new ArrayList<>())
                            .add(new IdRange(Long.parseLong(fields[1]), Long.parseLong(fields[2])));
                } catch (IllegalArgumentException e) {
                    // Gives nothing that anybody could have.
                }
            }
        }
        return ranges;
    }

    private static List<IdRange> inUse() throws IOException {
        var all = new ArrayList<IdRange>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                try {
                    all.addAll(mapped(Files.readString(process.resolve("uid_map"))));
                } catch (IOException e) {
                    // It has ended.
                }
            }
        }
        return all;
    }

    /** Ids outside of a map as the kernel prints it (user_namespaces(7)); none for the host's own. */
    static List<IdRange> mapped(String map) {
        var ranges = new ArrayList<IdRange>();
        for (var line : map.split("\n", -1)) {
            var fields = line.strip().split(" +", -1);
            if (fields.length == 3 && !fields[1].equals("0")) {
                ranges.add(new IdRange(Long.parseLong(fields[1]), Long.parseLong(fields[2])));
            }
        }
        return ranges;
    }
}
