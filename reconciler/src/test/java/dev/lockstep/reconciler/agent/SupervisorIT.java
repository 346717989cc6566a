package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.OnExitScript;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.container.StandStill;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent does for containers that belong to no stack that it follows. */
class SupervisorIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private Engine engine;
    private HealthMonitor health;
    private Digest image;

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        health = engine.containers().healthMonitor((_, _) -> {});
        image = engine.images()
                .importArchive(
                        TestImage.busybox("x").ociArchive(directory.resolve("image.tar")),
                        Optional.empty(),
                        Progress.NONE)
                .getFirst()
                .digest();
    }

    @AfterEach
    void close() throws IOException {
        for (var container : engine.containers().observe()) {
            engine.containers().remove(container.id(), true, true);
        }
        health.close();
        engine.close();
    }

    private Supervisor supervisor() throws IOException {
        var supervisor = new Supervisor(engine, health, InstantSource.system(), _ -> false, _ -> false, said::add);
        supervisor.start();
        return supervisor;
    }

    private String started(RestartPolicy policy) throws IOException {
        return started("c", policy);
    }

    private String started(String name, RestartPolicy policy) throws IOException {
        var spec = new ContainerSpec(
                name,
                new Owner("test", "", Optional.empty()),
                "",
                1,
                ImageReference.parse("x:latest"),
                image,
                Optional.empty(),
                Optional.of(List.of("sleep", "600")),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of(),
                List.of(),
                List.of(),
                Resources.UNLIMITED,
                policy,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        var id = engine.containers().create(spec).id();
        engine.containers().start(id);
        return id;
    }

    private ObservedContainer container(String id) throws IOException {
        return engine.containers().observe(id).orElseThrow();
    }

    private ProcessIdentity process(String id) throws IOException {
        return ProcessIdentity.of(((ContainerState.Running) container(id).state()).pid())
                .orElseThrow();
    }

    private static void kill(ProcessIdentity process) throws IOException {
        try (var pidfd = Pidfd.open(process).orElseThrow()) {
            pidfd.send(Signal.KILL);
            assertThat(pidfd.awaitExit(SOON)).isTrue();
        }
    }

    private ProcessIdentity conmon(String id) throws IOException {
        var file = directory.resolve("run").resolve("containers").resolve(id).resolve("conmon.pid");
        return ProcessIdentity.of(Integer.parseInt(Files.readString(file).strip()))
                .orElseThrow();
    }

    /** The one before was killed, stopped or reloaded in the pause; or it came while a command waited for it. */
    @Test
    void an_agent_that_begins_goes_on_waiting_for_restarts_that_are_due() throws Exception {
        var slowly = new RestartPolicy(
                RestartPolicy.Condition.ALWAYS, 0, true, Optional.of(Duration.ofSeconds(2)), Optional.empty());
        var id = started(slowly);
        kill(process(id));
        engine.containers().await(id);
        assertThat(engine.containers().finishExit(id)).isPresent();
        assertThat(container(id).state())
                .isEqualTo(new ContainerState.Exited(container(id).life().exit().orElseThrow(), true));
        var ended = container(id).life().exit().orElseThrow().finishedAt();
        try (var _ = supervisor()) {
            await().atMost(SOON).until(() -> container(id).isRunning());
        }
        assertThat(container(id).life().restartCount()).isEqualTo(1);
        assertThat(container(id).life().startedAt().orElseThrow()).isAfterOrEqualTo(ended.plusSeconds(2));
        assertThat(said).last().isEqualTo("container c was started again");
    }

    @Test
    void an_agent_that_begins_leaves_alone_what_is_not_due() throws Exception {
        var id = started(new RestartPolicy(RestartPolicy.Condition.UNLESS_STOPPED, 0, true));
        engine.containers().stop(id, Optional.of(Duration.ZERO));
        try (var supervisor = supervisor()) {
            supervisor.sweep();
            assertThat(engine.containers().decideRestart(id)).isInstanceOf(RestartDecision.Stay.class);
        }
        assertThat(container(id).isRunning()).isFalse();
        assertThat(said).isEmpty();
    }

    @Test
    void what_could_not_be_done_is_done_at_the_next_look() throws Exception {
        var id = started(new RestartPolicy(RestartPolicy.Condition.ALWAYS, 0, true));
        var lock = engine.root().lock("container/" + id);
        try (var supervisor = supervisor()) {
            Files.delete(lock);
            Files.createDirectory(lock);
            kill(process(id));
            await().atMost(SOON).until(() -> supervisor.undone().contains(id));
            assertThat(container(id).isRunning()).isFalse();

            Files.delete(lock);
            supervisor.lookAgain();
            await().atMost(SOON).until(() -> container(id).isRunning());
        }
    }

    /** No file tells of its end: only the kernel does. */
    @Test
    void the_end_of_a_container_whose_conmon_was_killed_is_heard_and_it_starts_again() throws Exception {
        var id = started(new RestartPolicy(RestartPolicy.Condition.ALWAYS, 0, true));
        try (var _ = supervisor()) {
            var first = process(id);
            kill(conmon(id));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(said)
                            .singleElement()
                            .asString()
                            .startsWith("container c has lost its conmon, which somebody has killed: it runs on"));
            assertThat(first.isAlive()).isTrue();
            kill(first);
            await().atMost(SOON)
                    .until(() -> container(id).isRunning() && !process(id).equals(first));
            assertThat(said).contains("container c ended with exit code 255; restart in 100 ms");
            assertThat(((ContainerState.Running) container(id).state()).supervised())
                    .isTrue();

            // And once more, of the one that was started by the agent.
            kill(conmon(id));
            var second = process(id);
            await().atMost(SOON)
                    .until(() -> said.stream()
                                    .filter(s -> s.contains("lost its conmon"))
                                    .count()
                            == 2);
            kill(second);
            await().atMost(SOON)
                    .until(() -> container(id).isRunning() && !process(id).equals(second));
        }
    }

    @Test
    void a_container_whose_files_cannot_be_read_ends_no_watch_over_the_others() throws Exception {
        var always = new RestartPolicy(RestartPolicy.Condition.ALWAYS, 0, true);
        var damaged = started("damaged", always);
        var whole = started("whole", always);
        var records = List.of(
                directory.resolve("state/containers/" + damaged + "/container.json"),
                directory.resolve("run/containers/" + damaged + "/container.json"));
        try (var _ = supervisor()) {
            var before = Files.readAllBytes(records.getFirst());
            try {
                for (var record : records) {
                    Files.writeString(record, "damaged");
                }
                kill(conmon(damaged));
                await().atMost(SOON)
                        .untilAsserted(() -> assertThat(said)
                                .singleElement()
                                .asString()
                                .startsWith("container " + damaged + " has lost its conmon"));
            } finally {
                for (var record : records) {
                    Files.write(record, before);
                }
            }
            kill(conmon(whole));
            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(said).last().asString().startsWith("container whole has lost its conmon"));
        }
    }

    @Test
    void a_start_that_is_under_way_at_the_end_is_waited_for() throws Exception {
        var id = started(new RestartPolicy(
                RestartPolicy.Condition.ALWAYS, 0, true, Optional.of(Duration.ofSeconds(5)), Optional.empty()));
        var supervisor = supervisor();
        Thread closing;
        kill(process(id));
        await().atMost(SOON).until(() -> supervisor.waiting().contains(id));
        try (var _ = Flock.exclusive(engine.root().lock("container/" + id))) {
            await().atMost(SOON).until(() -> !supervisor.waiting().contains(id));
            closing = Thread.ofPlatform().start(supervisor::close);
            await().atMost(SOON)
                    .until(() -> Set.of(Thread.State.TIMED_WAITING, Thread.State.TERMINATED)
                            .contains(closing.getState()));
        }
        closing.join();
        assertThat(container(id).isRunning()).isTrue();
        assertThat(supervisor.left()).isEmpty();
    }

    /** What conmon calls looks for the agent's lock, and sees it held until the very end. */
    @Test
    void restarts_of_what_ended_before_the_agent_did_are_left_to_the_script() throws Exception {
        var calls = directory.resolve("calls");
        var launcher = Files.writeString(
                directory.resolve("launcher"),
                "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\necho $1 >> " + calls + "\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        new OnExitScript(engine.root()).install(Optional.of(launcher));
        var always = new RestartPolicy(
                RestartPolicy.Condition.ALWAYS, 0, true, Optional.of(Duration.ofDays(1)), Optional.empty());
        var waits = started("waits", always);
        var ended = started("ended", always);
        var put = started("put-away", always);
        var runs = started("runs", always);
        var stopped = started("stopped", always);
        engine.containers().stop(stopped, Optional.of(Duration.ZERO));
        var left = new LeftRestarts(engine);
        try (var _ = AgentLock.take(engine.root(), Instant.now())) {
            var supervisor = supervisor();
            try (supervisor) {
                kill(process(waits));
                await().atMost(SOON).until(() -> supervisor.waiting().contains(waits));
            }
            left.of(supervisor);
            assertThat(supervisor.left()).containsExactly(waits);
            kill(process(ended));
            engine.containers().await(ended);
            kill(process(put));
            engine.containers().await(put);
            engine.containers().finishExit(put);
        }
        left.leave();
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(Files.exists(calls) ? Set.copyOf(Files.readAllLines(calls)) : Set.<String>of())
                                .containsExactlyInAnyOrder(waits, ended, put));
        assertThat(container(runs).isRunning()).isTrue();
    }

    /** As a command leaves it that is killed while it lets containers stand still. */
    private void freezeAndDie(String id) throws IOException {
        var notes = engine.root().state().resolve("stand-still");
        Path file;
        byte[] note;
        try (var _ = engine.standStill(StandStill.Manner.PAUSE, List.of(id), Optional.empty());
                var all = Files.list(notes)) {
            file = all.findFirst().orElseThrow();
            note = Files.readAllBytes(file);
        }
        engine.containers().pause(id);
        Files.write(file, note);
    }

    @Test
    void what_stands_still_for_a_killed_command_goes_on_beside_an_agent() throws Exception {
        var id = started(new RestartPolicy(RestartPolicy.Condition.ALWAYS, 0, true));
        try (var supervisor = supervisor()) {
            freezeAndDie(id);
            supervisor.lookAgain();
            assertThat(container(id).isPaused()).isFalse();
            assertThat(said).contains("let 1 containers go on that stood still for a process that was killed");
        }
    }

    @Test
    void a_note_that_cannot_be_read_keeps_nobody_out_and_no_other_note_from_its_end() throws Exception {
        var id = started(new RestartPolicy(RestartPolicy.Condition.ALWAYS, 0, true));
        freezeAndDie(id);
        var notes = engine.root().state().resolve("stand-still");
        Files.writeString(notes.resolve("0.json"), "garbage");
        String whole;
        try (var all = Files.list(notes)) {
            whole = Files.readString(
                    all.filter(p -> !p.endsWith("0.json")).findFirst().orElseThrow());
        }
        var newer =
                Files.writeString(notes.resolve("1.json"), whole.replaceFirst("\"format\" ?: ?\\d+", "\"format\":9"));
        try (var again = Engine.open(new EngineOptions(
                directory.resolve("state"),
                directory.resolve("run"),
                "test",
                Optional.of(Path.of("/bin/true")),
                true))) {
            assertThat(again.containers().observe(id).orElseThrow().isPaused()).isFalse();
        }
        assertThat(notes.resolve("0.damaged")).hasContent("garbage");
        assertThat(newer).exists();
        try (var supervisor = supervisor()) {
            supervisor.lookAgain();
            supervisor.lookAgain();
            assertThat(said).as("said once").singleElement().asString().contains(newer.toString());
        }
    }

    @Test
    void one_that_cannot_go_on_fails_nobody_who_opens_the_root_and_goes_on_when_it_can() throws Exception {
        var id = started(new RestartPolicy(RestartPolicy.Condition.NO, 0, true));
        var notes = engine.root().state().resolve("stand-still");
        Path file;
        byte[] note;
        try (var _ = engine.standStill(StandStill.Manner.STOP, List.of(id), Optional.of(Duration.ZERO));
                var all = Files.list(notes)) {
            file = all.findFirst().orElseThrow();
            note = Files.readAllBytes(file);
        }
        engine.containers().stop(id, Optional.of(Duration.ZERO));
        Files.write(file, note);
        var upper = directory.resolve("state/containers").resolve(id).resolve("upper");
        Files.move(upper, directory.resolve("upper"));
        Files.createFile(upper); // nothing can be mounted with that
        try (var again = Engine.open(new EngineOptions(
                directory.resolve("state"),
                directory.resolve("run"),
                "test",
                Optional.of(Path.of("/bin/true")),
                true))) {
            assertThat(again.containers().observe(id).orElseThrow().isRunning()).isFalse();
        }
        assertThat(file).exists();

        Files.delete(upper);
        Files.move(directory.resolve("upper"), upper);
        try (var supervisor = supervisor()) {
            supervisor.lookAgain();
            assertThat(container(id).isRunning()).isTrue();
        }
        assertThat(file).doesNotExist();
    }
}
