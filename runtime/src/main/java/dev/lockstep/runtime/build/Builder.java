package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.SharedLimits;
import dev.lockstep.runtime.container.Usage;
import dev.lockstep.runtime.dockerfile.GlobalArguments;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Problem;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Lease;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.TreeSize;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Builds images. */
public final class Builder {
    /** Build arguments that are the builder's own: nobody has to declare them. */
    private static final Set<String> OWN = Set.of(
            "BUILDKIT_SYNTAX",
            "BUILDKIT_INLINE_CACHE",
            "BUILDKIT_SANDBOX_HOSTNAME",
            "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
            "BUILDKIT_CACHE_MOUNT_NS",
            "BUILDKIT_MULTI_PLATFORM",
            "SOURCE_DATE_EPOCH");

    private final BuildRooms rooms;
    private final UnaryOperator<StepCache.Maker> makers;

    /** Builds with these rooms. */
    public Builder(BuildRooms rooms) {
        this(rooms, UnaryOperator.identity());
    }

    /** @param makers what makes a step's layer, instead of what its instruction does */
    Builder(BuildRooms rooms, UnaryOperator<StepCache.Maker> makers) {
        this.rooms = rooms;
        this.makers = makers;
    }

    /**
     * The same for builds that share what programs have made with those of that name alone: of a repository that is
     * followed, whose authors are others than those of the next one. See {@link BuildRooms}.
     */
    public Builder sharedBy(String others) {
        return new Builder(rooms.sharedBy(others), makers);
    }

    /**
     * Limits that steps of several builds and what tests them have together, for as long as one has entered them; see
     * {@link #within}. A root has them once: whoever asks for them holds the agent's lock.
     *
     * @param memory bytes; absent: half of the host's
     * @param processes absent: as many as one step may have
     * @param unlimited hears once of each limit that this host does not keep anybody to, and why
     */
    public SharedLimits limits(Optional<Long> memory, Optional<Integer> processes, Consumer<String> unlimited)
            throws IOException {
        return new SharedLimits(
                rooms.root(),
                StepContainer.sharedCgroup(rooms.root()),
                memory.isPresent() ? memory.get() : Usage.hostMemory() / 2,
                processes.orElse(StepContainer.PROCESSES),
                unlimited);
    }

    /** The same for builds whose steps have these limits together, beside those that each has. */
    public Builder within(SharedLimits limits) {
        return new Builder(rooms.within(limits), makers);
    }

    /** Does something with an image that was built. */
    @FunctionalInterface
    public interface Finish {
        /** What to do; the image's content stays as long as that takes, whether it has a name or not. */
        void with(Built built) throws IOException;

        /** It gets these names when all of it is there; without any it is an image without a name. */
        static Finish named(ImageStore images, List<ImageReference> names) {
            return built -> {
                var manifest = images.describe(built.image().digest());
                if (names.isEmpty()) {
                    images.addUnnamed(manifest);
                }
                for (var name : names) {
                    images.add(name, manifest);
                }
            };
        }
    }

    /**
     * Builds the target. Killed or failed, there is no image and no name has moved; steps that were done are in the
     * cache.
     *
     * @param finish what becomes of it; if nothing, its content is free to go
     * @return the image, which is in the store if {@code finish} has put it there
     * @throws BuildException when it cannot be built; {@link StepFailedException} says at which instruction
     */
    public Image build(BuildRequest request, BuildEvent.Listener listener, Cancellation cancellation, Finish finish)
            throws IOException {
        // Its own failure ends its stages, and nothing of others that end with the same.
        try (var own = cancellation.part()) {
            return built(request, listener, own.cancellation(), finish);
        }
    }

    private Image built(BuildRequest request, BuildEvent.Listener listener, Cancellation cancellation, Finish finish)
            throws IOException {
        var globals = globals(request);
        var graph = graph(request, globals);
        var target = target(request, graph);
        warn(request, graph, globals, listener);
        var cache = cache(request, listener, cancellation);
        Function<Lease, Solver> solvers =
                lease -> new Solver(rooms, cache, lease, request, globals, graph, listener, cancellation);
        if (graph.needed(target).stream().map(graph.nodes()::get).noneMatch(Builder::mounts)) {
            return build(request, solvers, target, cancellation, finish);
        }
        try (var _ = rooms.runRoot().enter()) {
            return build(request, solvers, target, cancellation, finish);
        } finally {
            rooms.runRoot().leave();
        }
    }

