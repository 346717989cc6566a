package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A stack's own directory, {@code ROOT/stacks/STACK}: {@code files/} holds relative bind sources at their paths (those
 * beside the stack's directory in {@code outside/}), {@code kept/} what gave way to Git's version, and
 * {@code files.json} what Git last wrote.
 *
 * <p>Three versions of a tracked file decide: what Git last wrote, what the commit has, and what is there. What Git
 * does not track is the user's data and never touched. A container may have written anything into these directories,
 * links among it: they are walked by descriptor, name by name, and no link is followed.
 *
 * <p>The caller holds the stack's lock. Several threads of one apply may install at once.
 */
public final class StackFiles {
    private static final DateTimeFormatter KEPT_AT =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssSSS'Z'").withZone(ZoneOffset.UTC);

    private final Path stacks;
    private final Path directory;
    private final StateFile<Written> state;
    private final InstantSource clock;
    private final ReentrantLock installing = new ReentrantLock();

    /** Content of {@code files.json}: by path. */
    record Written(Map<String, Tracked> files) {
        Written {
            files = new TreeMap<>(files);
        }
    }

    /** @param stack name of a Compose project */
    public StackFiles(Root root, String stack, InstantSource clock) {
        if (!stack.matches("[a-z0-9][a-z0-9_-]*")) {
            throw new IllegalArgumentException("not a name of a stack: " + stack);
        }
        this.stacks = root.state().resolve("stacks");
        this.directory = stacks.resolve(stack);
        this.state = root.stateFile(Written.class, 1);
        this.clock = clock;
    }

    /**
     * The path to mount. What is below {@code files/} may have been written by a container: a mount must not follow
     * links on the way from there.
     */
    public Path locate(MountSource.StackFile source) {
        return source.path().startsWith("../")
                ? directory.resolve("outside").resolve(source.repositoryPath())
                : directory.resolve("files").resolve(source.path());
    }

    /** The directory above which nothing of a container's making stands: links below it are not to be trusted. */
    public Path base(MountSource.StackFile source) {
        return directory.resolve(source.path().startsWith("../") ? "outside" : "files");
    }

    /**
     * Says what {@link #install} would do now. Writes nothing.
     *
     * @throws dev.lockstep.reconciler.git.GitException submodule, Git LFS pointer, link that leaves, too large
     */
    public List<FileChange> prepare(CommitTree tree, Collection<MountSource.StackFile> sources) throws IOException {
        var written = read();
        var changes = new ArrayList<FileChange>();
        var going = new HashSet<Place>();
        for (var step : steps(tree, sources, written)) {
            var change = decide(step, going);
            if (change.isPresent()) {
                changes.add(change.get());
                switch (change.get().kind()) {
                    case REMOVE, REMOVE_AND_KEEP -> going.add(step.place);
                    case MAKE_DIRECTORY, WRITE, UPDATE, UPDATE_AND_KEEP, LEAVE, OBSTRUCTED, MISSING -> {}
                }
            }
        }
        return List.copyOf(changes);
    }

    /**
     * Brings the sources to the commit's state: call it when the containers that mount them are down and about to be
     * started. Each file is replaced atomically; after a crash another call finishes.
     *
     * @return what was done, in order; what is {@linkplain FileChange.Kind#isReported() reported} goes to the status
     */
    public List<FileChange> install(CommitTree tree, Collection<MountSource.StackFile> sources) throws IOException {
        installing.lock();
        try {
            makeDirectories();
            clearStaging();
            var written = read();
            var before = Map.copyOf(written);
            var changes = new ArrayList<FileChange>();
            for (var step : steps(tree, sources, written)) {
                // Decided anew for each: removing a file makes room for a directory.
                var change = decide(step, Set.of());
                if (change.isPresent()) {
                    perform(tree, step, change.get());
                    changes.add(change.get());
                }
                remember(written, step, change);
            }
            if (!written.equals(before)) {
                state.write(stateFile(), new Written(written));
            }
            return List.copyOf(changes);
        } finally {
            installing.unlock();
        }
    }

