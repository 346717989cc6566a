package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.log.Journal;
import dev.lockstep.runtime.log.LogQuery;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.CdiRegistry;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.volume.Volumes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One root with a busybox image; closing it removes every container and checks that the host is as it was. */
final class Lab implements AutoCloseable {
    /** Not an exception that our own undo catches: as after a kill, nothing more is done. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    /**
     * What starts the containers of these tests: runc, which does on any host, or crun where cgroups are of version 2.
     */
    static final String RUNTIME = System.getProperty("lockstep.runtime", "runc");

    final Root root;
    final Volumes volumes;
    final Containers containers;
    final Digest image;
    final ImageStore images;
    private final Path directory;
    final Snapshots snapshots;
    private final ContainerRooms.Lazy<Networks> networks;
    private final AtomicReference<Optional<FailPoint.Step>> deadly = new AtomicReference<>(Optional.empty());

    /** Is run whenever somebody has read an image's configuration. */
    final AtomicReference<Runnable> afterConfig = new AtomicReference<>(() -> {});

    /** Is told of each step that is reached. */
    final AtomicReference<Consumer<FailPoint.Step>> reached = new AtomicReference<>(_ -> {});

    /** By how much the clock of the containers has been set forward. */
    final AtomicReference<Duration> clockSetBy = new AtomicReference<>(Duration.ZERO);

    /** Of the host, unless a test has one of its own. */
    final AtomicReference<Journal> journal =
            new AtomicReference<>(new Journal(Journal.SOCKET, () -> program("journalctl")));

    Lab(Path directory) throws IOException {
        this(directory, TestImage.busybox("test/busybox:1"));
    }

    Lab(Path directory, TestImage testImage) throws IOException {
        this(directory, testImage, () -> {
            throw new IOException("this test has no networks");
        });
    }

    Lab(Path directory, TestImage testImage, ContainerRooms.Lazy<Networks> networks) throws IOException {
        this.networks = networks;
        this.directory = directory;
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        images = new ImageStore(root, Platform.current(), Clock.systemUTC());
        image = images.importArchive(
                        testImage.dockerArchive(directory.resolve("image.tar")), Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
        snapshots = new Snapshots(root, images.blobs(), UnpackLimits.DEFAULT, Clock.systemUTC());
        volumes = new Volumes(root, Clock.systemUTC());
        new OnExitScript(root).install(Optional.of(directory.resolve("launcher")));
        containers = anotherProcess();
    }

    /** The same root as another process would have it: nothing but files and the kernel is shared. */
    Containers anotherProcess() throws IOException {
        return new Containers(rooms());
    }

    ContainerRooms rooms() throws IOException {
        return new ContainerRooms(
                root,
                new ContainerImages() {
                    @Override
                    public ImageConfig config(Digest digest) throws IOException {
                        var config = images.find(digest).orElseThrow().config();
                        afterConfig.get().run();
                        return config;
                    }

                    @Override
                    public Hold hold(Set<Digest> digests, String why) throws IOException {
                        return images.lease(why, digests)::close;
                    }

                    @Override
                    public List<Path> layers(Digest digest) throws IOException {
                        return snapshots.unpack(images.find(digest).orElseThrow(), Progress.NONE);
                    }
                },
                volumes,
                new Contents(root),
                new IdRanges(root, Optional.empty()),
                networks,
                () -> program("conmon"),
                () -> new OciRuntime(RUNTIME, program(RUNTIME), root.run().resolve("runtime")),
                new ContainerRooms.NamedRuntime() {
                    @Override
                    public OciRuntime get(String name) throws IOException {
                        return new OciRuntime(name, program(name), root.run().resolve("runtime"));
                    }

                    @Override
                    public Optional<String> missing(String name) {
                        return Optional.empty();
                    }
                },
                () -> program("tini-static"),
                new CdiRegistry(root.json(), List.of(directory.resolve("cdi"))),
                journal.get(),
                () -> SeccompProfile.read(SeccompProfile.DISTRIBUTION, root.json()),
                () -> Clock.systemUTC().instant().plus(clockSetBy.get()),
                step -> {
                    reached.get().accept(step);
                    if (deadly.get().filter(step::equals).isPresent()) {
                        throw new Killed();
                    }
                });
    }

    /** Whether cgroups limit anything here: not where version 2 is without its controllers, as in .ci/v2. */
    static boolean limits() throws IOException {
        var controllers = Path.of("/sys/fs/cgroup/cgroup.controllers");
        return Files.notExists(controllers) || Files.readString(controllers).contains("memory");
    }

    static Path program(String name) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/bin")
                .map(d -> Path.of(d, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("install " + name));
    }

    /** The next time that this step is reached, the process "dies". */
    void killAt(FailPoint.Step step) {
        deadly.set(Optional.of(step));
    }

    void liveOn() {
        deadly.set(Optional.empty());
    }

    Wish wish(String name) {
        return new Wish(name, image);
    }

    String created(Wish wish) throws IOException {
        return containers.create(wish.spec()).id();
    }

    String started(Wish wish) throws IOException {
        var id = created(wish);
        containers.start(id);
        return id;
    }

    ContainerFiles files(String id) {
        return new ContainerFiles(root, id);
    }

    ObservedContainer withLimits(String id) throws IOException {
        return containers.observeWithLimits().stream()
                .filter(container -> container.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    ContainerState state(String id) throws IOException {
        return containers.observe(id).orElseThrow().state();
    }

    ContainerState.Running running(String id) throws IOException {
        return (ContainerState.Running) state(id);
    }

    int pid(String id) throws IOException {
        return running(id).pid();
    }

    /**
     * Its pid once it is its program: a start that returns has let the runtime's init go, which has files of its own
     * until its next step.
     */
    int pid(String id, String program) throws IOException {
        var pid = pid(id);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(read("/proc/" + pid + "/comm")).isEqualTo(program));
        return pid;
    }

    /** Everything it wrote, both streams in order. */
    String log(String id) throws IOException {
        var text = new StringBuilder();
        containers.logs(id).read(LogQuery.ALL, e -> text.append(e.text()).append(e.complete() ? "\n" : ""));
        return text.toString();
    }

    void awaitLog(String id, String text) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(log(id)).contains(text));
    }

