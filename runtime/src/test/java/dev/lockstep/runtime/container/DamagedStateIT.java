package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** One container's files are damaged; it is reported and repaired or set aside, and the others go on. */
class DamagedStateIT {
    @TempDir
    Path directory;

    Lab lab;
    String bystander;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
        bystander = lab.started(lab.wish("bystander").run("sleep", "600"));
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private void theOthersGoOn(Containers containers) throws IOException {
        assertThat(containers.observe(bystander).orElseThrow().isRunning()).isTrue();
        assertThat(containers.find("bystander")).isPresent();
        assertThat(lab.exec(bystander, "echo", "alive").out()).isEqualTo("alive\n");
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void a_damaged_record_of_a_running_container_costs_nothing(Damage damage) throws IOException {
        var id = lab.started(lab.wish("victim").run("sleep", "600"));
        var pid = lab.pid(id);
        damage.to(lab.files(id).record());

        var next = lab.anotherProcess();
        assertThat(next.observe()).hasSize(2).allMatch(ObservedContainer::isRunning);
        assertThat(next.damaged()).isEmpty();
        assertThat(next.repair()).containsExactly("repaired the record of container victim from its copy");
        assertThat(next.repair()).isEmpty();
        assertThat(next.cleanUp().actions()).isEmpty();
        assertThat(lab.pid(id)).isEqualTo(pid);
        next.stop(id, Optional.of(Duration.ZERO));
        next.start(id);
        theOthersGoOn(next);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MISSING")
    void one_that_does_not_run_is_left_out_and_set_aside(Damage damage) throws IOException {
        var id = lab.started(lab.wish("victim").shell("echo said; echo written > /file"));
        lab.containers.await(id);
        lab.containers.finishExit(id);
        damage.to(lab.files(id).record());

        var next = lab.anotherProcess();
        assertThat(next.observe()).extracting(ObservedContainer::name).containsExactly("bystander");
        assertThat(next.damaged()).singleElement().satisfies(damaged -> {
            assertThat(damaged.name()).isEqualTo("victim");
            assertThat(damaged.replaceable()).isTrue();
            assertThat(damaged.sentence())
                    .startsWith("container victim (" + id.substring(0, 12) + ") is left out: ")
                    .contains(lab.files(id).record().toString())
                    .doesNotContainPattern("\\p{Cntrl}");
        });
        assertThat(next.cleanUp().actions())
                .singleElement()
                .satisfies(action -> assertThat(action).startsWith("set aside container victim"));
        var aside = lab.root.state().resolve("quarantine").resolve(id);
        assertThat(aside.resolve("upper/file")).hasContent("written");
        assertThat(next.damaged()).isEmpty();
        assertThat(next.find("victim")).isEmpty();
        assertThat(next.cleanUp().actions()).isEmpty();
        theOthersGoOn(next);
    }

    /** Somebody says each second what cannot be helped otherwise, and waits before it looks at the logs of others. */
    @Test
    void the_logs_of_the_others_are_rotated_and_nobody_hears_of_it_again_and_again() throws IOException {
        var id = lab.started(lab.wish("victim").shell("echo said"));
        lab.containers.await(id);
        lab.containers.finishExit(id);
        Damage.GARBAGE.to(lab.files(id).record());

        var next = lab.anotherProcess();
        next.rotateLogsOnce();
        try (var rotation = next.rotateLogs()) {
            rotation.await(Duration.ofMillis(50));
            rotation.await(Duration.ofMillis(50));
            Files.delete(lab.files(bystander).log().current());
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                rotation.await(Duration.ofMillis(50));
                return Files.exists(lab.files(bystander).log().current());
            });
        }
    }