    /** Removes everything of the stack here, the user's data too: for {@code down -v} and nothing else. */
    public void delete() throws IOException {
        if (Files.exists(directory)) {
            try (var stack = Directory.open(directory)) {
                for (var name : List.of("files", "outside", "kept", "staging", "files.json")) {
                    stack.removeTree(RawPath.of(name));
                }
                stack.sync();
            }
        }
    }

    /** One path to look at: what the commit has and what Git last wrote. {@code source} only for the source itself. */
    private record Step(
            String path,
            Place place,
            Optional<TreeEntry> wanted,
            Optional<Tracked> want,
            Optional<Tracked> was,
            boolean directory,
            boolean create) {}

    /** Removals first, deepest first, so that a directory can become a file and a file a directory. */
    private List<Step> steps(CommitTree tree, Collection<MountSource.StackFile> sources, Map<String, Tracked> written)
            throws IOException {
        var steps = new TreeMap<String, Step>();
        var sourceSteps = new ArrayList<Step>();
        for (var source : sources) {
            var place =
                    new Place(base(source), source.path().startsWith("../") ? source.repositoryPath() : source.path());
            if (source.tracked().isEmpty() || source.tracked().get().isDirectory()) {
                sourceSteps.add(new Step(
                        source.path(),
                        place,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        true,
                        source.create() || source.tracked().isPresent()));
            }
            if (source.tracked().isPresent()) {
                var mounted = source.tracked().get();
                for (var entry : GitFiles.below(tree, mounted)) {
                    var rest = entry.path().substring(mounted.path().length());
                    rest = rest.startsWith("/") ? rest.substring(1) : rest;
                    var path = RepositoryPath.child(source.path(), rest);
                    path = rest.isEmpty() ? source.path() : path;
                    steps.put(
                            path,
                            new Step(
                                    path,
                                    rest.isEmpty() ? place : place.child(rest),
                                    Optional.of(entry),
                                    Optional.of(Tracked.of(entry, tree.size(entry))),
                                    Optional.ofNullable(written.get(path)),
                                    false,
                                    false));
                }
            }
            for (var old : written.entrySet()) {
                if (RepositoryPath.isWithin(old.getKey(), source.path()) && !steps.containsKey(old.getKey())) {
                    var rest = old.getKey().equals(source.path())
                            ? ""
                            : old.getKey()
                                    .substring(
                                            source.path().isEmpty()
                                                    ? 0
                                                    : source.path().length() + 1);
                    steps.put(
                            old.getKey(),
                            new Step(
                                    old.getKey(),
                                    rest.isEmpty() ? place : place.child(rest),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.of(old.getValue()),
                                    false,
                                    false));
                }
            }
        }
        var ordered = new ArrayList<Step>();
        steps.values().stream()
                .filter(s -> s.want.isEmpty())
                .sorted(Comparator.comparing(Step::path).reversed())
                .forEach(ordered::add);
        ordered.addAll(sourceSteps);
        steps.values().stream().filter(s -> s.want.isPresent()).forEach(ordered::add);
        return ordered;
    }

    private Optional<FileChange> decide(Step step, Set<Place> going) throws IOException {
        return decision(step, going).map(kind -> new FileChange(kind, step.path.isEmpty() ? "." : step.path));
    }

    private static Optional<FileChange.Kind> decision(Step step, Set<Place> going) throws IOException {
        var found = step.place.look(step.want, step.was, going);
        if (step.directory) {
            return switch (found) {
                case Found.Absent _ ->
                    Optional.of(step.create ? FileChange.Kind.MAKE_DIRECTORY : FileChange.Kind.MISSING);
                case Found.InTheWay _ -> Optional.of(FileChange.Kind.OBSTRUCTED);
                // A file is as good a source as a directory where Git says nothing.
                case Found.Known _, Found.Foreign _, Found.FullDirectory _, Found.HollowDirectory _ -> Optional.empty();
            };
        }
        return step.want.isPresent() ? decideWanted(step, step.want.get(), found) : decideGone(found);
    }

