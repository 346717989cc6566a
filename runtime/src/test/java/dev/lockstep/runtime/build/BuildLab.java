package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A root with the image {@code busybox}; closing it checks that no step has left anything. */
final class BuildLab implements AutoCloseable {
    final Path directory;
    final Root root;
    final ImageStore images;
    final Snapshots snapshots;
    final BuildRooms rooms;
    final Image busybox;
    final List<BuildEvent> events = new CopyOnWriteArrayList<>();
    /** How often the directories of layers were asked for. */
    final AtomicInteger looks = new AtomicInteger();

    private int trees;

    BuildLab(Path directory) throws IOException {
        this.directory = directory;
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        images = new ImageStore(root, Platform.current(), Clock.systemUTC());
        snapshots = new Snapshots(root, images.blobs(), UnpackLimits.DEFAULT, Clock.systemUTC());
        rooms = reaching(
                (reference, progress) -> {
                    throw new IOException(reference.familiar() + " is in no registry of this test");
                },
                BuildRooms.Repositories.NONE,
                (layers, progress) -> {
                    looks.incrementAndGet();
                    return snapshots.unpack(layers, progress);
                });
        busybox = add(TestImage.busybox("busybox"));
    }

    /** Rooms in which builds get from elsewhere what these give. */
    BuildRooms reaching(BuildRooms.Pull pull, BuildRooms.Repositories repositories, BuildRooms.Unpack unpack) {
        return new BuildRooms(
                root,
                new BuildRooms.RunRoot() {
                    @Override
                    public Flock enter() throws IOException {
                        return Flock.shared(root.lock("run-root"));
                    }

                    @Override
                    public void leave() {}
                },
                images,
                snapshots,
                () -> {
                    throw new IOException("this test has no networks");
                },
                () -> new OciRuntime("runc", program("runc"), root.run().resolve("runtime")),
                () -> SeccompProfile.read(SeccompProfile.DISTRIBUTION, root.json()),
                pull,
                repositories,
                WebFile::fetch,
                BuildRooms.Caches.NONE,
                unpack,
                "test-host",
                "",
                Optional.empty(),
                Clock.systemUTC());
    }

    Image add(TestImage image) throws IOException {
        images.importArchive(image.dockerArchive(directory.resolve("image.tar")), Optional.empty(), Progress.NONE);
        return images.find(ImageReference.parse(image.name().orElseThrow())).orElseThrow();
    }

    /** A build of a Dockerfile, with the lab's directory {@code context} as context. */
    BuildRequest request(String dockerfile) {
        return switch (DockerfileParser.parse("Dockerfile", dockerfile)) {
            case Parsed.Valid valid ->
                new BuildRequest(
                        valid.dockerfile(),
                        Optional.empty(),
                        Optional.of(new BuildRequest.Context(() -> OpenDirectory.open(context()), Ignore.NOTHING)),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        BuildRequest.CacheUse.ALL,
                        false,
                        Map.of(),
                        Map.of(),
                        new BuildRequest.StepOptions(
                                BuildRequest.Network.NONE, List.of(), Optional.empty(), Map.of(), false, false),
                        Platform.current(),
                        Optional.empty());
            case Parsed.Invalid invalid -> throw new AssertionError(invalid.text());
        };
    }

    Path context() throws IOException {
        return Files.createDirectories(directory.resolve("context"));
    }

    /** A file of the context. */
    void file(String name, String content) throws IOException {
        var file = context().resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    Image build(BuildRequest request) throws IOException {
        return build(request, new Cancellation());
    }

    Image build(BuildRequest request, Cancellation cancellation) throws IOException {
        events.clear();
        return new Builder(rooms).build(request, events::add, cancellation, Builder.Finish.named(images, List.of()));
    }

    /** The same, with the steps that builds elsewhere could find. */
    Image build(BuildRequest request, List<DoneStep> steps) throws IOException {
        events.clear();
        return new Builder(rooms).build(request, events::add, new Cancellation(), built -> {
            Builder.Finish.named(images, List.of()).with(built);
            steps.addAll(built.steps());
        });
    }

    void build(BuildRequest request, BuildEvent.Listener listener) throws IOException {
        new Builder(rooms).build(request, listener, new Cancellation(), image -> {});
    }

    Image build(String dockerfile) throws IOException {
        return build(request(dockerfile));
    }

    /** Which steps of the last build were done, and which were found; without what FROM says. */
    List<String> steps() {
        var titles = new LinkedHashMap<Integer, String>();
        var steps = new ArrayList<String>();
        for (var event : events) {
            if (event instanceof BuildEvent.Started started) {
                titles.put(started.step(), started.title());
            }
            if (event instanceof BuildEvent.Done done
                    && titles.getOrDefault(done.step(), "").startsWith("[")) {
                steps.add((done.cached() ? "CACHED " : "")
                        + titles.getOrDefault(done.step(), "").replaceFirst("^\\[.*?] ", ""));
            }
        }
        return steps;
    }

    /** What the steps of the last build wrote. */
    String output() {
        return events.stream()
                .filter(BuildEvent.Output.class::isInstance)
                .map(event -> ((BuildEvent.Output) event).line() + "\n")
                .collect(Collectors.joining());
    }

    /** The image's files as a container would see them, unpacked. */
    Path tree(Image image) throws IOException {
        var target = directory.resolve("tree-" + trees++);
        snapshots.extract(image, target, Progress.NONE);
        return target;
    }

    JsonNode config(Image image) throws IOException {
        return root.json().readTree(images.blobs().read(image.id()));
    }

    private static Path program(String name) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/bin")
                .map(d -> Path.of(d, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("install " + name));
    }

    @Override
    public void close() throws IOException {
        assertThat(MountTable.below(directory)).as("mounts").isEmpty();
        assertThat(names(root.run().resolve("build"))).as("runs").isEmpty();
        assertThat(names(root.state().resolve("build-steps"))).as("steps").isEmpty();
        assertThat(names(root.run().resolve("locks").resolve("build-step")))
                .as("locks")
                .isEmpty();
        assertThat(names(root.run().resolve("runtime"))).as("runtime").isSubsetOf(".cache");
        assertThat(Cgroups.detect().at(StepContainer.cgroupParent(root)).exists())
                .as("cgroups")
                .isFalse();
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(processes()).as("processes").isEmpty());
    }

    private static List<String> names(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return List.of();
        }
        try (var all = Files.list(directory)) {
            return all.map(path -> path.getFileName().toString()).toList();
        }
    }

    /** Command lines of processes that know this root. */
    List<String> processes() throws IOException {
        try (var all = Files.list(Path.of("/proc"))) {
            return all.filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> !process.getFileName()
                            .toString()
                            .equals(String.valueOf(ProcessHandle.current().pid())))
                    .map(BuildLab::commandLine)
                    .filter(line -> line.contains(directory.toString()))
                    .toList();
        }
    }

    private static String commandLine(Path process) {
        try {
            return Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return ""; // it has ended
        }
    }
}