    @Test
    void one_that_is_to_be_made_again_takes_the_place_of_the_damaged_one() throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        Damage.TRUNCATED.to(lab.files(id).record());
        var again = lab.started(lab.wish("victim").run("sleep", "600"));
        assertThat(again).isNotEqualTo(id);
        assertThat(lab.containers.find("victim"))
                .hasValueSatisfying(r -> assertThat(r.id()).isEqualTo(again));
        assertThat(lab.containers.damaged()).isEmpty();
    }

    /** A process of which nobody knows what it was to be: an earlier Lockstep kept no copy. */
    @Test
    void one_that_runs_and_has_no_copy_is_ended_before_another_takes_its_place() throws IOException {
        var id = lab.started(lab.wish("victim").run("sleep", "600"));
        var process = ProcessIdentity.of(lab.pid(id)).orElseThrow();
        Files.delete(lab.files(id).recordCopy());
        Damage.EMPTY.to(lab.files(id).record());
        assertThat(lab.containers.damaged()).hasSize(1);
        assertThat(process.isAlive()).isTrue();
        lab.started(lab.wish("victim").run("sleep", "600"));
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void the_record_of_a_newer_lockstep_is_left_alone() throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        var file = lab.files(id).record();
        var text = Files.readString(file);
        Files.writeString(file, text.replaceFirst("\"format\" ?: ?\\d+", "\"format\":9"));
        assertThat(lab.containers.damaged())
                .singleElement()
                .satisfies(d -> assertThat(d.replaceable()).isFalse());
        assertThat(lab.containers.cleanUp().actions()).isEmpty();
        assertThatThrownBy(() -> lab.created(lab.wish("victim").run("sleep", "600")))
                .hasMessageContaining("is taken");
        theOthersGoOn(lab.containers);
        Files.writeString(file, text);
        assertThat(lab.containers.observe()).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void a_damaged_run_is_put_together_from_what_others_know(Damage damage) throws IOException {
        var id = lab.started(lab.wish("victim").run("sleep", "600"));
        var before = lab.running(id);
        damage.to(lab.files(id).runRecord());
        var next = lab.anotherProcess();
        var after = (ContainerState.Running) next.observe(id).orElseThrow().state();
        assertThat(after.pid()).isEqualTo(before.pid());
        assertThat(after.supervised()).isTrue();
        assertThat(next.repair()).singleElement().satisfies(a -> assertThat(a).contains("the run of container victim"));
        assertThat(next.repair()).isEmpty();
        assertThat(lab.exec(id, "echo", "alive").out()).isEqualTo("alive\n");
        assertThat(next.stop(id, Optional.of(Duration.ZERO))).isInstanceOf(StopResult.Stopped.class);
        theOthersGoOn(next);
    }

    @Test
    void a_damaged_run_of_one_that_is_only_prepared_is_not_taken_for_one_that_runs() throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        lab.killAt(FailPoint.Step.START_SUPERVISED);
        assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        Damage.GARBAGE.to(lab.files(id).runRecord());
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Created.class);
        var next = lab.anotherProcess();
        next.cleanUp();
        next.start(id);
        assertThat(next.observe(id).orElseThrow().isRunning()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MISSING")
    void damaged_history_and_health_are_begun_anew(Damage damage) throws IOException {
        var check = new HealthCheck(
                Optional.of(List.of("CMD", "true")),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        var id = lab.started(lab.wish("victim").health(check).run("sleep", "600"));
        damage.to(lab.files(id).life());
        damage.to(lab.files(id).health());
        var next = lab.anotherProcess();
        assertThat(next.observe(id).orElseThrow().isRunning()).isTrue();
        assertThat(next.observe(id).orElseThrow().health()).isEmpty();
        assertThat(next.repair()).hasSize(2);
        next.probe(id);
        assertThat(next.observe(id).orElseThrow().health().orElseThrow().status())
                .isEqualTo(HealthState.Status.HEALTHY);
        assertThat(next.repair()).isEmpty();
        next.stop(id, Optional.of(Duration.ZERO));
        assertThat(next.observe(id).orElseThrow().life().stoppedByUser()).isTrue();
        theOthersGoOn(next);
    }

    @Test
    void an_exit_file_without_a_code_is_an_end_without_a_code() throws IOException {
        var id = lab.started(lab.wish("victim").run("true"));
        lab.containers.await(id);
        Files.writeString(lab.files(id).exit(), "x\u001b[2J");
        var outcome = lab.containers.finishExit(id).orElseThrow();
        assertThat(outcome.exitCode()).isEqualTo(255);
        assertThat(outcome.lost()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void a_damaged_name_is_written_anew(Damage damage) throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        damage.to(ContainerFiles.name(lab.root, "victim"));
        lab.containers.cleanUp();
        assertThat(lab.containers.find("victim"))
                .hasValueSatisfying(r -> assertThat(r.id()).isEqualTo(id));
        assertThatThrownBy(() -> lab.created(lab.wish("victim").run("sleep", "600")))
                .hasMessageContaining("is taken");
    }

    @Test
    void a_container_that_is_to_go_with_its_end_goes_when_nobody_waits_for_it() throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        try (var _ = lab.containers.removeWhenEnded(id)) {
            lab.containers.start(id);
            lab.containers.kill(id, "KILL");
            lab.containers.await(id);
            assertThat(lab.containers.removeEnded(id)).as("somebody waits").isFalse();
        }
        assertThat(lab.containers.removeEnded(id)).isTrue();
        assertThat(lab.containers.observe(id)).isEmpty();
        assertThat(lab.containers.removeEnded(id)).isFalse();
    }

    /** After a way back to an earlier version, or where a part of another root was copied in. */
    @ParameterizedTest
    @CsvSource({
        "life.json, true",
        "health.json, true",
        "run.json, true",
        "life.json, false",
        "health.json, false",
        "run.json, false",
        "container.json, false"
    })
    void what_is_of_a_newer_lockstep_or_of_another_root_holds_nobody_else_up(String name, boolean newer)
            throws IOException {
        var check = new HealthCheck(
                Optional.of(List.of("CMD", "true")),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        var id = lab.started(lab.wish("victim").health(check).run("sleep", "600"));
        var pid = lab.pid(id);
        var files = lab.files(id);
        var file = Stream.of(files.life(), files.health(), files.runRecord(), files.record())
                .filter(f -> f.endsWith(name))
                .findFirst()
                .orElseThrow();
        var text = Files.readString(file);
        Files.writeString(
                file,
                newer
                        ? text.replaceFirst("\"format\" ?: ?\\d+", "\"format\":9")
                        : text.replaceFirst("\"root\" ?: ?\"[0-9a-f]+\"", "\"root\":\"" + "0".repeat(32) + "\""));
        assertThat(file).content().isNotEqualTo(text);
        var next = lab.anotherProcess();
        try {
            next.repair();
            assertThat(next.cleanUp().actions())
                    .allSatisfy(a -> assertThat(a).startsWith("left container " + id.substring(0, 12) + " as it is: "));
            assertThat(next.observe()).extracting(ObservedContainer::name).contains("bystander");
            theOthersGoOn(next);
            var other = lab.started(lab.wish("other").run("sleep", "600"));
            next.remove(other, true, true);
            assertThat(Path.of("/proc/" + pid)).exists();
        } finally {
            Files.writeString(file, text);
        }
        assertThat(next.observe(id).orElseThrow().isRunning()).isTrue();
    }

    @Test
    void one_whose_logs_were_deleted_with_their_directory_starts_again_and_is_heard() throws IOException {
        var id = lab.created(lab.wish("victim").run("echo", "heard"));
        Files.delete(lab.files(id).log().directory());
        lab.containers.start(id);
        assertThat(lab.containers.await(id)).isZero();
        assertThat(lab.files(id).log().current()).content().endsWith("F heard\n");
    }

    @Test
    void one_whose_work_directory_was_deleted_starts_again_with_what_it_wrote() throws IOException {
        var id = lab.created(lab.wish("victim").shell("cat /said; echo more >> /said; echo x > /etc/passwd"));
        lab.containers.start(id);
        lab.containers.await(id);
        lab.containers.finishExit(id);
        Teardown.removeTree(lab.files(id).work());
        try (var tree = lab.containers.tree(id, "archive-path")) {
            assertThat(tree).isNotNull(); // also who only looks
        }
        Teardown.removeTree(lab.files(id).work());
        lab.containers.start(id);
        assertThat(lab.containers.await(id)).isZero();
        assertThat(lab.log(id)).endsWith("more\n");
    }

    /** An empty directory in its place would be a container that has never written anything. */
    @Test
    void one_that_lost_what_it_wrote_says_so_and_what_to_do() throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        Teardown.removeTree(lab.files(id).upper());
        for (var use : List.<ThrowingCallable>of(
                () -> lab.containers.start(id),
                () -> lab.containers.tree(id, "archive-path"),
                () -> lab.containers.rootFileSystem(id),
                () -> lab.containers.changes(id))) {
            assertThatThrownBy(use)
                    .hasMessage("Container victim has lost what it wrote: "
                            + lab.files(id).upper()
                            + " is missing. Put that directory back, or remove the container and create it again.");
        }
        assertThat(lab.files(id).upper()).doesNotExist();
        lab.containers.remove(id, true, true);
    }

    @Test
    void a_runtime_that_is_none_is_named() throws IOException {
        var isolation = ContainerOptions.NONE.isolation().withRuntime(Optional.of("true"));
        var id = lab.created(lab.wish("victim").with(o -> o.with(isolation)).run("sleep", "600"));
        assertThatThrownBy(() -> lab.containers.start(id))
                .hasMessage("conmon ended without an answer, and neither it nor " + Lab.program("true")
                        + " said why. Look whether that is an OCI runtime, as runc and crun are.");
    }

    /** Removing it is refused as well, so that is nothing to advise. */
    @Test
    void a_name_whose_holder_a_newer_lockstep_has_is_refused_with_the_reason() throws IOException {
        var id = lab.created(lab.wish("victim").run("sleep", "600"));
        var life = lab.files(id).life();
        lab.containers.start(id);
        lab.containers.stop(id, Optional.of(Duration.ZERO));
        var known = Files.readString(life);
        Files.writeString(life, known.replaceFirst("\"format\":\\d+", "\"format\":99"));
        var sentence = "The container name \"victim\" is taken by container " + id.substring(0, 12) + ", of which "
                + life + " has format 99, this Lockstep knows 1; use the newer Lockstep.";
        assertThatThrownBy(() -> lab.created(lab.wish("victim"))).hasMessage(sentence);
        assertThatThrownBy(() -> lab.containers.rename(bystander, "victim")).hasMessage(sentence);
        Files.writeString(life, known); // or this Lockstep would not remove it
    }
}
