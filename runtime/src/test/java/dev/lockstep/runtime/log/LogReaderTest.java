package dev.lockstep.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReaderTest {
    @TempDir
    Path directory;

    private void write(String file, String content) throws IOException {
        Files.writeString(directory.resolve(file), content, StandardCharsets.ISO_8859_1);
    }

    private List<String> read(LogQuery query) throws IOException {
        var lines = new ArrayList<String>();
        new LogReader(new LogFiles(directory)).read(query, e -> lines.add(e.stream() + " " + e.text()));
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
}
