package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Json;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a pull shows while it goes on: on a real terminal, in a pipe, and for programs. */
class PullProgressIT {
    private static final int SIZE = 2 << 20;
    private static final int PIECE = 64 << 10;
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(40);

    @TempDir
    Path directory;

    private final TestImage image = TestImage.unnamed().gzipLayer(noise(SIZE)).gzipLayer(noise(1000));
    private Host host;
    private FakeRegistry registry;
    private String reference;
    private String large;

    private static byte[] noise(int size) {
        var content = new byte[size];
        new Random(size).nextBytes(content);
        return new TarBuilder().file("noise-" + size, 0644, content).build();
    }

    @BeforeEach
    void aRegistryThatIsSlow() throws IOException {
        host = new Host(directory);
        registry = FakeRegistry.start();
        reference = registry.serve("shop/app", "1", image);
        var layer = image.blobs().stream()
                .max(Comparator.comparingInt(blob -> blob.content().length))
                .orElseThrow();
        large = layer.digest().hex().substring(0, 12);
        // A second and more for the whole: long enough for a rate.
        registry.when(layer.digest().toString(), 1, exchange -> {
            var bytes = layer.content();
            exchange.sendResponseHeaders(200, bytes.length);
            for (var at = 0; at < bytes.length; at += PIECE) {
                exchange.getResponseBody().write(bytes, at, Math.min(PIECE, bytes.length - at));
                exchange.getResponseBody().flush();
                LockSupport.parkNanos(PAUSE);
            }
        });
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        registry.close();
        host.close();
    }

    private String digest() {
        return image.manifest().digest().toString();
    }

    /** What a terminal of 24 × 100 gets. */
    private String onATerminal(String... words) throws Exception {
        var arguments = new ArrayList<>(List.of("image", "pull"));
        arguments.addAll(List.of(words));
        var command = "stty rows 24 cols 100; exec " + String.join(" ", host.command(arguments.toArray(String[]::new)));
        var output = directory.resolve("typescript");
        var script = new ProcessBuilder("script", "-qec", command, "/dev/null")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(script.waitFor(60, TimeUnit.SECONDS)).isTrue();
            var text = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(script.exitValue()).as(text).isZero();
            return text;
        } finally {
            script.destroyForcibly().waitFor();
        }
    }

    @Test
    void a_terminal_shows_bytes_rate_and_total_in_place_and_keeps_only_the_answer() throws Exception {
        var text = onATerminal(reference);

        assertThat(text)
                .containsPattern(large + " {2}downloading +\\[=+ +] {2}[01]\\.[0-9] of 2\\.0 MiB, [0-9.]+ MiB/s")
                .containsPattern("[01] of 2 layers, [01]\\.[0-9] of 2\\.0 MiB, [0-9.]+ MiB/s")
                .containsPattern("\u001b\\[[23]A")
                .contains("\u001b[K");
        // All of that is gone when it is over.
        var last = text.lastIndexOf("\u001b[J");
        assertThat(text.substring(last + 3)).isEqualTo("Pulled " + reference + " " + digest() + "\r\n");
    }

    @Test
    void a_pipe_gets_a_line_when_a_layer_begins_or_ends() throws IOException {
        var said = host.lockstep("image", "pull", reference);

        assertThat(said.code()).as(said.all()).isZero();
        assertThat(said.out()).isEqualTo("Pulled " + reference + " " + digest() + "\n");
        assertThat(said.err().lines())
                .filteredOn(line -> line.startsWith(large))
                .containsExactly(large + " downloading 2.0 MiB", large + " downloaded", large + " unpacked");
        assertThat(said.err()).doesNotContain("\u001b", "\r");
        assertThat(host.lockstep("image", "pull", "-q", reference).all())
                .isEqualTo("Pulled " + reference + " " + digest() + "\n");
    }

    @Test
    void programs_get_an_event_a_line_also_by_a_terminal() throws Exception {
        var json = Json.mapper();
        var done = new ArrayList<Long>();
        var events = new ArrayList<String>();
        for (var line : onATerminal("--format", "json", reference).split("\r\n", -1)) {
            if (line.isEmpty()) {
                continue;
            }
            var event = json.readTree(line);
            if (event.path("layer").asText().startsWith("sha256:" + large)) {
                events.add(event.path("event").asText());
                done.add(event.path("done").asLong());
                assertThat(event.path("total").asLong()).isGreaterThan(SIZE);
            } else if (event.has("reference")) {
                events.add(event.path("event").asText());
                assertThat(event.path("reference").asText()).isEqualTo(reference);
                assertThat(event.path("digest").asText()).isEqualTo(digest());
            }
        }
        assertThat(events).startsWith("downloading", "downloading").endsWith("unpacked", "pulled");
        assertThat(events).contains("downloaded");
        assertThat(done.subList(0, events.indexOf("downloaded") + 1)).isSorted();
    }
}