    /** Whether building a stage may need mounts, which only root may have: configuration alone does not. */
    private static boolean mounts(StageGraph.Node stage) {
        // An image may bring triggers.
        return stage.base() instanceof StageGraph.From.Image
                || stage.base() instanceof StageGraph.From.Context
                || stage.instructions().stream()
                        .anyMatch(instruction -> instruction instanceof Instruction.Run
                                || instruction instanceof Instruction.Copy
                                || instruction instanceof Instruction.Add
                                || instruction instanceof Instruction.Workdir);
    }

    /** @param solvers makes what builds the stages with the lease that they are built under */
    private Image build(
            BuildRequest request, Function<Lease, Solver> solvers, int target, Cancellation cancellation, Finish finish)
            throws IOException {
        var begun = rooms.clock().instant();
        try (var lease = rooms.images().lease("build")) {
            var solver = solvers.apply(lease);
            cleanUp();
            var state = solver.solve(target);
            cancellation.check();
            var draft = state.draft().labelQuietly(request.labels());
            var config = new ImageDocument(rooms.images().json())
                    .write(draft, request.epoch().map(Instant::toString), state.inherited());
            if (request.cache().inline()) {
                config.set(
                        CacheDocument.INLINE,
                        new CacheDocument(rooms.images().json())
                                .steps(dated(solver.cache().done(), request.epoch()), draft.layers()));
            }
            var manifest = new StoredDocuments(rooms.images()).image(config, draft.layers(), Map.of());
            var image = rooms.images()
                    .find(manifest.digest())
                    .orElseThrow(() -> new BuildException("the image that was just built is not here whole"));
            finish.with(new Built(request, image, solver.cache().done(), solver.materials(), begun));
            return image;
        }
    }

    /** With an epoch the same inputs are the same image, whenever its steps were done. */
    private static List<DoneStep> dated(List<DoneStep> steps, Optional<Instant> epoch) {
        return epoch.isEmpty()
                ? steps
                : steps.stream()
                        .map(step -> new DoneStep(
                                step.key(), new StepResult(step.result().layer(), epoch.get())))
                        .toList();
    }

    /**
     * Names of the images that the target begins with or copies from, as far as the Dockerfile says it: an image may
     * bring triggers that name others.
     *
     * @throws BuildException when the Dockerfile has no such target
     */
    public List<String> bases(BuildRequest request) throws BuildException {
        var graph = graph(request, globals(request));
        return graph.images(target(request, graph));
    }

