package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.log.Journal;
import dev.lockstep.runtime.log.LogEntry;
import dev.lockstep.runtime.log.LogQuery;
import dev.lockstep.runtime.log.LogReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What containers write, read back. */
class LogsIT {
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

    private List<LogEntry> entries(String id, LogQuery query) throws IOException {
        var entries = new ArrayList<LogEntry>();
        lab.containers.logs(id).read(query, entries::add);
        return entries;
    }

    @Test
    void a_long_line_is_put_together_again() throws IOException {
        var id = lab.started(lab.wish("c").shell("head -c 20001 /dev/zero; echo; echo short"));
        lab.containers.await(id);
        var entries = entries(id, LogQuery.ALL);
        assertThat(entries).hasSize(2);
        assertThat(entries.getFirst().bytes()).hasSize(20_001).containsOnly(0);
        assertThat(entries.getLast().text()).isEqualTo("short");
    }

    @Test
    void bytes_that_are_no_text_arrive_unchanged() throws IOException {
        var id = lab.started(lab.wish("c").shell("printf '\\377\\000\\033[31m\\r\\n'; printf 'no newline'"));
        lab.containers.await(id);
        var entries = entries(id, LogQuery.ALL);
        assertThat(entries.getFirst().bytes()).containsExactly(0xff, 0, 0x1b, '[', '3', '1', 'm', '\r');
        assertThat(entries.getLast().text()).isEqualTo("no newline");
        assertThat(entries.getLast().complete()).isFalse();
    }

    @Test
    void the_tail_is_counted_in_lines_and_times_limit_it() throws IOException {
        var id = lab.started(lab.wish("c").shell("seq 1 1000"));
        lab.containers.await(id);
        var tail = entries(id, new LogQuery(OptionalInt.of(3), Optional.empty(), Optional.empty()));
        assertThat(tail).extracting(LogEntry::text).containsExactly("998", "999", "1000");
        assertThat(entries(id, new LogQuery(OptionalInt.of(0), Optional.empty(), Optional.empty())))
                .isEmpty();
        var last = tail.getLast().time();
        assertThat(entries(id, new LogQuery(OptionalInt.empty(), Optional.of(last), Optional.empty())))
                .extracting(LogEntry::text)
                .contains("1000");
        assertThat(entries(id, new LogQuery(OptionalInt.empty(), Optional.of(last.plusSeconds(1)), Optional.empty())))
                .isEmpty();
    }

    /** Reads as {@code logs -f} does, until {@code over} and everything is read. */
    private void follow(String id, AtomicBoolean over, LogReader.Sink sink) throws IOException {
        try (var watch = lab.containers.watchLogs();
                var source = lab.containers.logs(id).open(LogQuery.ALL)) {
            watch.add(lab.containers.observe(id).orElseThrow().record());
            while (true) {
                var last = over.get();
                while (source.next()) {
                    sink.accept(source.line().copy());
                }
                if (last) {
                    assertThat(source.hasGap()).isFalse();
                    return;
                }
                watch.await(Duration.ofMillis(100));
            }
        }
    }

    @Test
    void rotation_under_load_loses_no_line_and_following_survives_it() throws Exception {
        var count = 600_000;
        var id = lab.started(
                lab.wish("c").with(o -> o.with(limits(200_000, 1000))).shell("seq 1 " + count + "; sleep 600"));
        var lines = new ArrayList<String>();
        var over = new AtomicBoolean();
        var seen = new AtomicInteger();
        var reader = inBackground(() -> follow(id, over, e -> {
            lines.add(e.text());
            seen.incrementAndGet();
        }));
        try (var rotation = lab.containers.rotateLogs()) {
            var deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (seen.get() < count && System.nanoTime() < deadline) {
                rotation.await(Duration.ofMillis(50));
            }
        }
        over.set(true);
        reader.get(60, TimeUnit.SECONDS);
        assertThat(lines.equals(numbers(count))).isTrue();
        assertThat(lab.files(id).log().directory().toFile().list()).hasSizeGreaterThan(1);
        assertThat(entries(id, LogQuery.ALL).stream()
                        .map(LogEntry::text)
                        .toList()
                        .equals(numbers(count)))
                .isTrue();
    }