    /** Runs it to its end and returns what it wrote. */
    String output(Wish wish) throws IOException {
        var id = started(wish);
        containers.await(id);
        var text = log(id);
        containers.remove(id, true, true);
        return text;
    }

    /** @param err also why it was not begun at all */
    record Said(int exitCode, String out, String err) {}

    Said exec(String id, ExecSpec spec, String input) throws IOException {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        InputStream in = new java.io.ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        var result = containers.exec(id, spec, new ExecStreams(in, out, err));
        return new Said(
                result.exitCode(),
                out.toString(StandardCharsets.UTF_8),
                err.toString(StandardCharsets.UTF_8) + result.error().orElse(""));
    }

    Said exec(String id, String... args) throws IOException {
        return exec(id, ExecSpec.of(args), "");
    }

    /** What a process has in one of its files under /proc, or of its cgroup. */
    static String read(String path) throws IOException {
        try (var in = Files.newInputStream(Path.of(path))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }

    void assertNothingLeft() throws IOException {
        assertThat(ContainerStore.names(ContainerFiles.all(root)))
                .as("containers")
                .isEmpty();
        assertThat(ContainerStore.names(ContainerFiles.names(root))).as("names").isEmpty();
        assertThat(ContainerStore.names(ContainerFiles.allRun(root))).as("runs").isEmpty();
        assertThat(ContainerStore.names(ContainerFiles.exits(root)))
                .as("exit files")
                .isEmpty();
        // crun keeps the seccomp programs that it compiled, whatever containers there are.
        assertThat(ContainerStore.names(root.run().resolve("runtime")))
                .as("runtime state")
                .isSubsetOf(".cache");
        assertThat(MountTable.below(directory)).as("mounts").isEmpty();
        assertThat(Mounts.isMountPoint(root.run())).isFalse();
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(processes()).as("processes").isEmpty());
        // One that is ending has no command line any more, and is in its cgroup a moment longer.
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            containers.leave();
            assertThat(Cgroups.detect().at(ContainerFiles.cgroupParent(root)).exists())
                    .as("cgroups")
                    .isFalse();
        });
    }

    /** Command lines of processes that know this root. */
    List<String> processes() throws IOException {
        try (var all = Files.list(Path.of("/proc"))) {
            return all.filter(p -> p.getFileName().toString().matches("\\d+"))
                    .filter(p -> !p.getFileName()
                            .toString()
                            .equals(String.valueOf(ProcessHandle.current().pid())))
                    .map(p -> {
                        try {
                            return read(p + "/cmdline").replace('\0', ' ');
                        } catch (IOException e) {
                            return "";
                        }
                    })
                    .filter(line -> line.contains(root.run().toString())
                            || line.contains(root.state().toString()))
                    .toList();
        }
    }

    @Override
    public void close() throws IOException {
        liveOn();
        for (var container : containers.observe()) {
            containers.remove(container.id(), true, true);
        }
        containers.cleanUp();
        for (var volume : volumes.list()) {
            volumes.remove(volume.spec().name());
        }
        assertNothingLeft();
    }
}
