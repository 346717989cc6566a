package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.GlobalArguments;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Problem;
import dev.lockstep.runtime.dockerfile.SourceRange;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Lease;
import dev.lockstep.runtime.image.Progress;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Builds the stages that a target needs, each on its own thread, and each once. A stage waits for another where it
 * first needs that; the first failure calls the others off.
 */
final class Solver {
    private final BuildRooms rooms;
    private final BuildRequest request;
    private final BuildEvent.Listener listener;
    private final Cancellation cancellation;
    private final StepCache cache;
    private final BaseImages bases;
    private final GlobalArguments globals;
    private final AtomicInteger numbers = new AtomicInteger();
    private final Set<Material> materials = ConcurrentHashMap.newKeySet();
    private final AtomicReference<StageGraph> graph;
    private final Map<Integer, CompletableFuture<StageState>> stages = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Optional<Throwable>> failure = new AtomicReference<>(Optional.empty());

    /** @param lease that keeps what the build needs as long as it needs it */
    Solver(
            BuildRooms rooms,
            StepCache cache,
            Lease lease,
            BuildRequest request,
            GlobalArguments globals,
            StageGraph graph,
            BuildEvent.Listener listener,
            Cancellation cancellation) {
        this.rooms = rooms;
        this.request = request;
        this.listener = listener;
        this.cancellation = cancellation;
        this.globals = globals;
        this.graph = new AtomicReference<>(graph);
        this.cache = cache;
        this.bases = new BaseImages(rooms, lease, request, listener, numbers, cancellation, this::used);
    }

    BuildRooms rooms() {
        return rooms;
    }

    BuildRequest request() {
        return request;
    }

    Cancellation cancellation() {
        return cancellation;
    }

    StepCache cache() {
        return cache;
    }

    BaseImages bases() {
        return bases;
    }

    GlobalArguments globals() {
        return globals;
    }

    BuildEvent.Listener listener() {
        return listener;
    }

    /** Notes what came from outside. */
    void used(Material material) {
        materials.add(material);
    }

    /** What came from outside, in an order of its own. */
    List<Material> materials() {
        return materials.stream().sorted(Comparator.comparing(Material::uri)).toList();
    }

    StepLog log(String title) {
        return StepLog.start(listener, numbers, title, request.steps().logSize());
    }

    /** Directories of layers, top layer first; what is not unpacked any more is unpacked. */
    List<Path> directories(List<Layer> layers) throws IOException {
        return cancellation.interrupting(() -> rooms.unpack().unpack(layers, Progress.NONE));
    }

    /** What a name of {@code --from} means in a stage. */
    StageGraph.From source(String from, int user) {
        return graph.get().source(from, user);
    }

    /**
     * Builds the target and what it needs.
     *
     * @throws IOException the first failure; nothing runs any more then
     */
    StageState solve(int target) throws IOException {
        for (var index : graph.get().needed(target)) {
            var _ = begin(index);
        }
        try {
            return await(target);
        } catch (IOException e) {
            cancellation.cancel();
            awaitThreads();
            throw rethrown(failure.get().orElse(e));
        } finally {
            awaitThreads();
        }
    }

    private void awaitThreads() {
        List<Thread> all;
        synchronized (threads) {
            all = List.copyOf(threads);
        }
        for (var thread : all) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                cancellation.cancel();
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private CompletableFuture<StageState> begin(int index) {
        return stages.computeIfAbsent(index, _ -> {
            var result = new CompletableFuture<StageState>();
            // A platform thread: namespaces, mounts and locks are its business, and it waits in calls.
            var thread = Thread.ofPlatform()
                    .daemon()
                    .name("build-stage-" + index)
                    .unstarted(() -> {
                        try {
                            result.complete(build(index));
                        } catch (IOException | RuntimeException | Error e) {
                            failure.compareAndSet(Optional.empty(), Optional.of(e));
                            result.completeExceptionally(e);
                            cancellation.cancel();
                        }
                    });
            synchronized (threads) {
                threads.add(thread);
            }
            thread.start();
            return result;
        });
    }

    /** What came of a stage; waits for it. */
    StageState await(int index) throws IOException {
        try {
            return begin(index).join();
        } catch (CompletionException e) {
            throw rethrown(Objects.requireNonNullElse(e.getCause(), e));
        }
    }

    private static IOException rethrown(Throwable failure) {
        return switch (failure) {
            case IOException io -> io;
            case RuntimeException own -> throw own;
            case Error error -> throw error;
            default -> new IOException(failure);
        };
    }

    private StageState build(int index) throws IOException {
        var node = graph.get().nodes().get(index);
        var at = node.stage().written().at();
        StageState begin;
        try {
            begin = switch (node.base()) {
                case StageGraph.From.Scratch _ -> StageState.of(ImageDraft.scratch(bases.platform(node.platform())));
                case StageGraph.From.OfStage(var other) -> await(other).asBase();
                case StageGraph.From.Context(var name) -> StageState.of(withTriggers(index, bases.context(name)));
                case StageGraph.From.Image(var reference) ->
                    StageState.of(withTriggers(index, bases.image(reference, node.platform())));
            };
        } catch (StepFailedException | BuildCancelledException e) {
            throw e;
        } catch (IOException e) {
            throw failed("[" + node.stage().title() + "] FROM " + node.stage().base(), at, List.of(), e);
        }
        return new StageBuild(this, graph.get().nodes().get(index)).run(begin);
    }

    /** The instructions that the image has for who builds on it come first. */
    private ImageDraft withTriggers(int index, BaseImages.Base base) throws IOException {
        var texts = base.draft().config().onBuild();
        if (texts.isEmpty()) {
            return base.draft();
        }
        var triggers = new ArrayList<Instruction>();
        for (var text : texts) {
            switch (DockerfileParser.trigger(
                    text, request.dockerfile().directives().escape())) {
                case DockerfileParser.Trigger.Valid valid -> triggers.add(valid.instruction());
                case DockerfileParser.Trigger.Invalid invalid ->
                    throw new BuildException(
                            "the ONBUILD \"" + text + "\" of the base image is none: " + texts(invalid.problems()));
            }
        }
        synchronized (graph) {
            switch (graph.get().withTriggers(index, triggers)) {
                case StageGraph.Result.Valid valid -> graph.set(valid.graph());
                case StageGraph.Result.Invalid invalid -> throw new BuildException(texts(invalid.problems()));
            }
        }
        return base.draft();
    }

    static String texts(List<Problem> problems) {
        return String.join("; ", problems.stream().map(Problem::text).toList());
    }

    StepFailedException failed(String title, SourceRange at, List<String> lastLines, Exception cause) {
        var excerpt = RemoteFile.withoutLogins(request.dockerfile().source().excerpt(at));
        return new StepFailedException(title, at, excerpt, lastLines, sentence(cause), cause);
    }

    private static String sentence(Exception cause) {
        return switch (cause) {
            // These have a path for a message and nothing else.
            case NoSuchFileException e -> e.getFile() + ": no such file or directory";
            case FileSystemException e
            when e.getReason() == null ->
                e.getFile() + ": " + e.getClass().getSimpleName().replace("Exception", "");
            default -> String.valueOf(cause.getMessage());
        };
    }

    /** Variables of builds that no ARG declares and that only RUN sees. */
    Map<String, String> proxies() {
        var proxies = new HashMap<String, String>();
        for (var name : List.of("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")) {
            for (var spelling : List.of(name, name.toLowerCase(Locale.ROOT))) {
                var value = request.arguments().get(spelling);
                if (value != null) {
                    proxies.put(spelling, value);
                }
            }
        }
        return proxies;
    }
}
