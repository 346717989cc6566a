package dev.lockstep.reconciler.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
    @TempDir
    Path directory;

    private Root root;
    private Path file;

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        file = root.state().resolve("stacks/web/history.jsonl");
    }

    private HistoryEntry entry(String message) {
        return new HistoryEntry(
                Instant.parse("2026-11-24T12:00:00Z"),
                "host-1",
                root.id(),
                "web",
                Optional.of("https://example.org/shop"),
                Optional.of("0123456789012345678901234567890123456789"),
                Optional.of("refs/heads/main"),
                "poll",
                Outcome.CONVERGED,
                List.of("+ container web-nginx-1"),
                message,
                Duration.ofMillis(1234));
    }

    /** As it is written down. */
    private HistoryEntry kept(String message, long number) {
        return entry(message).ofVersion(Version.text()).numbered(number);
    }

    @Test
    void who_did_it_by_which_plan_is_kept_and_an_old_entry_has_neither() throws IOException {
        var history = new History(root);
        history.append(entry("first").planned("0123456789ab"));
        var line = Files.readString(file);
        assertThat(line).contains("\"plan\":\"0123456789ab\"", "\"version\":\"" + Version.text() + "\"");
        Files.writeString(file, line.replaceAll(",?\"(plan|version)\":\"[^\"]*\"", ""));

        assertThat(history.entries("web")).containsExactly(entry("first").numbered(1));
    }

    @Test
    void entries_come_back_in_order_and_as_one_line_each() throws IOException {
        var history = new History(root);
        history.append(entry("first"));
        history.append(entry("second\nline"));

        assertThat(history.entries("web")).containsExactly(kept("first", 1), kept("second\nline", 2));
        assertThat(Files.readAllLines(file))
                .hasSize(2)
                .allSatisfy(l -> assertThat(l).startsWith("{\"format\":1,"));
        assertThat(Files.readString(file)).contains("\"outcome\":\"converged\"", "\"time\":\"2026-11-24T12:00:00Z\"");
    }

    @Test
    void a_stack_without_history_has_none() throws IOException {
        assertThat(new History(root).entries("nothing")).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> new History(root).entries("../web"));
    }

    @Test
    void a_line_that_there_is_no_room_for_is_said_with_its_file() throws IOException {
        Files.createDirectories(file.getParent());
        Files.createSymbolicLink(file, Path.of("/dev/full"));
        assertThatIOException()
                .isThrownBy(() -> new History(root).append(entry("first")))
                .withMessage("cannot write " + file + ": No space left on device");
        Files.delete(file);
    }

    @Test
    void a_torn_last_line_is_skipped_and_the_next_one_stands_on_its_own() throws IOException {
        var history = new History(root);
        history.append(entry("first"));
        Files.writeString(file, "{\"format\":1,\"time\":\"2026-", StandardOpenOption.APPEND);
        assertThat(history.entries("web")).containsExactly(kept("first", 1));

        history.append(entry("second"));
        assertThat(history.entries("web")).containsExactly(kept("first", 1), kept("second", 2));
    }

    @Test
    void what_a_killed_process_was_writing_of_a_stack_is_taken_away() throws IOException {
        new StatusFiles(root).write(status("web", false));
        var begun = Files.writeString(file.resolveSibling(".status.json.1f.tmp"), "{");

        StackDirectories.removeUnfinished(root, Instant.now().plus(Duration.ofHours(2)));

        assertThat(begun).doesNotExist();
        assertThat(new StatusFiles(root).read("web")).isPresent();
    }

    /** A disk that is full ends a line where a block does. */
    @Test
    void a_line_that_is_torn_within_a_character_hides_no_other() throws IOException {
        var history = new History(root);
        history.append(entry("first"));
        var torn = "{\"format\":1,\"operations\":[\"mem_limit: 64 MiB →".getBytes(StandardCharsets.UTF_8);
        Files.write(file, Arrays.copyOf(torn, torn.length - 1), StandardOpenOption.APPEND);
        assertThat(history.entries("web")).containsExactly(kept("first", 1));

        history.append(entry("second"));
        assertThat(history.entries("web")).containsExactly(kept("first", 1), kept("second", 2));
    }

    @Test
    void lines_of_a_newer_lockstep_are_left_and_skipped() throws IOException {
        var history = new History(root);
        history.append(entry("first"));
        Files.writeString(file, "{\"format\":9,\"what\":1}\n", StandardOpenOption.APPEND);
        assertThat(history.entries("web")).containsExactly(kept("first", 1));
    }

    @Test
    void the_file_is_rotated_by_size_and_the_newest_entries_are_kept() throws IOException {
        var history = new History(root, 2000);
        IntStream.range(0, 20).forEach(i -> append(history, "entry " + i));
        var entries = history.entries("web");
        assertThat(entries).hasSizeBetween(4, 12);
        assertThat(entries.getLast()).isEqualTo(kept("entry 19", 20));
        assertThat(Files.size(file)).isLessThan(3000);
    }

    @Test
    void many_writers_lose_nothing() throws Exception {
        var history = new History(root);
        try (var tasks = Executors.newFixedThreadPool(4)) {
            Callable<Boolean> task = () -> {
                IntStream.range(0, 10).forEach(i -> append(history, "x"));
                return true;
            };
            for (var done : tasks.invokeAll(List.of(task, task, task, task))) {
                assertThat(done.get()).isTrue();
            }
        }
        assertThat(history.entries("web")).hasSize(40);
    }

    @Test
    void every_run_has_a_number_that_outlives_rotation_and_entries_without_one_are_counted() throws IOException {
        var history = new History(root, 3000);
        IntStream.range(0, 30).forEach(i -> append(history, "entry " + i));
        var numbers = history.entries("web").stream().map(HistoryEntry::number).toList();
        assertThat(numbers).isSorted().doesNotHaveDuplicates().endsWith(30L);
        assertThat(history.stacks()).containsExactly("web");

        // As a version wrote them that knew neither numbers nor what became of each step.
        Files.writeString(file, """
                {"format":1,"time":"2026-11-24T12:00:00Z","host":"h","root":"r","stack":"web","trigger":"poll",\
                "outcome":"converged","operations":[],"message":"old","duration":"PT1S"}
                """.repeat(2));
        Files.deleteIfExists(file.resolveSibling("history.1.jsonl"));
        append(history, "new");
        assertThat(history.entries("web")).extracting(HistoryEntry::number).containsExactly(1L, 2L, 3L);
        assertThat(history.entries("web").getFirst().steps()).isEmpty();
    }

    @Test
    void the_last_entry_is_found_behind_a_torn_line_and_a_long_one() throws IOException {
        var history = new History(root);
        append(history, "x".repeat(100_000));
        Files.writeString(file, "{\"format\":1,\"time\":\"2026-", StandardOpenOption.APPEND);
        append(history, "y");
        assertThat(history.entries("web")).extracting(HistoryEntry::number).containsExactly(1L, 2L);
    }

    private void append(History history, String message) {
        try {
            history.append(entry(message));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static StackStatus status(String stack, boolean orphaned) {
        var commit = new StackStatus.Commit("0123456789012345678901234567890123456789", "Start", "Ada", Instant.EPOCH);
        return new StackStatus(
                stack,
                Optional.of("https://example.org/shop"),
                Optional.of("main"),
                Optional.of("stacks/" + stack),
                Optional.of(commit),
                Optional.of(commit),
                Optional.of(Outcome.CONVERGED),
                List.of(new StackStatus.Problem(Optional.of("compose.yaml:3:5"), "unknown key")),
                Instant.EPOCH,
                Instant.EPOCH,
                orphaned,
                Optional.of(new StackStatus.FetchError("repository x cannot be reached", Instant.EPOCH)),
                Optional.of(Instant.EPOCH));
    }

    @Test
    void a_status_comes_back_as_it_was_and_all_are_listed_by_name() throws IOException {
        var files = new StatusFiles(root);
        assertThat(files.all()).isEmpty();
        files.write(status("web", false));
        files.write(status("api", true));
        new History(root).append(entry("x"));

        assertThat(files.read("web")).hasValue(status("web", false));
        assertThat(files.all()).containsExactly(status("api", true), status("web", false));
        assertThat(status("web", false).isInSync()).isTrue();
        assertThat(status("web", true).isInSync()).isFalse();
        assertThat(status("web", true).problems().getFirst().asText()).isEqualTo("compose.yaml:3:5: unknown key");

        files.remove("web");
        files.remove("web");
        assertThat(files.read("web")).isEmpty();
        assertThat(new History(root).entries("web")).hasSize(1);
    }
}
