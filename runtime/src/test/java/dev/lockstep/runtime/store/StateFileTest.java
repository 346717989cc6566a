package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
    record Inner(String a, Optional<Integer> b) {
        public boolean isGone() {
            return true;
        }

        public String getNothing() {
            return "";
        }
    }

    record Outer(Instant at, Duration grace, List<Inner> inners, Map<String, Optional<String>> variables) {}

    private static final String ROOT = "0123456789abcdef0123456789abcdef";

    @TempDir
    Path dir;

    private final StateFile<Outer> files = new StateFile<>(Json.mapper(), Outer.class, 2, ROOT);

    @Test
    void a_record_comes_back_as_it_was_written() throws IOException {
        var record = new Outer(
                Instant.parse("2026-11-24T16:00:00.123456789Z"),
                Duration.ofMillis(1500),
                List.of(new Inner("x", Optional.empty()), new Inner("y", Optional.of(3))),
                Map.of("A", Optional.of("1"), "B", Optional.empty()));
        var file = dir.resolve("r.json");

        files.write(file, record);

        assertThat(files.read(file)).contains(record);
        assertThat(file).content().doesNotContain("gone").doesNotContain("nothing");
        assertThat(Files.getPosixFilePermissions(file)).hasToString("[OWNER_READ, OWNER_WRITE]");
        assertThat(dir.toFile().list()).containsExactly("r.json");
    }

    @Test
    void an_absent_file_is_an_empty_result() throws IOException {
        assertThat(files.read(dir.resolve("none.json"))).isEmpty();
    }

    @Test
    void the_previous_format_is_read_and_an_older_or_newer_one_is_refused() throws IOException {
        var file = dir.resolve("r.json");
        var text = "{\"format\":%d,\"root\":\"" + ROOT + "\",\"record\":{\"inners\":[],\"variables\":{}}}";

        Files.writeString(file, text.formatted(1));
        assertThat(files.read(file)).isPresent();
        Files.writeString(file, text.formatted(3));
        assertThatThrownBy(() -> files.read(file))
                .hasMessage(file + " has format 3, this Lockstep knows 2; use the newer Lockstep");
        Files.writeString(file, text.formatted(0));
        assertThatThrownBy(() -> files.read(file)).hasMessageContaining("no format that this Lockstep reads");
    }

    @Test
    void a_file_of_another_root_or_a_torn_one_is_refused() throws IOException {
        var file = dir.resolve("r.json");
        Files.writeString(file, "{\"format\":2,\"root\":\"ffff\",\"record\":{}}");
        assertThatThrownBy(() -> files.read(file)).hasMessageContaining("belongs to root ffff");
        Files.writeString(file, "{\"format\":2,\"ro");
        assertThatThrownBy(() -> files.read(file))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("is damaged");
    }
}
