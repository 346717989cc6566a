package dev.lockstep.reconciler.builds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a build writes down, and its number. */
class BuildLogTest {
    @TempDir
    private Path directory;

    private static Redaction redaction(String... secrets) {
        return Redaction.of(Arrays.stream(secrets)
                .map(secret -> secret.getBytes(StandardCharsets.UTF_8))
                .toList());
    }

    @Test
    void secrets_are_taken_out_wherever_they_stand() {
        var redaction = redaction("hunter22\n", "hunter22-and-more", "{\n  \"password\": \"swordfish\"\n}\n", "");
        assertThat(redaction.of("hunter22-and-more then hunter22!")).isEqualTo("*** then ***!");
        assertThat(redaction.of("  \"password\": \"swordfish\"")).isEqualTo("  ***");
        assertThat(redaction("x-token").of("fetch https://me:pw@git.example/x {}"))
                .isEqualTo("fetch https://***@git.example/x {}");
        // Without a way to take time by going back.
        var hostile = "://" + ":".repeat(1 << 20);
        assertThat(redaction("x-token").of(hostile)).isEqualTo(hostile);
        assertThat(redaction().of("plain")).isEqualTo("plain");
        redaction.add(List.of("late-one hunter22".getBytes(StandardCharsets.UTF_8)));
        assertThat(redaction.of("late-one hunter22, and hunter22")).isEqualTo("***, and ***");
    }

    @Test
    void a_secret_is_not_shown_by_the_cut_of_a_long_line() throws IOException {
        var file = directory.resolve("log");
        try (var log = BuildLog.create(file, redaction("0123456789"))) {
            log.line("x".repeat((16 << 10) - 5) + "0123456789");
        }
        assertThat(Files.readString(file)).doesNotContain("01234");
    }

    @Test
    void one_that_is_too_long_keeps_its_beginning_and_its_end_and_says_what_is_missing() throws IOException {
        var file = directory.resolve("log");
        try (var log = BuildLog.create(file, redaction(), 1 << 20)) {
            for (var i = 0; i < 100_000; i++) {
                log.line("line " + i + " " + "x".repeat(20));
            }
        }
        var lines = Files.readAllLines(file);
        assertThat(lines).startsWith("line 0 " + "x".repeat(20)).endsWith("line 99999 " + "x".repeat(20));
        assertThat(lines).anyMatch(line -> line.matches("… \\d+ lines are left out: a build keeps 1 MiB of .*"));
        assertThat(Files.size(file)).isBetween(1L << 19, (1L << 20) + 200);
    }

