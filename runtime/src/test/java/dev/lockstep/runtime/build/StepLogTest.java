package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of what a step's program writes, without its secrets. */
class StepLogTest {
    private static final String SECRET = "s3cret-0123456789";

    private final List<String> told = new ArrayList<>();
    private final StepLog log = StepLog.start(
            event -> {
                if (event instanceof BuildEvent.Output output) {
                    told.add(output.line());
                }
            },
            new AtomicInteger(),
            "RUN it");

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 65_519, 65_520, 65_527, 65_535, 65_536, 65_550, 65_553, 131_071, 131_080})
    void a_secret_is_hidden_wherever_a_long_line_is_cut(int before) {
        log.hide((SECRET + "\n").getBytes(StandardCharsets.UTF_8));
        write("x".repeat(before) + SECRET + "y".repeat(70_000) + "\n");
        assertThat(String.join("", told)).isEqualTo("x".repeat(before) + "***" + "y".repeat(70_000));
    }

    @Test
    void a_secret_of_any_bytes_is_hidden() {
        log.hide(new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0xe9, 'a'});
        log.write(false, new byte[] {'<', (byte) 0xff, (byte) 0xfe, (byte) 0xe9, 'a', '>', '\n'}, 7);
        assertThat(told).containsExactly("<***>");
    }

    @Test
    void a_secret_that_begins_as_another_one_is_hidden_to_its_end() {
        log.hide("prod\n".getBytes(StandardCharsets.UTF_8));
        log.hide("prod-7f3a9\nprod-7f\n".getBytes(StandardCharsets.UTF_8));
        write("a=prod-7f3a9 b=prod c=prod-7f\n");
        assertThat(told).containsExactly("a=*** b=*** c=***");
    }

    @Test
    void a_long_line_is_told_in_parts_and_one_without_an_end_in_the_end() {
        write("x".repeat(200_000) + "\né");
        log.done(false);
        assertThat(told).hasSize(5).endsWith("é");
        assertThat(String.join("", told)).isEqualTo("x".repeat(200_000) + "é");
    }

    @Test
    void endless_output_is_clipped_and_the_last_lines_stay() {
        for (var i = 0; i < 300_000; i++) {
            write("line " + i + " of many\n");
        }
        log.write(true, "why\n".getBytes(StandardCharsets.UTF_8), 4);
        log.failed("it");
        var bytes = told.stream().mapToLong(line -> line.length() + 1).sum();
        assertThat(bytes).isBetween(2L << 20, (2L << 20) + 200);
        // The other stream has a limit of its own.
        assertThat(told.subList(told.size() - 2, told.size()))
                .containsExactly(
                        "[output clipped, log limit 2MiB reached; BUILDKIT_STEP_LOG_MAX_SIZE=-1 shows all]", "why");
        assertThat(log.lastLines()).contains("line 299999 of many", "why").hasSize(20);
    }

    private void write(String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        log.write(false, bytes, bytes.length);
    }
}
