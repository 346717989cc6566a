package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.ChildMachine;
import dev.lockstep.runtime.testing.TestImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whoever works on a container, its supervisor, or its first process is killed in the middle of anything that is done
 * to containers. The next process finds a container that is whole or none, nothing hangs, and when it is gone nothing
 * of it is left. {@code lockstep.count} is the number of kills × 5; {@code lockstep.seed.fixed} and
 * {@code lockstep.seed} decide when and who.
 */
class LifecycleKillIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long FIRST_WINDOW_MILLIS = 400;

    private enum Victim {
        WORKER,
        SUPERVISOR,
        FIRST_PROCESS
    }

    private static ChildMachine machine;

    @TempDir
    private Path directory;

    private Engine engine;
    private String bystander;
    private int bystanderPid;

    @BeforeAll
    static void train(@TempDir Path scratch) throws IOException {
        try (var engine = world(scratch)) {
            try {
                machine = ChildMachine.trained(
                        scratch, LifecycleWork.RUN_AND_REMOVE + " -\n", LifecycleWork.class, scratch.toString());
            } finally {
                engine.networks().remove(LifecycleWork.NETWORK);
            }
        }
    }

    /** With an image and a network. */
    private static Engine world(Path directory) throws IOException {
        var engine = LifecycleWork.engine(directory);
        var whole = false;
        try {
            fill(engine, directory);
            whole = true;
            return engine;
        } finally {
            if (!whole) {
                engine.close();
            }
        }
    }

    private static void fill(Engine engine, Path directory) throws IOException {
        var archive = TestImage.busybox("test/busybox:1").dockerArchive(directory.resolve("image.tar"));
        engine.images().importArchive(archive, Optional.empty(), Progress.NONE);
        engine.unpack(engine.images().find(LifecycleWork.image(engine)).orElseThrow(), Progress.NONE);
        engine.networks()
                .create(NetworkSpec.plain(LifecycleWork.NETWORK, new Owner("test-host", "test", Optional.empty())));
    }

    @BeforeEach
    void open() throws IOException {
        engine = world(directory);
        bystander = engine.containers()
                .create(new Wish("bystander", LifecycleWork.image(engine))
                        .network(new AttachmentSpec(LifecycleWork.NETWORK, List.of(), List.of(), 0))
                        .run("sleep", "1000000")
                        .spec())
                .id();
        engine.containers().start(bystander);
        bystanderPid = running(bystander).orElseThrow().pid();
    }

    @AfterEach
    void close() throws IOException {
        for (var container : engine.containers().observe()) {
            engine.containers().remove(container.id(), true, true);
        }
        engine.networks().remove(LifecycleWork.NETWORK);
        engine.close();
        assertThat(MountTable.below(directory)).isEmpty();
    }

    private Optional<ContainerState.Running> running(String id) throws IOException {
        return engine.containers()
                .observe(id)
                .map(ObservedContainer::state)
                .filter(ContainerState.Running.class::isInstance)
                .map(ContainerState.Running.class::cast);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void killed_at_any_moment_of_a_containers_life_nothing_is_left_and_nothing_hangs(String property) throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var kills = Math.max(1, Integer.getInteger("lockstep.count", 100) / 5);
        System.out.println("kill test of containers: seed " + Long.toUnsignedString(seed) + ", " + kills + " kills");
        var chance = new Random(seed);
        var windows = new EnumMap<LifecycleWork, Long>(LifecycleWork.class);
        var hits = new EnumMap<Victim, Integer>(Victim.class);
        // What the first container makes for all that come: directories, locks of names.
        for (var work : new LifecycleWork[] {LifecycleWork.START, LifecycleWork.COPY_STOPPED}) {
            work.run(engine, prepare(work));
            recovers(work, List.of(), "at first");
        }
        LifecycleWork.RUN_AND_REMOVE.run(engine, "-");
        recovers(LifecycleWork.RUN_AND_REMOVE, List.of(), "at first");
        var before = traces();
        var worker = LifecycleWork.start(machine, directory);
        var works = List.of(LifecycleWork.values());
        for (var kill = 0; kill < kills; kill++) {
            // Each in turn, so that few kills hit every state; the moment and the victim are left to chance.
            var work = works.get((kill + (int) Long.remainderUnsigned(seed, 7)) % works.size());
            var victim = Victim.values()[chance.nextInt(Victim.values().length)];
            var window = windows.getOrDefault(work, FIRST_WINDOW_MILLIS);
            var moment = chance.nextLong(window + 1);
            var when = "seed " + Long.toUnsignedString(seed) + ", kill " + kill + " of " + victim + " in " + work
                    + " after " + moment + " ms";

            var id = prepare(work);
            assertThat(worker.inputReader().readLine()).as(when + errors()).isEqualTo("ready");
            var next = LifecycleWork.start(machine, directory);
            try (var orders = worker.outputWriter()) {
                orders.write(work + " " + id + "\n");
            }
            var done = worker.waitFor(moment, TimeUnit.MILLISECONDS);
            windows.put(work, done ? Math.max(20, window * 9 / 10) : window * 11 / 10);
            var killed = kill(victim, worker);
            if (!killed.isEmpty() || victim == Victim.WORKER && !done) {
                hits.merge(victim, 1, Integer::sum);
            }
            if (work == LifecycleWork.RUNNING) {
                worker.destroyForcibly(); // it waits for the end, which may not come
            }
            if (!worker.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                var stuck = stack(worker);
                worker.destroyForcibly();
                throw new AssertionError(when + ": hangs\n" + stuck);
            }
            try {
                recovers(work, killed, when);
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(difference(before, traces()))
                                .as(when)
                                .isEmpty());
            } finally {
                if (kill == kills - 1) {
                    next.destroyForcibly().waitFor();
                }
            }
            worker = next;
        }
        worker.destroyForcibly().waitFor();
        System.out.println("hit: " + hits + ", windows in ms: " + windows);
    }

    private String errors() throws IOException {
        return "\n" + Files.readString(directory.resolve("err"));
    }

    private static String stack(Process process) throws IOException {
        var jstack = Path.of(System.getProperty("java.home"), "bin", "jstack").toString();
        var printed = new ProcessBuilder(jstack, String.valueOf(process.pid())).start();
        return new String(printed.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Its id, or {@code -} where there is nothing yet. */
    private String prepare(LifecycleWork work) throws IOException {
        if (work.before == LifecycleWork.Before.NOTHING) {
            return "-";
        }
        var id = engine.containers().create(LifecycleWork.wish(engine).spec()).id();
        if (work.before == LifecycleWork.Before.CREATED) {
            return id;
        }
        engine.containers().start(id);
        switch (work.before) {
            case PAUSED -> engine.containers().pause(id);
            case ENDED -> {
                // Not by a kill of ours, which would count as "stopped by hand".
                end(ProcessIdentity.of(running(id).orElseThrow().pid()));
                engine.containers().await(id);
            }
            case RUNNING, NOTHING, CREATED -> {
                // It is so.
            }
        }
        return id;
    }

    /** The processes of containers that it has killed. */
    private List<ProcessIdentity> kill(Victim victim, Process worker) throws IOException {
        if (victim == Victim.WORKER) {
            worker.destroyForcibly();
            return List.of();
        }
        var killed = new ArrayList<ProcessIdentity>();
        for (var id : ContainerStore.names(ContainerFiles.allRun(engine.root()))) {
            if (!id.equals(bystander)) {
                var files = new ContainerFiles(engine.root(), id);
                var process = pid(victim == Victim.SUPERVISOR ? files.conmonPidFile() : files.pidFile());
                if (end(process)) {
                    killed.add(process.orElseThrow());
                }
            }
        }
        return killed;
    }

    private static Optional<ProcessIdentity> pid(Path file) throws IOException {
        try {
            var text = Files.readString(file).strip();
            return text.isEmpty() ? Optional.empty() : ProcessIdentity.of(Integer.parseInt(text));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static boolean end(Optional<ProcessIdentity> process) throws IOException {
        try (var pidfd = process.isPresent() ? Pidfd.open(process.get()).orElse(null) : null) {
            if (pidfd != null) {
                pidfd.send(Signal.KILL);
            }
            return pidfd != null;
        }
    }

    /**
     * Of a frozen one that is not before it is thawed; and who still runs, though he is to die, is not started again.
     */
    private static void awaitEnd(List<ProcessIdentity> killed) throws IOException {
        for (var process : killed) {
            try (var pidfd = Pidfd.open(process).orElse(null)) {
                if (pidfd != null) {
                    assertThat(pidfd.awaitExit(PATIENCE)).isTrue();
                }
            }
        }
    }

    /** As the next process finds it: whole, so that it can be started, used, stopped and removed; or not there. */
    private void recovers(LifecycleWork work, List<ProcessIdentity> killed, String when) throws IOException {
        var containers = engine.containers();
        engine.cleanUp();
        for (var found : containers.observe()) {
            if (found.id().equals(bystander)) {
                continue;
            }
            assertThat(found.record().phase()).as(when).isEqualTo(ContainerRecord.Phase.CREATED);
            if (work == LifecycleWork.RUN_AND_REMOVE && found.life().startedAt().isPresent()) {
                await().atMost(PATIENCE).untilAsserted(() -> {
                    engine.cleanUp();
                    assertThat(containers.observe(found.id())).as(when).isEmpty();
                });
                continue;
            }
            if (found.isPaused()) {
                containers.unpause(found.id());
            }
            awaitEnd(killed);
            containers.start(found.id());
            var out = new ByteArrayOutputStream();
            if (work != LifecycleWork.RUN_AND_REMOVE) {
                assertThat(containers
                                .exec(
                                        found.id(),
                                        ExecSpec.of("echo", "alive"),
                                        new ExecStreams(
                                                new ByteArrayInputStream(new byte[0]),
                                                out,
                                                new ByteArrayOutputStream()))
                                .exitCode())
                        .as(when)
                        .isZero();
                assertThat(out.toString(StandardCharsets.UTF_8)).as(when).isEqualTo("alive\n");
            }
            containers.stop(found.id(), Optional.of(Duration.ZERO));
            containers.remove(found.id(), false, true);
        }
        // A container that was half made leaves its volume to the slot, as a removal without -v does.
        for (var volume : engine.volumes().list()) {
            engine.volumes().remove(volume.spec().name());
        }
        engine.cleanUp();
        assertThat(running(bystander).orElseThrow().pid()).as(when).isEqualTo(bystanderPid);
    }

    /** Everything that the root has: files, mounts, links, cgroups, processes, ports. */
    private SortedSet<String> traces() throws IOException {
        var traces = new TreeSet<String>();
        for (var top : new Path[] {engine.root().state(), engine.root().run()}) {
            files(top, traces);
        }
        MountTable.below(directory).forEach(mount -> traces.add("mount " + mount));
        var id = engine.root().shortId();
        try (var links = Files.newDirectoryStream(Path.of("/sys/class/net"), "l[sv]" + id + "*")) {
            links.forEach(link -> traces.add("link " + link.getFileName()));
        }
        try (var trees = Files.newDirectoryStream(Path.of("/sys/fs/cgroup"), Files::isDirectory)) {
            for (var tree : trees) {
                var ours = tree.endsWith("lockstep-" + id) ? tree : tree.resolve("lockstep-" + id);
                if (Files.exists(ours)) {
                    files(ours, traces);
                }
            }
        }
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                var command = command(process);
                if (command.contains(directory.toString()) && !command.contains("java")) {
                    traces.add("process " + process.getFileName() + " " + command);
                }
            }
        }
        traces.add("attached " + engine.networks().observe().containers());
        return traces;
    }

    private static SortedSet<String> difference(SortedSet<String> before, SortedSet<String> after) {
        var difference = new TreeSet<String>();
        after.stream().filter(t -> !before.contains(t)).forEach(t -> difference.add("+ " + t));
        before.stream().filter(t -> !after.contains(t)).forEach(t -> difference.add("- " + t));
        return difference;
    }

    private static String command(Path process) {
        try {
            return Lab.read(process + "/cmdline").replace('\0', ' ');
        } catch (IOException e) {
            return ""; // it has just ended
        }
    }

    private void files(Path top, SortedSet<String> traces) throws IOException {
        var root = new ContainerFiles(engine.root(), bystander).rootfs();
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path place, BasicFileAttributes attributes) {
                var name = String.valueOf(place.getFileName());
                // What happened and what images are outlives containers; a killed process's lease goes with the next
                // housekeeping (StoreKillIT).
                if (place.equals(root)
                        || name.equals("events")
                        || name.equals("image-lease")
                        || name.equals("images")
                        || name.equals("snapshots")) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                traces.add("directory " + place);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (!file.toString().startsWith("/sys")) {
                    traces.add("file " + file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE; // it has just gone
            }
        });
    }
}
