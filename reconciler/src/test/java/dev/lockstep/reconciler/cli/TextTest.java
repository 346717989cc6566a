package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables, spans of time, moments and sentences. */
class TextTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    @Test
    void columns_are_as_wide_as_their_widest_cell_and_lines_have_no_blanks_at_their_end() {
        var table = new Table("NAME", "STATUS", "PORTS")
                .row("a-long-name", "Up", "")
                .row("b", "Exited (1)", "80\n");

        assertThat(table).hasToString("""
                NAME          STATUS       PORTS
                a-long-name   Up
                b             Exited (1)   80\\u000a
                """);
    }

    @Test
    void what_steers_a_terminal_is_escaped_in_documents_which_say_the_same() throws IOException {
        var label = "\u001b[2J\u009b2J\u202eevil\u2028\u007f ü 日本\n";

        var text = JsonText.document(json -> {
            json.writeStartObject();
            json.writeStringField("label", label);
            json.writeEndObject();
        });

        assertThat(text).isEqualTo("""
                {
                  "label": "\\u001B[2J\\u009b2J\\u202eevil\\u2028\\u007f ü 日本\\n"
                }
                """);
        assertThat(new JsonMapper().readTree(text).path("label").textValue()).isEqualTo(label);
    }

    @Test
    void a_row_has_a_cell_for_each_heading() {
        assertThatThrownBy(() -> new Table("A", "B").row("x")).hasMessage("2 columns, got 1");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.5S, Less than a second",
        "PT1S, 1 second",
        "PT59S, 59 seconds",
        "PT60S, About a minute",
        "PT3M, 3 minutes",
        "PT59M59S, 59 minutes",
        "PT60M, About an hour",
        "PT29H, 29 hours",
        "PT48H, 2 days",
        "P20D, 2 weeks",
        "P90D, 3 months",
        "P800D, 2 years",
    })
    void spans_are_dockers_words(Duration span, String words) {
        assertThat(Spans.words(span)).isEqualTo(words);
    }

    @Test
    void progress_shows_hundredths_and_settings_are_round() {
        assertThat(Spans.precise(Duration.ofMillis(63))).isEqualTo("0.06 s");
        assertThat(Spans.precise(Duration.ofMillis(12_340))).isEqualTo("12.3 s");
        assertThat(Spans.round(Duration.ofSeconds(60))).isEqualTo("60 s");
        assertThat(Spans.round(Duration.ofMinutes(5))).isEqualTo("5 min");
    }

    @ParameterizedTest
    @CsvSource({
        "10m, 2026-11-24T11:50:00Z",
        "1h30m, 2026-11-24T10:30:00Z",
        "2026-11-24, 2026-11-23T23:00:00Z",
        "2026-11-24T08:00:00, 2026-11-24T07:00:00Z",
        "2026-11-24T08:00:00.5Z, 2026-11-24T08:00:00.500Z",
        "2026-11-24T08:00:00+02:00, 2026-11-24T06:00:00Z",
        "1795521600, 2026-11-24T12:00:00Z",
        "1795521600.25, 2026-11-24T12:00:00.250Z",
    })
    void moments_are_read_as_docker_reads_them(String text, Instant moment) throws CommandException {
        assertThat(LogTime.parse(text, Console.NOW, BERLIN)).isEqualTo(moment);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yesterday", "2026-13-01", "2026-11-24T25:00:00Z", "99999999999999999999", ""})
    void what_is_no_moment_is_refused_in_words(String text) {
        assertThatThrownBy(() -> LogTime.parse(text, Console.NOW, BERLIN))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("\"" + text + "\" is no time: write 10m");
    }

    @Test
    void times_in_logs_have_nine_digits() {
        assertThat(LogPrinter.time(Instant.parse("2026-11-24T12:00:00.5Z")))
                .isEqualTo("2026-11-24T12:00:00.500000000Z");
    }

    @Test
    void whatever_is_thrown_becomes_one_sentence() {
        assertThat(Sentences.of(new NoSuchFileException("/x"))).isEqualTo("/x: no such file or directory");
        assertThat(Sentences.of(new AccessDeniedException("/x"))).isEqualTo("/x: permission denied");
        assertThat(Sentences.of(new FileSystemException("/x", null, "No space left on device")))
                .isEqualTo("/x: No space left on device");
        assertThat(Sentences.of(new UncheckedIOException(new IOException("the disk is full"))))
                .isEqualTo("the disk is full");
        assertThat(Sentences.of(new IllegalArgumentException("invalid image reference \"A\"")))
                .isEqualTo("invalid image reference \"A\"");
        assertThat(Sentences.of(new NullPointerException("x")))
                .isEqualTo(
                        "this is a defect of Lockstep: NullPointerException: x; with --log-level debug it says where");
        assertThat(Sentences.of(new IOException("bad\n\u001b[31mred"))).isEqualTo("bad\\u000a\\u001b[31mred");
    }
}