    private static Optional<FileChange.Kind> decideWanted(Step step, Tracked want, Found found) {
        var changedByCommit = !step.was.equals(Optional.of(want));
        return switch (found) {
            case Found.Known known when known.version().equals(want) -> Optional.empty();
            case Found.Known _ -> Optional.of(FileChange.Kind.UPDATE);
            case Found.Absent _ -> Optional.of(changedByCommit ? FileChange.Kind.WRITE : FileChange.Kind.LEAVE);
            case Found.HollowDirectory _ ->
                Optional.of(changedByCommit ? FileChange.Kind.WRITE : FileChange.Kind.LEAVE);
            case Found.Foreign _ ->
                Optional.of(changedByCommit ? FileChange.Kind.UPDATE_AND_KEEP : FileChange.Kind.LEAVE);
            case Found.FullDirectory _, Found.InTheWay _ -> Optional.of(FileChange.Kind.OBSTRUCTED);
        };
    }

    private static Optional<FileChange.Kind> decideGone(Found found) {
        return switch (found) {
            case Found.Known _ -> Optional.of(FileChange.Kind.REMOVE);
            case Found.Foreign _ -> Optional.of(FileChange.Kind.REMOVE_AND_KEEP);
            case Found.Absent _, Found.HollowDirectory _, Found.FullDirectory _, Found.InTheWay _ -> Optional.empty();
        };
    }

    private void perform(CommitTree tree, Step step, FileChange change) throws IOException {
        switch (change.kind()) {
            case MAKE_DIRECTORY -> step.place.makeDirectory();
            case WRITE, UPDATE -> write(tree, step);
            case UPDATE_AND_KEEP -> {
                keep(step);
                write(tree, step);
            }
            case REMOVE -> step.place.remove();
            case REMOVE_AND_KEEP -> {
                keep(step);
                step.place.remove();
            }
            case LEAVE, OBSTRUCTED, MISSING -> {}
        }
    }

    private static void remember(Map<String, Tracked> written, Step step, Optional<FileChange> change) {
        if (step.directory
                || change.filter(c -> c.kind() == FileChange.Kind.OBSTRUCTED).isPresent()) {
            return;
        }
        if (step.want.isPresent()) {
            written.put(step.path, step.want.get());
        } else {
            written.remove(step.path);
        }
    }

    private void write(CommitTree tree, Step step) throws IOException {
        var temporary = RawPath.of(Long.toHexString(ThreadLocalRandom.current().nextLong()));
        // In a directory of ours, not beside the target: there a container could touch it before it is finished.
        try (var staging = Directory.open(directory.resolve("staging"))) {
            try {
                GitFiles.write(tree, step.wanted.orElseThrow(), staging, temporary);
                step.place.replace(staging, temporary);
            } finally {
                staging.remove(temporary);
            }
        }
    }

    private void keep(Step step) throws IOException {
        var path = step.path.replace("../", "").replace("..", "");
        try (var kept = Directory.open(directory.resolve("kept"));
                var parent = kept.makeDirectoriesInRoot(RawPath.of(RepositoryPath.parent(path)), 0700)) {
            var name = path.substring(path.lastIndexOf('/') + 1) + "." + KEPT_AT.format(clock.instant());
            step.place.linkTo(parent, RawPath.of(name));
            parent.sync();
        }
    }

    /** Nobody writes there now, so what is there was being written by somebody who was killed. */
    private void clearStaging() throws IOException {
        try (var staging = Directory.open(directory.resolve("staging"))) {
            for (var name : staging.list()) {
                staging.removeTree(name);
            }
        }
    }

    private void makeDirectories() throws IOException {
        Root.directory(stacks);
        Root.directory(directory);
        for (var name : List.of("files", "outside", "kept", "staging")) {
            Root.directory(directory.resolve(name));
        }
    }

    private Map<String, Tracked> read() throws IOException {
        return new TreeMap<>(state.read(stateFile()).map(Written::files).orElse(Map.of()));
    }

    private Path stateFile() {
        return directory.resolve("files.json");
    }
}
