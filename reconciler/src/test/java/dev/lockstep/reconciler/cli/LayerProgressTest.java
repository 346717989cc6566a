package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.Progress.Step;
import dev.lockstep.runtime.linux.Terminal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerProgressTest {
    private static final Path GOLDEN = Path.of("src/test/resources/layer-progress");
    private static final long MIB = 1 << 20;

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final List<String> lines = new ArrayList<>();

    private static Digest digest(int number) {
        return BlobStore.digest(new byte[] {(byte) number});
    }

    private void later(int millis) {
        now = now.plus(Duration.ofMillis(millis));
    }

    /** A pull of which one layer is here, one is done, and the others are somewhere. */
    private void pull(Progress progress, int layers) {
        progress.report(Step.PRESENT, digest(1), 5 * MIB, 5 * MIB);
        for (var layer = 2; layer <= layers; layer++) {
            progress.report(Step.DOWNLOAD, digest(layer), 0, 40 * MIB);
        }
        for (var piece = 1; piece <= 20; piece++) {
            later(100);
            progress.report(Step.DOWNLOAD, digest(2), 2 * MIB * piece, 40 * MIB);
            progress.report(Step.UNPACK, digest(2), MIB * piece, 40 * MIB);
            progress.report(Step.DOWNLOAD, digest(3), MIB * piece / 2, 40 * MIB);
        }
        later(100);
        progress.report(Step.UNPACK, digest(2), 39 * MIB, 40 * MIB);
    }

    @ParameterizedTest
    @CsvSource({"100, 24, 4", "80, 24, 4", "40, 24, 4", "80, 8, 30", "20, 3, 30"})
    void a_terminal_shows_a_line_for_each_layer_as_far_as_they_fit(int columns, int rows, int layers)
            throws IOException {
        var terminal = new VirtualTerminal(columns, rows);
        terminal.write("$ pull\n");
        var progress = LayerProgress.terminal(() -> now, terminal::write, () -> new Terminal.Size(rows, columns));
        pull(progress, layers);

        var golden = GOLDEN.resolve(columns + "x" + rows + "-" + layers + ".txt");
        if (Boolean.getBoolean("update")) {
            Files.createDirectories(GOLDEN);
            Files.writeString(golden, terminal.text() + "\n");
        }
        assertThat(terminal.text() + "\n").isEqualTo(Files.readString(golden, StandardCharsets.UTF_8));
        assertThat(terminal.text().lines()).allMatch(line -> line.codePointCount(0, line.length()) < columns);
        // What scrolls away cannot be written over: at most the line that was there before.
        assertThat(terminal.scrolled()).isLessThanOrEqualTo(1);
        progress.close();
        assertThat(terminal.text()).isEqualTo("$ pull");
    }

    @Test
    void elsewhere_there_is_a_line_when_something_begins_or_ends_and_no_more() {
        var progress = LayerProgress.plain(() -> now, "  image x: ", lines::add);
        pull(progress, 3);
        progress.report(Step.UNPACK, digest(2), 40 * MIB, 40 * MIB);
        progress.close();

        assertThat(lines)
                .containsExactly(
                        "  image x: 4bf5122f3445 here already",
                        "  image x: dbc1b4c900ff downloading 40.0 MiB",
                        "  image x: 084fed08b978 downloading 40.0 MiB",
                        "  image x: dbc1b4c900ff downloaded",
                        "  image x: dbc1b4c900ff unpacked");
        assertThat(String.join("", lines)).doesNotContain("\u001b", "\r");
    }

    @Test
    void json_events_say_what_happens_to_which_layer() {
        var progress = LayerProgress.json(() -> now, lines::add);
        pull(progress, 3);
        progress.close();

        assertThat(lines).allMatch(line -> line.endsWith("}\n") && line.indexOf('\n') == line.length() - 1);
        assertThat(lines.getFirst())
                .isEqualTo(
                        "{\"event\":\"present\",\"layer\":\"" + digest(1) + "\",\"done\":5242880,\"total\":5242880}\n");
        assertThat(lines)
                .contains("{\"event\":\"unpacking\",\"layer\":\"" + digest(2)
                        + "\",\"done\":20971520,\"total\":41943040}\n");
        assertThat(lines)
                .anyMatch(line -> line.contains("\"event\":\"downloaded\",\"layer\":\"" + digest(2)))
                .hasSizeLessThan(20);
    }

    @Test
    void a_rate_is_that_of_the_last_seconds() {
        var transfers = new Transfers();
        transfers.report(Step.DOWNLOAD, digest(1), 0, 100 * MIB, now);
        for (var second = 1; second <= 10; second++) {
            later(1000);
            transfers.report(Step.DOWNLOAD, digest(1), 8L * second * MIB, 100 * MIB, now);
        }
        assertThat(transfers.summary()).isEqualTo("0 of 1 layer, 80.0 of 100.0 MiB, 8.0 MiB/s");
        for (var second = 1; second <= 6; second++) {
            later(1000);
            transfers.report(Step.DOWNLOAD, digest(1), (80L + second) * MIB, 100 * MIB, now);
        }
        assertThat(transfers.summary()).isEqualTo("0 of 1 layer, 86.0 of 100.0 MiB, 1.0 MiB/s");
    }
}
