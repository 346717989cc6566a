package dev.lockstep.runtime.container;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.sun.jna.Function;
import dev.lockstep.runtime.event.Event;
import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.ProcessDetails;
import dev.lockstep.runtime.oci.Rlimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Health checks as the kernel and the runtime really run them. */
class HealthIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration SOON = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofSeconds(30);

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

    private static HealthCheck check(String script, Duration interval, Duration timeout, Duration startPeriod) {
        return new HealthCheck(
                Optional.of(List.of("CMD-SHELL", script)),
                Optional.of(interval),
                Optional.of(timeout),
                Optional.of(startPeriod),
                Optional.of(SOON),
                Optional.of(2));
    }

    private Wish checked(String name, String script, Duration timeout) {
        return lab.wish(name).run("sleep", "600").health(check(script, SOON, timeout, Duration.ZERO));
    }

    private HealthState health(String id) throws IOException {
        return lab.containers.observe(id).orElseThrow().health().orElseThrow();
    }

    private Path inside(String id, String path) throws IOException {
        return Path.of("/proc/" + lab.pid(id) + "/root" + path);
    }

    @Test
    void probes_lead_to_healthy_and_unhealthy() throws IOException {
        var id = lab.started(checked("c", "echo looked; test -e /well", LONG));
        assertThat(health(id).status()).isEqualTo(HealthState.Status.STARTING);
        var failed = lab.containers.probe(id);
        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.output()).isEqualTo("looked\n");
        lab.containers.probe(id);
        assertThat(health(id).status()).isEqualTo(HealthState.Status.UNHEALTHY);
        lab.exec(id, "touch", "/well");
        lab.containers.probe(id);
        // Another process sees it too: an agent that starts again goes on from there.
        assertThat(lab.anotherProcess().observe(id).orElseThrow().health())
                .map(HealthState::status)
                .contains(HealthState.Status.HEALTHY);
    }

    @Test
    void a_probe_that_hangs_is_killed_with_all_its_children() throws IOException {
        var id = lab.started(checked(
                "c", "sleep 543 & (sleep 545 & exec sleep 546) & exec >&- 2>&-; sleep 544", Duration.ofMillis(300)));
        var result = lab.containers.probe(id);
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(result.output()).isEqualTo("Health check exceeded timeout (300ms)");
        assertThat(lab.exec(id, "ps").out()).doesNotContain("sleep 54");
        assertThat(lab.files(id).probePid()).doesNotExist();
    }

    @Test
    void a_probe_keeps_only_the_beginning_of_what_it_prints() throws IOException {
        var id = lab.started(checked("c", "seq 1 20000", LONG));
        assertThat(lab.containers.probe(id).output()).hasSize(4099).endsWith("...");
    }

    /** The runtime waits for whoever holds the output; the program itself has ended and said how. */
    @Test
    void what_a_probe_leaves_behind_with_its_output_is_ended() throws IOException {
        var id = lab.started(checked("c", "sleep 547 & echo done", LONG));
        var begin = System.nanoTime();
        var result = lab.containers.probe(id);
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).isEqualTo("done\n");
        assertThat(lab.exec(id, "ps").out()).doesNotContain("sleep 547");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(LONG);
    }

    @Test
    void a_probe_that_cannot_run_says_why() throws IOException {
        var id = lab.started(lab.wish("c")
                .run("sleep", "600")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD", "/no/such")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty())));
        var result = lab.containers.probe(id);
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(result.output()).contains("/no/such");
    }

    /** Everything that the kernel says of the rights of whoever asks, with the program's own variables. */
    private static final String RIGHTS =
            "{ grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigIgn|SigBlk|Cpus_allowed|Mems_allowed)'"
                    + " /proc/self/status; cat /proc/self/limits /proc/self/cgroup /proc/self/oom_score_adj;"
                    + " cat /proc/self/attr/current 2>&1;"
                    + " for n in mnt net pid ipc uts cgroup user time; do readlink /proc/self/ns/$n; done;"
                    + " cut -d' ' -f18,19,40,41 /proc/self/stat; env | sort; pwd; ls /proc/self/fd; }";

    private static Isolation isolation(boolean privileged, List<String> add, List<String> drop) {
        var none = Isolation.NONE;
        return new Isolation(
                privileged,
                false,
                add,
                drop,
                none.security(),
                none.namespaces(),
                none.cgroupParent(),
                none.runtime(),
                none.sysctls());
    }

    @Test
    void a_probe_has_exactly_the_rights_of_its_container() throws IOException {
        var confined = new ProcessOptions(
                List.of("1234", "27"), false, false, false, Map.of("nofile", new Rlimit(123, 456)), Optional.of(345));
        var wishes = List.of(
                lab.wish("plain"),
                lab.wish("user").user("1000:1001").environment("A", "b c").workingDir("/etc"),
                Lab.limits()
                        ? lab.wish("confined").with(confined).memory(64 << 20)
                        : lab.wish("confined").with(confined),
                lab.wish("few").with(isolation(false, List.of("CAP_NET_ADMIN"), List.of("ALL"))),
                lab.wish("privileged").with(isolation(true, List.of(), List.of())));
        for (var wish : wishes) {
            var id = lab.started(wish.shell(RIGHTS + " > /dev/shm/own; exec sleep 600")
                    .health(check(RIGHTS + " > /dev/shm/probe; chmod 666 /dev/shm/probe", LONG, LONG, Duration.ZERO)));
            await().atMost(PATIENCE)
                    .until(() -> Lab.read("/proc/" + lab.pid(id) + "/cmdline").startsWith("sleep"));
            var result = lab.containers.probe(id);
            assertThat(result.exitCode()).as(result.output()).isZero();
            assertThat(Lab.read(inside(id, "/dev/shm/probe").toString()))
                    .as(wish.spec().name())
                    .contains("CapEff", "Max open files", "PATH=")
                    .isEqualTo(Lab.read(inside(id, "/dev/shm/own").toString()));
        }
    }

    /** An agent under systemd has such a mask. */
    @Test
    void a_probe_has_the_umask_of_its_container_whatever_ours_is() throws IOException {
        var id = lab.started(
                lab.wish("c").shell("umask; exec sleep 600").health(check("umask", LONG, LONG, Duration.ZERO)));
        lab.awaitLog(id, "0022\n");
        var umask = Function.getFunction("c", "umask");
        var ours = umask.invokeInt(new Object[] {0077});
        try {
            assertThat(lab.containers.probe(id).output()).isEqualTo("0022\n");
        } finally {
            umask.invokeInt(new Object[] {ours});
        }
    }

    @Test
    void one_thread_runs_the_checks_of_all_and_one_that_hangs_delays_nobody() throws Exception {
        var changes = new ConcurrentLinkedQueue<String>();
        var ids = new ArrayList<String>();
        for (var i = 0; i < 6; i++) {
            ids.add(lab.started(checked("c" + i, "echo x >> /dev/shm/n; test ! -e /dev/shm/ill", LONG)));
        }
        var hanging = lab.started(checked("hanging", "sleep 548", LONG.multipliedBy(10)));
        try (var monitor = lab.containers.healthMonitor((id, status) -> changes.add(id + " " + status))) {
            monitor.watch(hanging);
            ids.forEach(monitor::watch);
            await().atMost(PATIENCE).until(() -> ids.stream().allMatch(id -> changes.contains(id + " HEALTHY")));
            assertThat(Thread.getAllStackTraces().keySet().stream()
                            .filter(t -> t.getName().startsWith("health"))
                            .count())
                    .isEqualTo(1);
            Files.createFile(inside(ids.getFirst(), "/dev/shm/ill"));
            await().atMost(PATIENCE).until(() -> changes.contains(ids.getFirst() + " UNHEALTHY"));
            assertThat(health(ids.getFirst()).results()).hasSizeLessThanOrEqualTo(5);
            Files.delete(inside(ids.getFirst(), "/dev/shm/ill"));
            await().atMost(PATIENCE)
                    .until(() -> changes.stream()
                                    .filter((ids.getFirst() + " HEALTHY")::equals)
                                    .count()
                            == 2);
            assertThat(lab.exec(hanging, "ps").out()).contains("sleep 548");
        }
        assertThat(lab.exec(hanging, "ps").out()).doesNotContain("sleep 548");
        assertThat(events(ids.getFirst()))
                .containsExactly("health_status: healthy", "health_status: unhealthy", "health_status: healthy");
    }

    private List<String> events(String id) throws IOException {
        return new EventLog(lab.root)
                .between(Optional.empty(), Optional.empty()).stream()
                        .filter(e -> e.id().equals(id))
                        .map(Event::action)
                        .filter(a -> a.startsWith("health"))
                        .toList();
    }

    @Test
    void failures_in_the_start_period_are_looked_at_often_and_do_not_count() throws IOException {
        var id = lab.started(lab.wish("c")
                .run("sleep", "600")
                .health(check("echo x >> /dev/shm/n; test -e /dev/shm/well", LONG.multipliedBy(10), LONG, LONG)));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).results().size() >= 4);
            assertThat(health(id).status()).isEqualTo(HealthState.Status.STARTING);
            assertThat(health(id).failingStreak()).isZero();
            Files.createFile(inside(id, "/dev/shm/well"));
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.HEALTHY);
        }
    }

    /** By the clock of the wall two failures would be too many, and the next look one interval away. */
    @Test
    void the_start_period_goes_on_when_the_clock_is_set_also_for_a_record_that_an_earlier_version_began()
            throws IOException {
        var period = check("test -e /dev/shm/well", LONG.multipliedBy(10), LONG, LONG.multipliedBy(4));
        var id = lab.started(lab.wish("c").run("sleep", "600").health(period));
        var file = lab.files(id).health();
        var earlier = Files.readString(file).replaceFirst(",? *\"startedUptime\" *: *\"[^\"]*\"", "");
        assertThat(earlier).doesNotContain("Uptime");
        Files.move(Files.writeString(directory.resolve("earlier"), earlier), file, ATOMIC_MOVE);
        lab.clockSetBy.set(Duration.ofDays(1));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).results().size() >= 4);
            assertThat(health(id).status()).isEqualTo(HealthState.Status.STARTING);
            assertThat(health(id).failingStreak()).isZero();
        }
        assertThat(lab.containers.probe(id).exitCode()).isEqualTo(1);
        assertThat(health(id).failingStreak()).isZero();
    }

    /** It checks it itself, and says once what it says. */
    @Test
    void one_that_a_newer_lockstep_checks_is_left_to_it_without_a_warning() throws IOException {
        var id = lab.started(checked("c", "true", LONG));
        var logger = (Logger) LoggerFactory.getLogger(HealthMonitor.class);
        var level = logger.getLevel();
        var said = new AppenderBase<ILoggingEvent>() {
            private final Queue<ILoggingEvent> events = new ConcurrentLinkedQueue<>();

            @Override
            protected void append(ILoggingEvent event) {
                events.add(event);
            }
        };
        said.start();
        logger.setLevel(Level.DEBUG);
        logger.addAppender(said);
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.HEALTHY);
            // A check that has begun may still write over it.
            await().atMost(PATIENCE).until(() -> {
                var file = lab.files(id).health();
                var newer = Files.readString(file).replaceFirst("\"format\":\\d+", "\"format\":99");
                Files.move(Files.writeString(directory.resolve("newer"), newer), file, ATOMIC_MOVE);
                return said.events.stream()
                        .anyMatch(e -> e.getFormattedMessage().contains("has format 99"));
            });
        } finally {
            logger.detachAppender(said);
            logger.setLevel(level);
            Files.deleteIfExists(lab.files(id).health()); // or this Lockstep would not remove it
        }
        assertThat(said.events).allSatisfy(e -> assertThat(e.getLevel()).isEqualTo(Level.DEBUG));
    }

    @Test
    void a_paused_container_is_not_probed_and_one_that_stands_still_in_a_probe_is_not_judged() throws IOException {
        var id = lab.started(checked("c", "echo x >> /dev/shm/n", LONG));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.HEALTHY);
            lab.containers.pause(id);
            // One that had begun may still end.
            await().atMost(PATIENCE)
                    .until(() -> Flock.tryExclusive(lab.files(id).probeLock())
                            .map(lock -> {
                                lock.close();
                                return true;
                            })
                            .orElse(false));
            var last = health(id).last().orElseThrow();
            await().during(Duration.ofSeconds(1))
                    .atMost(PATIENCE)
                    .until(() -> health(id).last().orElseThrow().equals(last));
            assertThatThrownBy(() -> lab.containers.probe(id)).hasMessageContaining("is paused");
            lab.containers.unpause(id);
            await().atMost(PATIENCE)
                    .until(() -> health(id).last().orElseThrow().start().isAfter(last.end()));
            assertThat(health(id).status()).isEqualTo(HealthState.Status.HEALTHY);
        }
    }

    @Test
    void a_container_that_begins_anew_is_starting_again_and_one_that_ends_is_left() throws IOException {
        var id = lab.started(checked("c", "true", LONG).grace(Duration.ZERO));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.HEALTHY);
            lab.containers.stop(id, Optional.empty());
            var last = health(id).last().orElseThrow();
            lab.containers.start(id);
            assertThat(health(id)).satisfies(state -> {
                assertThat(state.status()).isEqualTo(HealthState.Status.STARTING);
                assertThat(state.results()).isEmpty();
            });
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.HEALTHY);
            assertThat(health(id).last().orElseThrow().start()).isAfter(last.end());
        }
    }

    @Test
    void a_probe_of_a_check_that_was_changed_meanwhile_does_not_count_and_the_new_one_is_run() throws IOException {
        var id = lab.started(checked(
                "c", "touch /dev/shm/old; until test -e /dev/shm/go; do sleep 0.02; done", Duration.ofMinutes(5)));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> Files.exists(inside(id, "/dev/shm/old")));
            lab.containers.update(id, checked("c", "echo new; false", LONG).spec());
            Files.createFile(inside(id, "/dev/shm/go"));
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.UNHEALTHY);
            assertThat(health(id).results()).extracting(HealthResult::output).containsOnly("new\n");
        }
    }

    /** Who mends a check that hangs does not wait for the end of its last, perhaps long, time. */
    @Test
    void a_probe_that_hangs_is_given_up_for_the_check_that_takes_its_place() throws IOException {
        var id = lab.started(checked("c", "touch /dev/shm/old; exec sleep 551", Duration.ofHours(1)));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> Files.exists(inside(id, "/dev/shm/old")));
            lab.containers.update(id, checked("c", "true", LONG).spec());
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.HEALTHY);
            assertThat(lab.exec(id, "ps").out()).doesNotContain("sleep 551");
        }
    }

    /** @param step of the host's clock since */
    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT1H", "PT-1H"})
    void a_probe_whose_watcher_was_killed_is_ended_by_the_next(Duration step) throws Exception {
        var id = lab.started(
                checked("c", "test -e /dev/shm/second || { touch /dev/shm/second; exec sleep 549; }", LONG));
        // As the runtime left it, with nobody to watch the timeout.
        begins(id);
        var process = leftBehind(id, "sleep", "550");
        try {
            Files.createFile(inside(id, "/dev/shm/second"));
            since(step, id);
            assertThat(lab.containers.probe(id).exitCode()).isZero();
            assertThat(lab.exec(id, "ps").out()).doesNotContain("sleep 550");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(137);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The pid that the file names is another program's by now. */
    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT1H", "PT-1H"})
    void a_program_that_has_the_pid_of_a_probe_that_was_left_behind_lives_on(Duration step) throws Exception {
        var id = lab.started(checked("c", "true", LONG));
        Files.writeString(
                lab.files(id).probeLock(),
                String.valueOf(ProcessDetails.uptime().minusMinutes(1).toMillis()));
        var process = leftBehind(id, "sleep", "552");
        try {
            // Its probe took a tenth of a second to begin, a minute ago.
            var then = Instant.now().minus(Duration.ofMinutes(1));
            Files.setLastModifiedTime(lab.files(id).probeLock(), FileTime.from(then));
            Files.setLastModifiedTime(lab.files(id).probePid(), FileTime.from(then.plusMillis(100)));
            since(step, id);
            assertThat(lab.containers.probe(id).exitCode()).isZero();
            assertThat(lab.exec(id, "ps").out()).contains("sleep 552");
        } finally {
            process.destroyForcibly();
        }
    }

    private void begins(String id) throws IOException {
        Files.writeString(
                lab.files(id).probeLock(),
                String.valueOf(ProcessDetails.uptime().toMillis()));
    }

    private Process leftBehind(String id, String... program) throws IOException {
        var command = new ArrayList<>(List.of(
                Lab.program(Lab.RUNTIME).toString(),
                "--root",
                lab.root.run().resolve("runtime").toString(),
                "exec",
                "--pid-file",
                lab.files(id).probePid().toString(),
                id));
        command.addAll(List.of(program));
        var process = new ProcessBuilder(command).start();
        await().atMost(PATIENCE).until(() -> Files.exists(lab.files(id).probePid()));
        return process;
    }

    /** The clock has been set: both files are that much older, or younger, by it. */
    private void since(Duration step, String id) throws IOException {
        for (var file : List.of(lab.files(id).probeLock(), lab.files(id).probePid())) {
            Files.setLastModifiedTime(
                    file,
                    FileTime.from(Files.getLastModifiedTime(file).toInstant().minus(step)));
        }
    }

    /** A state that cannot be written costs one look, and not all that would have come. */
    @Test
    void checks_go_on_when_a_state_could_not_be_kept() throws Exception {
        var id = lab.started(checked("c", "echo x >> /dev/shm/n; test -e /dev/shm/well", LONG));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            await().atMost(PATIENCE).until(() -> health(id).status() == HealthState.Status.UNHEALTHY);
            Damage.UNREADABLE.to(lab.files(id).health());
            var looks = inside(id, "/dev/shm/n");
            var before = Files.size(looks);
            await().atMost(PATIENCE).until(() -> Files.size(looks) >= before + 6);
            Files.delete(lab.files(id).health());
            Files.createFile(inside(id, "/dev/shm/well"));
            await().atMost(PATIENCE)
                    .until(() -> lab.containers.observe(id).orElseThrow().health().stream()
                            .anyMatch(h -> h.status() == HealthState.Status.HEALTHY));
        }
    }

    @Test
    void two_processes_do_not_probe_at_once() throws IOException {
        var id = lab.started(checked("c", "true", LONG));
        try (var other = Flock.tryExclusive(lab.files(id).probeLock()).orElseThrow()) {
            assertThat(other).isNotNull();
            assertThatThrownBy(() -> lab.containers.probe(id)).hasMessageContaining("is running already");
        }
        assertThat(lab.containers.probe(id).exitCode()).isZero();
    }

    @Test
    void nobody_wakes_up_while_nothing_is_due() throws IOException {
        var id = lab.started(
                lab.wish("c").run("sleep", "600").health(check("true", Duration.ofHours(1), LONG, Duration.ZERO)));
        try (var monitor = lab.containers.healthMonitor((_, _) -> {})) {
            monitor.watch(id);
            var last = new AtomicLong(-1);
            await().atMost(PATIENCE).during(Duration.ofSeconds(3)).until(() -> {
                var now = wakeUps();
                return last.getAndSet(now) == now;
            });
            assertThat(last).hasPositiveValue();
        }
    }

    /** How often the thread has gone to sleep by itself. */
    private static long wakeUps() throws IOException {
        try (var tasks = Files.list(Path.of("/proc/self/task"))) {
            for (var task : tasks.toList()) {
                if (Lab.read(task + "/comm").equals("health")) {
                    return Lab.read(task + "/status")
                            .lines()
                            .filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                            .mapToLong(line -> Long.parseLong(
                                    line.substring(line.indexOf(":") + 1).strip()))
                            .sum();
                }
            }
        }
        return -2;
    }
}
