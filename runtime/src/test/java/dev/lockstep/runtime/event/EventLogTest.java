package dev.lockstep.runtime.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

    @TempDir
    private Path directory;

    private Root root;

    @BeforeEach
    void aRoot() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
    }

    private static Event event(int second) {
        return new Event(START.plusSeconds(second), "container", "start", "id" + second, Map.of("name", "c"));
    }

    private static List<String> ids(List<Event> events) {
        return events.stream().map(Event::id).toList();
    }

    @Test
    void what_happened_is_read_back_between_two_moments_both_included() throws IOException {
        var log = new EventLog(root);
        for (var second = 0; second < 5; second++) {
            log.add(event(second));
        }

        assertThat(log.between(Optional.empty(), Optional.empty()))
                .hasSize(5)
                .first()
                .isEqualTo(event(0));
        assertThat(ids(log.between(Optional.of(START.plusSeconds(1)), Optional.of(START.plusSeconds(3)))))
                .containsExactly("id1", "id2", "id3");
    }

    @Test
    void what_is_written_down_late_stands_at_its_time() throws IOException {
        var log = new EventLog(root);
        log.add(event(7));
        log.add(event(3));

        assertThat(ids(log.between(Optional.empty(), Optional.empty()))).containsExactly("id3", "id7");
    }

    @Test
    void a_log_that_is_cut_off_loses_the_last_line_and_no_other() throws IOException {
        var log = new EventLog(root);
        log.add(event(1));
        Files.writeString(
                root.state().resolve("events/log"),
                "{\"time\":\"2026-\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.APPEND);
        log.add(event(2));

        assertThat(ids(log.between(Optional.empty(), Optional.empty()))).containsExactly("id1", "id2");
    }

    @Test
    void one_that_is_cut_off_within_a_character_hides_no_other() throws IOException {
        var log = new EventLog(root);
        log.add(event(1));
        var torn = "{\"attributes\":{\"name\":\"é".getBytes(StandardCharsets.UTF_8);
        Files.write(
                root.state().resolve("events/log"), Arrays.copyOf(torn, torn.length - 1), StandardOpenOption.APPEND);

        assertThat(ids(log.between(Optional.empty(), Optional.empty()))).containsExactly("id1");
    }

    @Test
    void one_that_a_full_disk_cut_off_takes_none_of_those_after_it_along() throws Exception {
        var log = new EventLog(root);
        log.add(event(1));
        try (var tail = log.tail()) {
            Files.writeString(root.state().resolve("events/log"), "{\"time\":\"2026-", StandardOpenOption.APPEND);
            log.add(event(2));
            log.add(event(3));

            assertThat(ids(tail.await(Duration.ZERO))).containsExactly("id2", "id3");
        }
        assertThat(ids(log.between(Optional.empty(), Optional.empty()))).containsExactly("id1", "id2", "id3");
    }

    @Test
    void a_root_without_events_has_none() throws IOException {
        assertThat(new EventLog(root).between(Optional.empty(), Optional.empty()))
                .isEmpty();
    }

    @Test
    void it_does_not_grow_for_ever_and_keeps_the_newest() throws IOException {
        var log = new EventLog(root, 1000);
        for (var second = 0; second < 200; second++) {
            log.add(event(second));
        }

        try (var files = Files.list(root.state().resolve("events"))) {
            assertThat(files.mapToLong(f -> f.toFile().length()).sum()).isLessThan(6000);
        }
        var kept = ids(log.between(Optional.empty(), Optional.empty()));
        assertThat(kept).endsWith("id198", "id199").hasSizeGreaterThan(20);
        // No gap in what is kept.
        var first = Integer.parseInt(kept.getFirst().substring(2));
        assertThat(kept)
                .isEqualTo(IntStream.range(first, 200).mapToObj(i -> "id" + i).toList());
    }

    @Test
    void past_and_present_meet_without_a_gap_and_without_doubles() throws Exception {
        var log = new EventLog(root, 300);
        IntStream.range(0, 7).forEach(second -> log.add(event(second)));
        try (var tail = log.tail(Optional.of(START.plusSeconds(2)))) {
            IntStream.range(7, 10).forEach(second -> log.add(event(second)));

            assertThat(ids(tail.past())).containsExactly("id2", "id3", "id4", "id5", "id6");
            assertThat(ids(tail.await(Duration.ZERO))).containsExactly("id7", "id8", "id9");
            assertThat(tail.await(Duration.ZERO)).isEmpty();
        }
        try (var tail = log.tail()) {
            assertThat(tail.past()).isEmpty();
        }
    }

    /** A line that is cut off when the tail begins is the present's. */
    @Test
    void what_is_half_written_when_the_tail_begins_is_heard_when_it_is_whole() throws Exception {
        var log = new EventLog(root);
        log.add(event(1));
        var whole = Files.readString(root.state().resolve("events/log"));
        log.add(event(2));
        var both = Files.readString(root.state().resolve("events/log"));
        Files.writeString(root.state().resolve("events/log"), both.substring(0, whole.length() + 10));
        try (var tail = log.tail(Optional.of(START))) {
            assertThat(ids(tail.past())).containsExactly("id1");
            Files.writeString(
                    root.state().resolve("events/log"), both.substring(whole.length() + 10), StandardOpenOption.APPEND);
            assertThat(ids(tail.await(Duration.ZERO))).containsExactly("id2");
        }
    }

    @Test
    void who_listens_hears_everything_once_while_files_are_put_aside_and_several_write() throws Exception {
        var log = new EventLog(root, 2000);
        log.add(event(1_000_000));
        try (var tail = log.tail()) {
            var writers = IntStream.range(0, 4)
                    .mapToObj(writer -> Thread.ofPlatform().start(() -> {
                        for (var i = 0; i < 10; i++) {
                            log.add(event(writer * 10 + i));
                        }
                    }))
                    .toList();
            var heard = new ArrayList<String>();
            while (heard.size() < 40) {
                var more = tail.await(Duration.ofSeconds(20));
                assertThat(more).as("heard %s", heard).isNotEmpty();
                heard.addAll(ids(more));
            }
            for (var writer : writers) {
                writer.join();
            }

            assertThat(heard)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, 40).mapToObj(i -> "id" + i).toList());
            assertThat(tail.await(Duration.ZERO)).isEmpty();
        }
    }
}
