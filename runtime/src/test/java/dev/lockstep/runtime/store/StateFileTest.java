package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

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
    void an_envelope_in_another_order_with_more_in_it_is_read_as_well() throws IOException {
        var file = dir.resolve("r.json");
        Files.writeString(file, """
                {"note": {"by": "somebody"}, "record": {"at": "2026-11-24T16:00:00Z", "grace": "PT1S", "inners": [],
                 "variables": {}}, "root": "%s", "format": 2}
                """.formatted(ROOT));
        assertThat(files.read(file))
                .contains(new Outer(Instant.parse("2026-11-24T16:00:00Z"), Duration.ofSeconds(1), List.of(), Map.of()));
    }

    private static Outer outer(int seconds) {
        return new Outer(Instant.EPOCH, Duration.ofSeconds(seconds), List.of(), Map.of());
    }

    /** As if it had been written that long ago. */
    private static void age(Path file, Duration age) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
    }

    @Test
    void a_file_that_is_the_same_is_read_once_and_what_it_said_is_shared() throws IOException {
        var file = dir.resolve("r.json");
        files.write(file, outer(1));
        age(file, Duration.ofMinutes(1));
        var first = files.read(file).orElseThrow();
        assertThat(files.read(file)).containsSame(first);
    }

    @Test
    void a_file_that_was_replaced_edited_or_removed_is_looked_at_again() throws IOException {
        var file = dir.resolve("r.json");
        files.write(file, outer(1));
        age(file, Duration.ofMinutes(3));
        assertThat(files.read(file)).contains(outer(1));

        files.write(file, outer(2));
        age(file, Duration.ofMinutes(3));
        assertThat(files.read(file)).as("another inode, same length").contains(outer(2));

        Files.writeString(file, Files.readString(file).replace("PT2S", "PT3S"));
        age(file, Duration.ofMinutes(2));
        assertThat(files.read(file)).as("same inode, same length, another time").contains(outer(3));

        Files.writeString(file, "{}");
        age(file, Duration.ofMinutes(2));
        assertThatThrownBy(() -> files.read(file)).isInstanceOf(StateException.class);

        Files.delete(file);
        assertThat(files.read(file)).isEmpty();
    }

    @Test
    void of_a_young_file_nothing_is_kept_since_its_time_may_not_move_with_the_next_write() throws IOException {
        var file = dir.resolve("r.json");
        files.write(file, outer(1));
        var time = Files.getLastModifiedTime(file);
        assertThat(files.read(file)).contains(outer(1));
        // In place: the same inode and length, and no tick of the kernel's clock in between.
        Files.writeString(file, Files.readString(file).replace("PT1S", "PT2S"));
        Files.setLastModifiedTime(file, time);
        assertThat(files.read(file)).contains(outer(2));
    }

    @Test
    void an_absent_file_is_an_empty_result() throws IOException {
        assertThat(files.read(dir.resolve("none.json"))).isEmpty();
    }

    @Test
    void the_previous_format_is_read_and_an_older_or_newer_one_is_refused() throws IOException {
        var file = dir.resolve("r.json");
        var text = "{\"format\":%d,\"root\":\"" + ROOT
                + "\",\"record\":{\"at\":\"2026-11-24T16:00:00Z\",\"grace\":\"PT1S\",\"inners\":[],\"variables\":{}}}";

        Files.writeString(file, text.formatted(1));
        assertThat(files.read(file)).isPresent();
        Files.writeString(file, text.formatted(3));
        assertThatThrownBy(() -> files.read(file))
                .hasMessage(file + " has format 3, this Lockstep knows 2; use the newer Lockstep");
        Files.writeString(file, text.formatted(0));
        assertThatThrownBy(() -> files.read(file)).hasMessageContaining("no format that this Lockstep reads");
    }

    static Stream<Arguments> damage() {
        return Stream.of(
                arguments("", "no format"),
                arguments("\u0000\u0000\u0000", "is damaged"),
                arguments("[]", "no format"),
                arguments("\"text\"", "no format"),
                arguments("{\"format\":2,\"root\":\"" + ROOT + "\"}", "lacks everything"),
                arguments("{\"format\":2,\"root\":\"" + ROOT + "\",\"record\":null}", "lacks everything"),
                arguments("{\"format\":2,\"root\":\"" + ROOT + "\",\"record\":{}}", "lacks at"),
                arguments("{\"format\":2,\"root\":\"" + ROOT + "\",\"record\":[7]}", "is damaged"),
                arguments(
                        "{\"format\":2,\"root\":\"" + ROOT + "\",\"record\":{\"at\":\"2026-11-24T16:00:00Z\","
                                + "\"grace\":\"PT1S\",\"inners\":[{\"b\":1}],\"variables\":{}}}",
                        "lacks inners.a"),
                arguments("[".repeat(5000), "is damaged"));
    }

    @ParameterizedTest
    @MethodSource("damage")
    void a_document_of_another_shape_is_damaged(String text, String why) throws IOException {
        var file = dir.resolve("r.json");
        Files.writeString(file, text);
        assertThatThrownBy(() -> files.read(file))
                .isInstanceOfSatisfying(
                        StateException.class, e -> assertThat(e.reason()).isEqualTo(StateException.Reason.DAMAGED))
                .hasMessageContaining(why);
    }

    @Test
    void what_is_no_file_or_too_big_is_not_read() throws IOException {
        var directory = Files.createDirectory(dir.resolve("d.json"));
        assertThatThrownBy(() -> files.read(directory)).hasMessageContaining("no regular file");
        var huge = dir.resolve("h.json");
        try (var file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(8L << 30); // a hole
        }
        assertThatThrownBy(() -> files.read(huge)).hasMessageContaining("8589934592 bytes");
        var loop = Files.createSymbolicLink(dir.resolve("l.json"), Path.of("l.json"));
        assertThatThrownBy(() -> files.read(loop)).hasMessageContaining("cannot be read");
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
