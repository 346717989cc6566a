package dev.lockstep.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogReaderTest {
    @TempDir
    Path directory;

    private void write(String file, String content) throws IOException {
        Files.writeString(directory.resolve(file), content, StandardCharsets.ISO_8859_1);
    }

    private List<String> read(LogQuery query) throws IOException {
        var lines = new ArrayList<String>();
        LogReader.of(new LogFiles(directory)).read(query, e -> lines.add(e.stream() + " " + e.text()));
        return lines;
    }

    @Test
    void pieces_are_joined_per_stream_and_across_rotated_files() throws IOException {
        write("ctr.log.1", """
                2026-01-01T10:00:00.000000001+01:00 stdout P one-
                2026-01-01T10:00:00.000000002+01:00 stderr F between
                """);
        write("ctr.log", """
                2026-01-01T10:00:00.000000003+01:00 stdout P two-
                2026-01-01T10:00:00.000000004+01:00 stdout F three
                """);
        assertThat(read(LogQuery.ALL)).containsExactly("STDERR between", "STDOUT one-two-three");
    }

    @Test
    void the_zone_of_the_host_is_understood() throws IOException {
        write("ctr.log", "2026-01-01T10:00:00.5+01:00 stdout F x\n");
        assertThat(read(new LogQuery(
                        OptionalInt.empty(), Optional.of(Instant.parse("2026-01-01T09:00:00.5Z")), Optional.empty())))
                .hasSize(1);
        assertThat(read(new LogQuery(
                        OptionalInt.empty(), Optional.empty(), Optional.of(Instant.parse("2026-01-01T09:00:00.4Z")))))
                .isEmpty();
    }

    @Test
    void a_text_that_looks_like_a_record_stays_text() throws IOException {
        write("ctr.log", "2026-01-01T10:00:00Z stdout F 2026-01-01T10:00:00Z stderr F forged\n");
        assertThat(read(LogQuery.ALL)).containsExactly("STDOUT 2026-01-01T10:00:00Z stderr F forged");
    }

    @Test
    void what_is_no_record_is_passed_over_and_an_empty_line_is_a_line() throws IOException {
        write(
                "ctr.log",
                "garbage\n\n2026-01-01T10:00:00Z stdout F \n2026-01-01T10:00:00Z stdout X y\nnotime stdout F y\n");
        assertThat(read(LogQuery.ALL)).containsExactly("STDOUT ");
    }

    @Test
    void no_file_is_an_empty_log() throws IOException {
        assertThat(read(LogQuery.ALL)).isEmpty();
    }

    private static String record(int second, String stream, String tag, String text) {
        return "2026-01-01T10:00:%02d.000000000+00:00 %s %s %s\n".formatted(second, stream, tag, text);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8191, 8192, 8193, 16384, 1_000_000})
    void a_line_of_any_length_comes_whole_however_it_was_cut(int length) throws IOException {
        var text = "x".repeat(length);
        var log = new StringBuilder();
        var rest = text;
        while (rest.length() > 8192) {
            log.append(record(1, "stdout", "P", rest.substring(0, 8192)));
            rest = rest.substring(8192);
        }
        write("ctr.log", log.append(record(2, "stdout", "F", rest)).append(record(3, "stdout", "F", "next")) + "");
        assertThat(read(LogQuery.ALL)).containsExactly("STDOUT " + text, "STDOUT next");
    }

    @Test
    void two_streams_may_be_cut_at_once_and_across_files() throws IOException {
        write("ctr.log.2", record(1, "stdout", "P", "o1-") + record(1, "stderr", "P", "e1-"));
        write("ctr.log.1", record(2, "stderr", "P", "e2-") + record(2, "stdout", "P", "o2-"));
        write(
                "ctr.log",
                record(3, "stdout", "F", "o3") + record(3, "stderr", "F", "e3") + record(4, "stdout", "P", "o4"));
        assertThat(read(LogQuery.ALL)).containsExactly("STDOUT o1-o2-o3", "STDERR e1-e2-e3", "STDOUT o4");
    }

    @Test
    void a_tail_counts_lines_over_files_and_what_is_begun() throws IOException {
        write("ctr.log.3", record(1, "stdout", "F", "1"));
        write("ctr.log.2", record(2, "stdout", "F", "2") + record(3, "stdout", "P", "3"));
        write("ctr.log.1", record(4, "stdout", "F", "3") + record(5, "stderr", "F", "4"));
        write("ctr.log", record(6, "stdout", "P", "5"));
        var all = List.of("STDOUT 1", "STDOUT 2", "STDOUT 33", "STDERR 4", "STDOUT 5");
        for (var tail = 0; tail <= 7; tail++) {
            var query = new LogQuery(OptionalInt.of(tail), Optional.empty(), Optional.empty());
            assertThat(read(query)).as("tail " + tail).isEqualTo(all.subList(Math.max(0, 5 - tail), 5));
        }
    }

    @Test
    void a_file_that_is_missing_in_between_hides_none_of_the_others() throws IOException {
        write("ctr.log.3", record(1, "stdout", "F", "1"));
        write("ctr.log.1", record(2, "stdout", "F", "2"));
        assertThat(read(LogQuery.ALL)).containsExactly("STDOUT 1", "STDOUT 2");
    }

    @Test
    void what_the_disk_had_no_room_for_is_left_out() throws IOException {
        write("ctr.log.1", record(1, "stdout", "F", "1") + "2026-01-01T10:00:02.000000000+00:00 stdou");
        write("ctr.log", "2".repeat(600_000) + "\n" + record(3, "stdout", "F", "3"));
        assertThat(read(LogQuery.ALL)).containsExactly("STDOUT 1", "STDOUT 3");
    }

    @Test
    void who_reads_on_misses_nothing_of_files_that_are_moved_and_removed() throws IOException {
        var files = new LogFiles(directory);
        write("ctr.log", record(1, "stdout", "F", "1") + record(2, "stdout", "P", "2"));
        try (var source = LogReader.of(files).open(LogQuery.ALL)) {
            assertThat(rest(source)).containsExactly("1");
            Files.writeString(
                    files.current(),
                    record(3, "stdout", "F", "2") + record(4, "stdout", "F", "3"),
                    StandardOpenOption.APPEND);
            Files.move(files.current(), directory.resolve("ctr.log.1"));
            write("ctr.log", record(5, "stdout", "F", "4"));
            assertThat(source.next()).isTrue();
            Files.delete(directory.resolve("ctr.log.1"));
            Files.move(files.current(), directory.resolve("ctr.log.1"));
            assertThat(rest(source)).containsExactly("3", "4");
            write("ctr.log", record(6, "stdout", "F", "5"));
            assertThat(rest(source)).containsExactly("5");
            assertThat(source.hasGap()).isFalse();
        }
    }

    @Test
    void who_reads_on_begins_anew_in_a_file_that_somebody_has_emptied() throws IOException {
        write("ctr.log", record(1, "stdout", "F", "1") + record(2, "stdout", "F", "2") + "2026-01-01T10:00:02.0000");
        try (var source = LogReader.of(new LogFiles(directory)).open(LogQuery.ALL)) {
            assertThat(rest(source)).containsExactly("1", "2");
            write("ctr.log", record(3, "stdout", "F", "3"));
            assertThat(rest(source)).containsExactly("3");
        }
    }

    private static List<String> rest(LogSource source) throws IOException {
        var lines = new ArrayList<String>();
        while (source.next()) {
            lines.add(source.line().copy().text());
        }
        return lines;
    }
}