    @Test
    void numbers_are_given_once_whoever_asks_and_whatever_is_forgotten() throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var records = new BuildRecords(root);
        try (var threads = Executors.newFixedThreadPool(4)) {
            Callable<Long> next = () -> new BuildNumbers(root).next();
            var given = new HashSet<Long>();
            for (var number : threads.invokeAll(List.of(next, next, next, next, next, next, next, next))) {
                given.add(number.get());
            }
            assertThat(given).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
        }
        records.write(BacklogTest.record(8, "web", "refs/tags/v1", BuildRecord.State.FAILED));
        records.remove(8);
        assertThat(records.all()).isEmpty();
        assertThat(new BuildNumbers(root).next()).isEqualTo(9);
        records.write(BacklogTest.record(20, "web", "refs/tags/v1", BuildRecord.State.FAILED));
        assertThat(new BuildNumbers(root).next()).isEqualTo(21);
        Files.writeString(directory.resolve("state/builds/last.json"), "damaged");
        assertThat(new BuildNumbers(root).next()).isEqualTo(21);
        assertThat(new BuildNumbers(root).next()).isEqualTo(22);
    }

    @Test
    void what_a_kill_left_of_forgotten_builds_is_removed_and_what_has_a_record_is_not() throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var records = new BuildRecords(root);
        records.removeLeftovers(Instant.now());
        assertThat(new BuildNumbers(root).next()).isEqualTo(1);
        for (var kept : List.of(7L, 8L, 9L)) {
            records.write(BacklogTest.record(kept, "web", "refs/tags/v1", BuildRecord.State.FAILED));
            Files.writeString(records.log(kept), "said");
            Files.createDirectories(records.reports(kept).resolve("deep"));
        }
        Files.delete(directory.resolve("state/builds/8/record.json"));
        Files.writeString(directory.resolve("state/builds/9/record.json"), "damaged");

        records.removeLeftovers(Instant.now());

        assertThat(directory.resolve("state/builds/8")).doesNotExist();
        assertThat(records.log(7)).hasContent("said");
        assertThat(records.log(9)).hasContent("said");
        assertThat(records.all()).extracting(BuildRecord::number).containsExactly(7L);
        assertThat(new BuildNumbers(root).next()).isEqualTo(10);
    }

    @Test
    void a_damaged_record_is_set_aside_with_its_log_and_told_once() throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var records = new BuildRecords(root);
        for (var number : List.of(1L, 2L)) {
            records.write(BacklogTest.record(number, "web", "refs/tags/v1", BuildRecord.State.FAILED));
            Files.writeString(records.log(number), "said");
        }
        var damaged = Files.writeString(directory.resolve("state/builds/1/record.json"), "damaged");
        var newer = directory.resolve("state/builds/2/record.json");
        Files.writeString(newer, Files.readString(newer).replace("\"format\":1", "\"format\":9"));

        var told = new ArrayList<StateException>();
        records.all(told::add);
        assertThat(told).extracting(StateException::file).containsExactlyInAnyOrder(damaged, newer);
        for (var why : told) {
            assertThat(records.setAside(why)).isEqualTo(why.file().equals(damaged));
        }

        told.clear();
        records.removeLeftovers(Instant.now());
        records.all(told::add);
        assertThat(told).extracting(StateException::file).containsExactly(newer);
        assertThat(damaged.resolveSibling("record.json.damaged")).hasContent("damaged");
        assertThat(records.log(1)).hasContent("said");
    }

    @Test
    void what_a_killed_writer_had_begun_is_removed_when_nobody_can_be_at_it() throws IOException {
        var records = new BuildRecords(Root.open(directory.resolve("state"), directory.resolve("run")));
        records.write(BacklogTest.record(7, "web", "refs/tags/v1", BuildRecord.State.FAILED));
        var builds = directory.resolve("state/builds");
        var begun = List.of(
                Files.writeString(builds.resolve(".names.json.1f.tmp"), "{"),
                Files.writeString(builds.resolve(".last.json.2f.tmp"), "{"),
                Files.writeString(builds.resolve("7/.record.json.3f.tmp"), "{"));

        records.removeLeftovers(Instant.now());
        assertThat(begun).allSatisfy(file -> assertThat(file).exists());
        records.removeLeftovers(Instant.now().plus(Duration.ofHours(2)));

        assertThat(begun).noneSatisfy(file -> assertThat(file).exists());
        assertThat(records.all()).extracting(BuildRecord::number).containsExactly(7L);
    }

    @Test
    void a_build_is_forgotten_with_what_a_kill_has_left_of_its_record() throws IOException {
        var records = new BuildRecords(Root.open(directory.resolve("state"), directory.resolve("run")));
        var occasion = new Occasion(Occasion.Kind.TAG, "refs/tags/v1", "a".repeat(40));
        records.write(
                BuildRecord.queued(7, "https://example.org/shop", "app", "shop", occasion, "", "", Instant.EPOCH));
        Files.writeString(records.log(7), "step 1\n");
        Files.createDirectories(records.reports(7).resolve("unit"));
        Files.writeString(records.log(7).resolveSibling(".record.json.1f.tmp"), "{");

        records.remove(7);

        assertThat(records.all()).isEmpty();
        assertThat(records.log(7).getParent()).doesNotExist();
    }
}
