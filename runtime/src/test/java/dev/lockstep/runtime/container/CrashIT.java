package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes of ours, supervisors and whole boots that end at the wrong moment. */
class CrashIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    @ParameterizedTest
    @EnumSource(FailPoint.Step.class)
    void a_kill_at_any_step_leaves_what_the_next_process_puts_right(FailPoint.Step step) throws IOException {
        lab.volumes.create(new VolumeSpec("v", new Owner("test-host", "test", Optional.empty()), Map.of()));
        var bystander = lab.started(lab.wish("bystander").run("sleep", "600"));
        var pid = lab.pid(bystander);
        lab.killAt(step);
        var wish = lab.wish("c")
                .mount(new MountSpec.Volume("v", "/etc", false, false))
                .mount(new MountSpec.Anonymous("/own", false))
                .run("sleep", "601");
        assertThatThrownBy(() -> {
                    var id = lab.created(wish);
                    lab.containers.start(id);
                    if (step == FailPoint.Step.RESTART_ENDED) {
                        lab.containers.restart(id, Optional.of(Duration.ZERO));
                    }
                    lab.containers.stop(id, Optional.of(Duration.ZERO));
                    lab.containers.remove(id, false, true);
                })
                .isInstanceOf(Lab.Killed.class);
        lab.liveOn();

        var next = lab.anotherProcess();
        next.cleanUp();
        assertThat(lab.pid(bystander)).isEqualTo(pid);
        // Whatever is left is whole: it can be started, or there is none of that name and it can be made.
        // Not by find: a name of one letter may be the beginning of the bystander's id.
        var found = next.observe().stream().filter(c -> c.name().equals("c")).findFirst();
        var id = found.isPresent() ? found.get().id() : next.create(wish.spec()).id();
        next.start(id);
        assertThat(next.observe(id).orElseThrow().isRunning()).isTrue();
        assertThat(lab.volumes.path("v").resolve("passwd")).exists();
        // A second look finds nothing to do.
        assertThat(next.cleanUp().actions()).isEmpty();
        assertThat(next.observe()).hasSize(2).allMatch(ObservedContainer::isRunning);
    }

    /** Nobody waits for the disk before there is anything but a directory; file systems may keep a name alone then. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MISSING")
    void a_creation_that_lost_its_record_with_the_power_leaves_no_more_than_a_directory(Damage damage)
            throws IOException {
        lab.killAt(FailPoint.Step.CREATE_RECORDED);
        var wish = lab.wish("c").run("sleep", "600");
        assertThatThrownBy(() -> lab.created(wish)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        var next = lab.anotherProcess();
        var cut = next.find("c").orElseThrow().id();
        damage.to(lab.files(cut).record());

        assertThat(next.damaged()).isEmpty();
        assertThat(next.observe()).extracting(ObservedContainer::name).doesNotContain("c");
        var made = next.create(wish.spec()).id();
        assertThat(next.cleanUp().actions())
                .containsExactly(
                        "removed what was left of container " + cut.substring(0, 12) + ", which has no record");
        assertThat(lab.files(cut).state()).doesNotExist();
        assertThat(next.find("c").orElseThrow().id()).isEqualTo(made);
        assertThat(next.cleanUp().actions()).isEmpty();
    }

    @Test
    void from_the_moment_when_something_is_made_for_it_a_record_is_not_lost_with_the_power() throws IOException {
        lab.killAt(FailPoint.Step.CREATE_VOLUMES);
        var wish = lab.wish("c").mount(new MountSpec.Anonymous("/own", false)).run("sleep", "600");
        assertThatThrownBy(() -> lab.created(wish)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        assertThat(lab.files(lab.anotherProcess().find("c").orElseThrow().id()).creating())
                .doesNotExist();
        assertThat(lab.files(lab.created(lab.wish("d").run("sleep", "600"))).creating())
                .doesNotExist();
    }

    @Test
    void a_start_goes_on_where_a_killed_one_stopped_without_a_clean_up() throws IOException {
        var id = lab.created(lab.wish("c").run("sleep", "600"));
        lab.killAt(FailPoint.Step.START_SUPERVISED);
        assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Created.class);
        lab.anotherProcess().start(id);
        assertThat(lab.running(id).supervised()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = FailPoint.Step.class,
            names = {"START_MOUNTED", "START_SUPERVISED", "START_STARTED"})
    void one_that_goes_with_its_end_goes_too_when_who_started_it_was_killed_at_that(FailPoint.Step step)
            throws IOException {
        var id = lab.created(lab.wish("passing").run("sleep", "600"));
        lab.killAt(step);
        try (var _ = lab.containers.removeWhenEnded(id)) {
            assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
        }
        lab.liveOn();
        var next = lab.anotherProcess();
        next.cleanUp();
        if (step == FailPoint.Step.START_STARTED) {
            next.kill(id, "KILL"); // it runs, and nobody needs to know that who wanted it is gone
            next.await(id);
        }
        // The on-exit script may hold the container's lock for a moment: then it is left to that.
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            next.cleanUp();
            assertThat(next.observe()).isEmpty();
        });
    }

    /** Whoever looked into a stopped container was killed: its files and its volume stay, and the mounts go. */
    @Test
    void a_look_into_a_stopped_container_that_was_cut_off_leaves_nothing_behind() throws IOException {
        lab.volumes.create(new VolumeSpec("v", new Owner("test-host", "test", Optional.empty()), Map.of()));
        var id = lab.created(lab.wish("c")
                .mount(new MountSpec.Volume("v", "/etc", false, false))
                .run("sleep", "600"));
        for (var clean : List.<Cleaning>of(
                containers -> containers.cleanUp(),
                containers -> {
                    containers.start(id);
                    containers.stop(id, Optional.of(Duration.ZERO));
                },
                containers -> containers.remove(id, true, false))) {
            // As a killed process leaves it: all mounted, and the lock free.
            var place = lab.root.run().resolve("looking").resolve(id);
            try (var tree = lab.containers.tree(id, "archive-path")) {
                assertThat(Mounts.isMountPoint(place)).isTrue();
                assertThat(tree.root().status(RawPath.of("etc"))).isPresent();
            }
            Root.directory(place);
            Mounts.bind(lab.volumes.path("v"), place, List.of());

            clean.with(lab.anotherProcess());

            assertThat(place).doesNotExist();
            assertThat(lab.volumes.path("v")).isDirectory();
        }
    }

    private interface Cleaning {
        void with(Containers containers) throws IOException;
    }

    @Test
    void a_container_whose_start_was_just_done_is_adopted() throws IOException {
        var id = lab.created(lab.wish("c").run("sleep", "600"));
        lab.killAt(FailPoint.Step.START_STARTED);
        assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        assertThat(lab.anotherProcess().cleanUp().actions())
                .containsExactly("adopted container c, which had just been started");
        assertThat(lab.running(id).supervised()).isTrue();
    }

    private void kill(Path pidFile) throws IOException {
        var process = ProcessIdentity.of(
                        Integer.parseInt(Files.readString(pidFile).strip()))
                .orElseThrow();
        try (var pidfd = Pidfd.open(process).orElseThrow()) {
            pidfd.send(Signal.KILL);
            assertThat(pidfd.awaitExit(Duration.ofSeconds(60))).isTrue();
        }
    }

    @Test
    void a_container_without_its_supervisor_runs_on_and_its_end_is_unknown() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        kill(lab.files(id).conmonPidFile());
        assertThat(lab.running(id).supervised()).isFalse();
        kill(lab.files(id).pidFile());
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Lost.class);
        var outcome = lab.containers.finishExit(id).orElseThrow();
        assertThat(outcome.lost()).isTrue();
        assertThat(outcome.exitCode()).isEqualTo(255);
        assertThat(lab.files(id).run()).doesNotExist();
    }

    @Test
    void an_unsupervised_container_can_be_stopped() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        lab.pid(id, "sleep"); // what the runtime was before heeds the signal
        kill(lab.files(id).conmonPidFile());
        var result = lab.containers.stop(id, Optional.of(Duration.ofMillis(100)));
        assertThat(result)
                .isInstanceOfSatisfying(
                        StopResult.Stopped.class, s -> assertThat(s.killed()).isTrue());
    }

    @Test
    void a_pid_that_is_used_again_is_not_signalled() throws Exception {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        lab.containers.kill(id, "KILL");
        lab.containers.await(id);
        var innocent = new ProcessBuilder("sleep", "600").start();
        try {
            // As if the innocent process had got the container's old pid: same number, another start time.
            var store = new ContainerStore(lab.root);
            var run = store.run(id, ProcessIdentity.bootId()).orElseThrow();
            var wrong = new ProcessIdentity(
                    (int) innocent.pid(), run.process().orElseThrow().startTicks() - 1);
            store.write(id, run.supervised(wrong, run.conmon()));
            lab.containers.stop(id, Optional.of(Duration.ZERO));
            // And one that the record names rightly, but that is not in the container's cgroup.
            assertThat(innocent.isAlive()).isTrue();
        } finally {
            innocent.destroyForcibly().waitFor();
        }
    }

    @Test
    void a_process_outside_the_containers_cgroup_is_not_signalled() throws Exception {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        var innocent = new ProcessBuilder("sleep", "600").start();
        try {
            var store = new ContainerStore(lab.root);
            var run = store.run(id, ProcessIdentity.bootId()).orElseThrow();
            var other = ProcessIdentity.of((int) innocent.pid()).orElseThrow();
            store.write(id, run.supervised(other, run.conmon()));
            assertThatThrownBy(() -> lab.containers.kill(id, "KILL")).hasMessageContaining("is not running");
            assertThat(innocent.isAlive()).isTrue();
            store.write(id, run);
        } finally {
            innocent.destroyForcibly().waitFor();
        }
    }

    @Test
    void one_that_cannot_be_put_away_keeps_nobody_from_cleaning_up() throws IOException {
        var ids = new ArrayList<String>();
        for (var name : List.of("one", "two", "three")) {
            ids.add(lab.started(lab.wish(name).run("sleep", "600")));
        }
        for (var id : ids) {
            kill(lab.files(id).pidFile());
            lab.containers.await(id);
        }
        // Whichever comes first: a file system of somebody else that is in the way.
        var stuck = Collections.min(ids);
        var place = Files.createDirectory(lab.files(stuck).run().resolve("stuck"));
        Mounts.bind(Files.createDirectory(directory.resolve("foreign")), place, List.of());
        try {
            assertThat(lab.containers.cleanUp().actions())
                    .anySatisfy(action -> assertThat(action)
                            .startsWith("could not put container " + stuck.substring(0, 12) + " in order"));
            assertThat(ids)
                    .filteredOn(id -> Files.exists(lab.files(id).run()))
                    .as("runs that are left")
                    .containsExactly(stuck);
        } finally {
            Mounts.unmount(place);
        }
        assertThat(lab.containers.cleanUp().actions()).hasSize(1);
        assertThat(lab.files(stuck).run()).doesNotExist();
    }

    @Test
    void after_a_reboot_everything_that_ran_has_ended_unseen() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        rebooted(id);
        var store = new ContainerStore(lab.root);
        store.write(id, Life.NEW.startedByHand(store.life(id).startedAt().orElseThrow()));
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Lost.class);
        assertThat(lab.containers.cleanUp().actions()).isNotEmpty();
        assertThat(lab.containers
                        .observe(id)
                        .orElseThrow()
                        .life()
                        .exit()
                        .orElseThrow()
                        .lost())
                .isTrue();
    }

    /** Nobody waits for the disk at a start, and at a stop everybody does. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MISSING")
    void what_was_started_last_comes_back_although_the_power_failed_before_that_was_written(Damage damage)
            throws IOException {
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        rebooted(id);
        damage.to(lab.files(id).life());
        var next = lab.anotherProcess();
        next.cleanUp();
        next.repair();
        assertThat(next.observe(id).orElseThrow().life().wanted()).isTrue();
        assertThat(next.finishExit(id))
                .hasValueSatisfying(end -> assertThat(end.lost()).isTrue());
    }

    /** Ends its run, and makes it that of another boot. */
    private void rebooted(String id) throws IOException {
        lab.containers.kill(id, "KILL");
        lab.containers.await(id);
        var store = new ContainerStore(lab.root);
        var run = store.run(id, ProcessIdentity.bootId()).orElseThrow();
        store.write(
                id,
                new Run(
                        "another-boot",
                        true,
                        run.process(),
                        run.conmon(),
                        run.startedAt(),
                        run.runtime(),
                        run.ports(),
                        run.addresses(),
                        run.terminal(),
                        run.input(),
                        run.cgroup(),
                        run.joined()));
    }

    @Test
    void what_a_killed_conmon_had_begun_to_write_goes_with_the_run() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        kill(lab.files(id).conmonPidFile());
        var begun = lab.files(id).exit().resolveSibling(id + ".P29NZ3");
        Files.writeString(Files.createDirectories(begun.getParent()).resolve(begun.getFileName()), "13");
        lab.containers.remove(id, true, true);
        assertThat(begun).doesNotExist();
    }

    /** Of a start whose processes were all killed, when nobody knew yet that there was one. */
    @Test
    void what_the_runtime_alone_knows_of_stands_in_no_starts_way() throws IOException {
        var id = lab.created(lab.wish("c").run("sleep", "600"));
        Files.createDirectories(Host.runtimeState(lab.root).resolve(id));
        lab.containers.start(id);
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Running.class);
    }

    @Test
    void without_an_agent_the_on_exit_script_restarts() throws IOException {
        var calls = directory.resolve("calls");
        launcher("echo \"$@\" >> " + calls);
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        kill(lab.files(id).pidFile());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(calls)
                        .hasContent("--root " + lab.root.state() + " --run-root " + lab.root.run() + " container-exit "
                                + id));
    }

    private void launcher(String line) throws IOException {
        var launcher = directory.resolve("launcher");
        Files.writeString(launcher, "#!/bin/sh\n" + line + "\n");
        launcher.toFile().setExecutable(true);
    }

    @Test
    void the_on_exit_script_leaves_it_to_an_agent_or_to_who_stops() throws IOException {
        var calls = directory.resolve("calls");
        launcher("echo called >> " + calls);
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        // stop holds the lock while the script looks, and takes the marker away.
        lab.containers.stop(id, Optional.of(Duration.ZERO));
        assertThat(lab.files(id).restartMarker()).doesNotExist();
        lab.containers.start(id);
        var conmon = ProcessIdentity.of(
                        Integer.parseInt(Files.readString(lab.files(id).conmonPidFile())))
                .orElseThrow();
        try (var agent = dev.lockstep.runtime.linux.Flock.exclusive(lab.root.lock("agent"))) {
            assertThat(agent).isNotNull();
            kill(lab.files(id).pidFile());
            // conmon ends when its exit command has.
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !conmon.isAlive());
        }
        assertThat(calls).doesNotExist();
    }

    private ProcessIdentity conmon(String id) throws IOException {
        return ProcessIdentity.of(Integer.parseInt(
                        Files.readString(lab.files(id).conmonPidFile()).strip()))
                .orElseThrow();
    }

    private void awaitEnd(ProcessIdentity process) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !process.isAlive());
    }

    /** A rename, a look into its files, a rotation of its log: none of them sees to an exit. */
    @Test
    void an_exit_while_somebody_works_on_the_container_is_seen_to_after_that() throws IOException {
        var calls = directory.resolve("calls");
        launcher("echo \"$@\" >> " + calls);
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        var conmon = conmon(id);
        try (var _ = new ContainerStore(lab.root).lock(id)) {
            kill(lab.files(id).pidFile());
            // It does not wait for who may wait for it.
            awaitEnd(conmon);
            assertThat(calls).doesNotExist();
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(calls).content().endsWith("container-exit " + id + "\n"));
    }

    /** And it is not called for a run that whoever held the lock has put away and replaced. */
    @Test
    void an_exit_that_was_followed_by_a_start_calls_no_launcher() throws IOException {
        var calls = directory.resolve("calls");
        launcher("echo called >> " + calls);
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        var conmon = conmon(id);
        try (var _ = new ContainerStore(lab.root).lock(id)) {
            kill(lab.files(id).pidFile());
            awaitEnd(conmon);
            // As a start does, which cannot be called here since the lock is ours.
            Files.setLastModifiedTime(
                    lab.files(id).restartMarker(), java.nio.file.attribute.FileTime.from(java.time.Instant.now()));
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> lab.processes().stream().noneMatch(line -> line.contains("on-exit")));
        assertThat(calls).doesNotExist();
        var touched = Files.getLastModifiedTime(lab.files(id).restartMarker());
        lab.containers.start(id);
        assertThat(Files.getLastModifiedTime(lab.files(id).restartMarker())).isNotEqualTo(touched);
    }

    /** A launcher is a JVM: as many of them at once as there are containers would bring a host to its knees. */
    @Test
    void fifty_that_are_stopped_and_removed_call_no_launcher() throws Exception {
        var calls = directory.resolve("calls");
        launcher("echo called >> " + calls);
        var number = 50;
        var conmons = Collections.synchronizedList(new ArrayList<ProcessIdentity>());
        try (var workers = Executors.newFixedThreadPool(4)) {
            var all = IntStream.range(0, number)
                    .mapToObj(i -> workers.submit(() -> {
                        var id = lab.started(lab.wish("many-" + i)
                                .restart(RestartPolicy.Condition.ALWAYS)
                                .run("sleep", "600"));
                        conmons.add(ProcessIdentity.of(Integer.parseInt(
                                        Files.readString(lab.files(id).conmonPidFile())))
                                .orElseThrow());
                        return id;
                    }))
                    .toList();
            var removed = new ArrayList<Future<?>>();
            for (var id : all) {
                var started = id.get();
                removed.add(workers.submit(() -> {
                    lab.containers.stop(started, Optional.of(Duration.ZERO));
                    lab.containers.remove(started, false, true);
                    return started;
                }));
            }
            for (var done : removed) {
                done.get();
            }
        }
        // conmon ends when its exit command has.
        Awaitility.await().until(() -> conmons.stream().noneMatch(ProcessIdentity::isAlive));
        // Nor did one wait for the end of a stop.
        Awaitility.await().until(() -> lab.processes().stream().noneMatch(line -> line.contains("on-exit")));
        assertThat(conmons).hasSize(number);
        assertThat(calls).doesNotExist();
    }

    @Test
    void a_restart_by_policy_waits_counts_and_obeys_a_stop() throws Exception {
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ON_FAILURE).shell("exit 4"));
        lab.containers.await(id);
        assertThat(lab.containers.restartByPolicy(id, () -> true)).isFalse();
        assertThat(lab.containers.restartByPolicy(id, () -> false)).isTrue();
        lab.containers.await(id);
        assertThat(lab.containers.observe(id).orElseThrow().life().restartCount())
                .isEqualTo(1);
        lab.containers.finishExit(id);
        assertThat(lab.containers.decideRestart(id)).isEqualTo(new RestartDecision.Restart(Duration.ofMillis(200)));
        lab.containers.stop(id, Optional.empty());
        assertThat(lab.containers.restartByPolicy(id, () -> false)).isFalse();
        assertThat(lab.containers.startAgain(id)).isFalse();
    }

    /** A process for each would stay for up to a minute. */
    @ParameterizedTest
    @ValueSource(strings = {"remove", "stop", "start"})
    void who_waits_for_the_time_of_a_restart_ends_when_it_is_not_to_be_any_more(String act) throws Exception {
        var id = lab.started(lab.wish("c")
                .restart(new RestartPolicy(
                        RestartPolicy.Condition.ON_FAILURE,
                        0,
                        true,
                        Optional.of(Duration.ofMinutes(5)),
                        Optional.empty()))
                .shell("test -e /mark && exec sleep 600; touch /mark; exit 4"));
        lab.containers.await(id);
        try (var threads = Executors.newSingleThreadExecutor()) {
            var restarted = threads.submit(() -> lab.anotherProcess().restartByPolicy(id, () -> false));
            assertThatThrownBy(() -> restarted.get(2, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
            switch (act) {
                case "remove" -> lab.containers.remove(id, false, true);
                case "stop" -> lab.containers.stop(id, Optional.empty());
                default -> lab.containers.start(id);
            }
            assertThat(restarted.get(10, TimeUnit.SECONDS)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(RestartPolicy.Condition.class)
    void what_was_stopped_by_hand_starts_with_the_next_boot_only_if_always(RestartPolicy.Condition condition)
            throws IOException {
        var id = lab.started(lab.wish("c").restart(condition).run("sleep", "600"));
        lab.containers.stop(id, Optional.of(Duration.ZERO));
        assertThat(lab.containers.startWithHost(id)).isFalse();
        var store = new ContainerStore(lab.root);
        store.write(id, store.life(id).stopping("another-boot"));
        assertThat(lab.containers.startWithHost(id)).isEqualTo(condition == RestartPolicy.Condition.ALWAYS);
        assertThat(lab.containers.observe(id).orElseThrow().isRunning())
                .isEqualTo(condition == RestartPolicy.Condition.ALWAYS);
        assertThat(lab.containers.startWithHost(id)).isFalse();
    }

    /** Ended and not started yet: that was never meant to be a stop by hand. */
    @ParameterizedTest
    @EnumSource(
            value = RestartPolicy.Condition.class,
            names = {"ALWAYS", "NO"})
    void a_restart_that_was_cut_off_in_the_middle_is_gone_on_with(RestartPolicy.Condition condition) throws Exception {
        var calls = directory.resolve("calls");
        launcher("echo \"$@\" >> " + calls);
        var id = lab.started(lab.wish("c").restart(condition).run("sleep", "600"));
        var before = lab.pid(id);
        lab.killAt(FailPoint.Step.RESTART_ENDED);
        assertThatThrownBy(() -> lab.containers.restart(id, Optional.of(Duration.ZERO)))
                .isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(calls).content().endsWith("container-exit " + id + "\n"));
        // What that calls.
        assertThat(lab.anotherProcess().restartByPolicy(id, () -> false)).isTrue();
        assertThat(lab.pid(id)).isNotEqualTo(before);
        assertThat(lab.containers.observe(id).orElseThrow().life().restartCount())
                .isZero();
        // The next end is one like others.
        kill(lab.files(id).pidFile());
        lab.containers.await(id);
        assertThat(lab.containers.restartByPolicy(id, () -> false))
                .isEqualTo(condition == RestartPolicy.Condition.ALWAYS);
    }

    /** The same before the signal was sent; and a stop is a stop. */
    @Test
    void a_restart_that_was_cut_off_at_its_beginning_is_gone_on_with() throws Exception {
        var id = lab.started(lab.wish("c").grace(Duration.ofMillis(100)).run("sleep", "600"));
        Files.createFile(lab.files(id).restarting());
        assertThat(lab.anotherProcess().cleanUp().actions())
                .containsExactly("ended container c, whose restart was cut off");
        assertThat(lab.containers.decideRestart(id)).isEqualTo(new RestartDecision.Restart(Duration.ZERO));
        lab.containers.stop(id, Optional.empty());
        assertThat(lab.containers.startAgain(id)).isFalse();
    }

    /** A rename, or a hook that hangs: the kill waits for neither, and counts all the same. */
    @Test
    void a_kill_while_somebody_works_on_the_container_is_one_by_hand() throws Exception {
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        try (var _ = new ContainerStore(lab.root).lock(id)) {
            lab.containers.kill(id, "KILL");
            lab.containers.await(id);
        }
        assertThat(lab.files(id).restartMarker()).doesNotExist();
        assertThat(lab.containers.restartByPolicy(id, () -> false)).isFalse();
        var life = lab.containers.observe(id).orElseThrow().life();
        assertThat(life.stoppedByUser()).isTrue();
        assertThat(life.exit().orElseThrow().exitCode()).isEqualTo(137);
        // And one start later that is forgotten.
        lab.containers.start(id);
        kill(lab.files(id).pidFile());
        lab.containers.await(id);
        assertThat(lab.containers.restartByPolicy(id, () -> false)).isTrue();
    }

    @Test
    void a_launcher_that_has_moved_is_found_by_containers_that_run_already() throws IOException {
        var calls = directory.resolve("calls");
        launcher("echo old >> " + calls);
        var id = lab.started(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        // Another version at another place, and the old one is gone.
        var moved = directory.resolve("elsewhere/lockstep");
        Files.createDirectories(moved.getParent());
        Files.move(directory.resolve("launcher"), moved);
        Files.writeString(moved, "#!/bin/sh\necho \"new $*\" >> " + calls + "\n");
        new OnExitScript(lab.root).install(Optional.of(moved));
        kill(lab.files(id).pidFile());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(
                        () -> assertThat(calls).content().startsWith("new ").contains("container-exit " + id));
    }

    /** As after an upgrade that put the new distribution beside the old one, and changed only the link in PATH. */
    @Test
    void a_launcher_that_is_gone_is_looked_for_in_the_path() throws Exception {
        var calls = directory.resolve("calls");
        var id = lab.created(
                lab.wish("c").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        Files.createFile(lab.files(id).restartMarker());
        assertThat(directory.resolve("launcher")).doesNotExist();
        var programs = Files.createDirectory(directory.resolve("programs"));
        var program = Files.writeString(programs.resolve("lockstep"), "#!/bin/sh\necho \"$@\" >> " + calls + "\n");
        program.toFile().setExecutable(true);
        var script = new ProcessBuilder(new OnExitScript(lab.root).path().toString(), id).redirectErrorStream(true);
        script.environment().merge("PATH", programs.toString(), (old, ours) -> ours + ":" + old);
        var process = script.start();
        assertThat(process.getInputStream().readAllBytes()).asString().isEmpty();
        assertThat(process.waitFor()).isZero();
        assertThat(calls).content().contains("container-exit " + id);
    }
}
