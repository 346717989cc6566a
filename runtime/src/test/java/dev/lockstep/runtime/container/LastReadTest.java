package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastReadTest {
    @TempDir
    Path directory;

    private Path file;
    private int reads;
    private LastRead<String> last;

    @BeforeEach
    void world() {
        file = directory.resolve("record");
        last = new LastRead<>(id -> {
            reads++;
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        });
    }

    @Test
    void a_file_that_is_the_same_is_read_once() throws IOException {
        put("one");
        assertThat(last.of("id", file)).contains("one");
        assertThat(last.of("id", file)).contains("one");
        assertThat(reads).isOne();
    }

    @Test
    void one_that_was_replaced_is_read_anew_also_by_one_of_the_same_size() throws IOException {
        put("one");
        assertThat(last.of("id", file)).contains("one");
        put("two");
        assertThat(last.of("id", file)).contains("two");
    }

    @Test
    void one_that_is_gone_is_read_each_time_for_it_may_be_told_from_elsewhere() throws IOException {
        put("one");
        assertThat(last.of("id", file)).contains("one");
        Files.delete(file);
        assertThat(last.of("id", file)).isEmpty();
        assertThat(last.of("id", file)).isEmpty();
        assertThat(reads).isEqualTo(3);
    }

    @Test
    void what_is_forgotten_is_read_anew() throws IOException {
        put("one");
        assertThat(last.of("id", file)).contains("one");
        last.forget("id");
        assertThat(last.of("id", file)).contains("one");
        assertThat(reads).isEqualTo(2);
    }

    private void put(String text) throws IOException {
        AtomicFiles.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