    /** Conmon would go on in a file that nobody can read, and that nobody would ever rotate. */
    @Test
    void a_log_that_somebody_deletes_is_begun_anew_and_who_follows_misses_nothing() throws Exception {
        var shared = Files.createDirectory(directory.resolve("shared"));
        var id = lab.started(lab.wish("c")
                .mount(new MountSpec.Bind(shared, shared.toString(), "/d", true, false))
                .shell("echo one; while [ ! -e /d/go ]; do usleep 10000; done; echo two; sleep 600"));
        lab.awaitLog(id, "one");
        var lines = new CopyOnWriteArrayList<String>();
        var over = new AtomicBoolean();
        var reader = inBackground(() -> follow(id, over, e -> lines.add(e.text())));
        await().until(() -> lines.contains("one"));
        try (var rotation = lab.containers.rotateLogs()) {
            for (var looks = 0; looks < 5; looks++) {
                rotation.await(Duration.ofMillis(50)); // until it is silent, and only the kernel tells
            }
            Files.delete(lab.files(id).log().current());
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                rotation.await(Duration.ofMillis(50));
                return Files.exists(lab.files(id).log().current());
            });
        }
        Files.createFile(shared.resolve("go"));
        lab.awaitLog(id, "two");
        over.set(true);
        reader.get(60, TimeUnit.SECONDS);
        assertThat(lines).containsExactly("one", "two");

        // And where only commands rotate.
        Files.delete(lab.files(id).log().current());
        lab.anotherProcess().rotateLogsOnce();
        assertThat(lab.files(id).log().current()).exists();
    }

    /** Conmon ends, and nobody supervises its container any more, when it is to open a file without a directory. */
    @Test
    void logs_that_somebody_deletes_or_moves_with_their_directory_are_begun_anew() throws Exception {
        var shared = Files.createDirectory(directory.resolve("shared"));
        var id = lab.started(lab.wish("c")
                .mount(new MountSpec.Bind(shared, shared.toString(), "/d", true, false))
                .shell("for i in 1 2 3 4; do echo $i; while [ ! -e /d/$i ]; do usleep 10000; done; done; sleep 600"));
        lab.awaitLog(id, "1");
        var log = lab.files(id).log();
        var lines = new CopyOnWriteArrayList<String>();
        var over = new AtomicBoolean();
        var reader = inBackground(() -> follow(id, over, e -> lines.add(e.text())));
        await().until(() -> lines.contains("1"));
        try (var rotation = lab.containers.rotateLogs()) {
            for (var looks = 0; looks < 5; looks++) {
                rotation.await(Duration.ofMillis(50)); // until it is silent, and only the kernel tells
            }
            Teardown.removeTree(log.directory());
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                rotation.await(Duration.ofMillis(50));
                return Files.exists(log.current());
            });
            Files.createFile(shared.resolve("1"));
            lab.awaitLog(id, "2");
            for (var looks = 0; looks < 20; looks++) {
                rotation.await(Duration.ofMillis(50));
            }
            Files.move(log.directory(), directory.resolve("moved"));
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                rotation.await(Duration.ofMillis(50));
                return Files.exists(log.current());
            });
        }
        Files.createFile(shared.resolve("2"));
        lab.awaitLog(id, "3");

        // And where only commands rotate.
        Teardown.removeTree(log.directory());
        lab.anotherProcess().rotateLogsOnce();
        assertThat(log.current()).exists();
        Files.createFile(shared.resolve("3"));
        lab.awaitLog(id, "4");
        await().atMost(Duration.ofSeconds(60)).until(() -> lines.contains("4"));
        over.set(true);
        reader.get(60, TimeUnit.SECONDS);
        assertThat(lines).containsExactly("1", "2", "3", "4");
    }

    /** As each command does that changes something, for hosts without an agent. */
    @Test
    void what_has_grown_is_rotated_by_the_next_command() throws Exception {
        var id = lab.started(lab.wish("c").with(o -> o.with(limits(20_000, 3))).shell("seq 1 5000; sleep 600"));
        lab.awaitLog(id, "\n5000");
        var other = lab.anotherProcess();
        other.rotateLogsOnce();
        other.rotateLogsOnce();
        assertThat(lab.files(id).log().directory().toFile().list()).containsExactlyInAnyOrder("ctr.log", "ctr.log.1");
        assertThat(lab.files(id).log().size()).isZero();
        assertThat(entries(id, LogQuery.ALL).stream().map(LogEntry::text).toList())
                .isEqualTo(numbers(5000));
    }

    /** Also before somebody has put the exit away. */
    @Test
    void the_only_file_of_one_that_has_ended_is_not_rotated_away() throws Exception {
        var id = lab.started(lab.wish("c").with(o -> o.with(limits(20_000, 1))).shell("seq 1 5000"));
        await().atMost(Duration.ofSeconds(60)).until(() -> lab.state(id) instanceof ContainerState.Exited);
        assertThat(lab.state(id)).matches(state -> !((ContainerState.Exited) state).finished());
        lab.anotherProcess().rotateLogsOnce();
        lab.anotherProcess().rotateLogsOnce();
        assertThat(lab.files(id).log().directory().toFile().list()).containsExactly("ctr.log");
        assertThat(entries(id, LogQuery.ALL).stream().map(LogEntry::text).toList())
                .isEqualTo(numbers(5000));
    }

    @Test
    void whoever_rotates_may_be_killed_at_any_moment() throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty("lockstep.seed", "1"));
        var rounds = Math.max(5, Integer.getInteger("lockstep.count", 100) / 20);
        System.out.println("kills while rotating: seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        var shared = Files.createDirectory(directory.resolve("shared"));
        var id = lab.started(lab.wish("c")
                .with(o -> o.with(limits(20_000, 100_000)))
                .mount(new MountSpec.Bind(shared, shared.toString(), "/d", true, false))
                .shell("i=0; while [ ! -e /d/stop ]; do seq $((i*100+1)) $((i*100+100)); i=$((i+1)); usleep 2000; done"
                        + "; echo last; sleep 600"));
        var lines = new ArrayList<String>();
        var over = new AtomicBoolean();
        var reader = inBackground(() -> follow(id, over, e -> lines.add(e.text())));
        for (var round = 0; round < rounds; round++) {
            var process = RotatingProcess.start(directory);
            if (!process.waitFor(chance.nextLong(1_500_000), TimeUnit.MICROSECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
        // On a slow machine each may have died before it did anything.
        var last = RotatingProcess.start(directory);
        // In an emulated machine a JVM takes a minute to begin.
        var patient = await().atMost(Duration.ofMinutes(5));
        try {
            patient.untilAsserted(() ->
                    assertThat(lab.files(id).log().directory().toFile().list()).hasSizeGreaterThan(2));
        } finally {
            last.destroyForcibly().waitFor();
        }
        Files.createFile(shared.resolve("stop"));
        lab.awaitLog(id, "last");
        over.set(true);
        reader.get(60, TimeUnit.SECONDS);
        assertThat(lines.removeLast()).isEqualTo("last");
        assertThat(lines.equals(numbers(lines.size()))).isTrue();
    }

    @Test
    void a_full_disk_stops_neither_the_container_nor_the_log() throws Exception {
        var id = lab.created(
                lab.wish("c").with(o -> o.with(limits(100_000, 100))).shell("seq 1 100000; echo end >&2; exit 7"));
        var log = lab.files(id).log().directory();
        Mounts.tmpfs(log, 400_000, 0700, List.of());
        try {
            lab.containers.start(id);
            try (var rotation = lab.containers.rotateLogs()) {
                var ended =
                        inBackground(() -> assertThat(lab.containers.await(id)).isEqualTo(7));
                while (!ended.isDone()) {
                    try {
                        rotation.await(Duration.ofMillis(20));
                    } catch (IOException e) {
                        // There may be no room for a new file either; then all stays as it is.
                    }
                }
                ended.get();
            }
            // What there was no room for is missing; what is there is in order and whole, but for one line that was
            // cut.
            var before = 0;
            for (var entry : entries(id, LogQuery.ALL)) {
                if (entry.text().matches("[0-9]+")) {
                    assertThat(Integer.parseInt(entry.text())).isGreaterThan(before);
                    before = Integer.parseInt(entry.text());
                }
            }
            assertThat(before).isPositive();
        } finally {
            Mounts.unmount(log);
        }
    }

    @Test
    void what_goes_nowhere_cannot_be_read() throws Exception {
        var none = new LogSettings(
                LogSettings.Driver.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                LogSettings.Details.NONE);
        var id = lab.started(lab.wish("c").with(o -> o.with(none)).shell("echo hidden"));
        assertThat(lab.containers.await(id)).isZero();
        assertThatThrownBy(() -> entries(id, LogQuery.ALL))
                .hasMessage("Container c: configured logging driver does not support reading.");
        assertThat(lab.files(id).log().directory().toFile().list()).isEmpty();
    }

    @Test
    void without_a_journal_nothing_is_sent_there() throws Exception {
        var socket = Files.createFile(directory.resolve("socket"));
        lab.journal.set(new Journal(socket, () -> directory.resolve("no-journalctl")));
        var containers = lab.anotherProcess();
        var journald = new LogSettings(
                LogSettings.Driver.JOURNALD,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                LogSettings.Details.NONE);
        var wish =
                lab.wish("c").with(o -> o.with(journald)).shell("echo hidden").spec();
        var id = containers.create(wish).id();
        Files.delete(socket);

        assertThatThrownBy(() -> containers.start(id))
                .hasMessageStartingWith("container c: this host has no journal for its output: " + socket);
        containers.remove(id, true, true);
        assertThatThrownBy(() -> containers.create(wish))
                .hasMessageStartingWith("container c: this host has no journal for its output: " + socket);
    }

    private static List<String> numbers(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(String::valueOf).toList();
    }

    private static LogSettings limits(long size, int files) {
        return new LogSettings(
                LogSettings.Driver.FILES,
                Optional.of(size),
                Optional.of(files),
                Optional.empty(),
                LogSettings.Details.NONE);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> inBackground(Work work) {
        var done = new CompletableFuture<Void>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }
}