    private GlobalArguments globals(BuildRequest request) throws BuildException {
        try {
            return GlobalArguments.of(request.dockerfile(), request.arguments(), platform(request));
        } catch (SubstitutionException e) {
            throw new BuildException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What needs no ARG before a FROM. */
    private Map<String, String> platform(BuildRequest request) {
        var values = new HashMap<String, String>();
        Map.of("TARGET", request.platform(), "BUILD", rooms.images().platform()).forEach((side, platform) -> {
            values.put(side + "PLATFORM", platform.toString());
            values.put(side + "OS", platform.os());
            values.put(side + "ARCH", platform.architecture());
            values.put(side + "VARIANT", platform.variant().orElse(""));
        });
        values.put("TARGETSTAGE", request.target().orElse("default"));
        return values;
    }

    private static StageGraph graph(BuildRequest request, GlobalArguments globals) throws BuildException {
        return switch (StageGraph.of(
                request.dockerfile(), globals, request.contexts().keySet())) {
            case StageGraph.Result.Valid(var graph) -> graph;
            case StageGraph.Result.Invalid(var problems) -> throw new BuildException(problems(request, problems));
        };
    }

    private static String problems(BuildRequest request, List<Problem> problems) {
        var source = request.dockerfile().source();
        var text = new StringBuilder();
        problems.forEach(problem -> text.append(text.isEmpty() ? "" : "\n\n")
                .append(source.excerpt(problem.at()))
                .append(problem.text()));
        return text.toString();
    }

    private static int target(BuildRequest request, StageGraph graph) throws BuildException {
        return switch (graph.target(request.target())) {
            case StageGraph.Target.Found(var index) -> {
                var problems = graph.problems(index);
                if (!problems.isEmpty()) {
                    throw new BuildException(problems(request, problems));
                }
                yield index;
            }
            case StageGraph.Target.Unknown(var message) -> throw new BuildException(message);
        };
    }

    /** Arguments that nobody has declared are probably misspelt. */
    private static void warn(
            BuildRequest request, StageGraph graph, GlobalArguments globals, BuildEvent.Listener listener) {
        var unknown = new LinkedHashMap<String, String>(request.arguments());
        OWN.forEach(unknown::remove);
        unknown.keySet().removeIf(name -> globals.knows(name) || isProxy(name));
        for (var node : graph.nodes()) {
            for (var instruction : node.instructions()) {
                if (instruction instanceof Instruction.Arg arg) {
                    arg.declarations().forEach(declaration -> unknown.remove(declaration.name()));
                }
            }
        }
        if (!unknown.isEmpty()) {
            listener.happened(new BuildEvent.Warning("[Warning] One or more build-args ["
                    + String.join(" ", unknown.keySet().stream().sorted().toList()) + "] were not consumed"));
        }
    }

    private static boolean isProxy(String name) {
        return name.toUpperCase(Locale.ROOT).matches("(HTTP|HTTPS|FTP|NO|ALL)_PROXY");
    }

    /** Removes what killed builds left: containers, mounts, files. What is still at work is left alone. */
    public int cleanUp() throws IOException {
        var root = rooms.root();
        cache().cleanUp();
        rooms.images().blobs().clearSpools();
        var steps = StepWorkspace.cleanUp(root, id -> {
            StepContainer.clear(rooms, id);
            if (Networks.mayBeAttached(root, id)) {
                StepNetwork.clear(rooms.networks().get(), id);
                StepNetwork.removeIfUnused(rooms.networks().get(), root);
            }
        });
        SharedLimits.cleanUp(root, StepContainer.sharedCgroup(root));
        return steps;
    }

    /** Whether a step of that id is being done; it has a network perhaps, and no container's record. */
    public static boolean isAtWork(Root root, String id) {
        return StepWorkspace.isInUse(root, id);
    }

    /** Gives images the form in which they go somewhere. */
    public Packing packing() {
        return packing(new Cancellation());
    }

    /** The same for a build, which may be called off while another one packs the same. */
    public Packing packing(Cancellation cancellation) {
        return new Packing(rooms.images(), cache(), cancellation);
    }

    /** Writes what a build's steps have made where builds of other hosts find it. */
    public CacheExport export() {
        return new CacheExport(rooms, packing());
    }

    /** What steps have made before. */
    public StepCache cache() {
        return cache(List.of());
    }

    /** The same with what a build is told to look for elsewhere. */
    private StepCache cache(BuildRequest request, BuildEvent.Listener listener, Cancellation cancellation) {
        return cache(request.cache().from().stream()
                .map(from -> new ImportedSteps(rooms, from, listener, cancellation))
                .toList());
    }

    private StepCache cache(List<ImportedSteps> imported) {
        return new StepCache(rooms.root(), rooms.images(), rooms.clock(), makers, imported);
    }

    /**
     * What is kept for builds to come.
     *
     * @param records of steps
     * @param directories of {@code RUN --mount=type=cache}
     * @param bytes that they have
     */
    public record Kept(int records, int directories, long bytes) {}

    /** All that is kept. */
    public Kept kept() throws IOException {
        var records = cache().entries();
        var bytes = records.stream().mapToLong(StepCache.Entry::bytes).sum();
        var directories = CacheDirectory.list(rooms.root());
        for (var directory : directories) {
            bytes += TreeSize.of(directory);
        }
        return new Kept(records.size(), directories.size(), bytes);
    }

    /**
     * Forgets what nobody has used for so long; zero: all that nobody is using now. Steps that were used since a build
     * began that is still at work stay. The content of layers goes with the next prune of images.
     *
     * @return what was forgotten
     */
    public Kept forget(Duration unused) throws IOException {
        var records = cache().forget(unused);
        var bytes = records.stream().mapToLong(StepCache.Entry::bytes).sum();
        WebRecords.forget(rooms.root(), rooms.clock().instant().minus(unused));
        var directories = 0;
        for (var directory : CacheDirectory.list(rooms.root())) {
            var size = TreeSize.of(directory);
            if (CacheDirectory.remove(
                    rooms.root(), directory, rooms.clock().instant().minus(unused))) {
                directories++;
                bytes += size;
            }
        }
        return new Kept(records.size(), directories, bytes);
    }

    /** The epoch that somebody asks for in seconds: of {@code SOURCE_DATE_EPOCH}. */
    public static Optional<Instant> epoch(Optional<String> seconds) throws BuildException {
        if (seconds.isEmpty() || seconds.get().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.ofEpochSecond(Long.parseLong(seconds.get())));
        } catch (NumberFormatException e) {
            throw new BuildException("invalid SOURCE_DATE_EPOCH: \"" + seconds.get() + "\" is no number of seconds", e);
        }
    }
}
