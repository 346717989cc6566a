package dev.lockstep.runtime.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarWriterTest {
    @TempDir
    private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final TarWriter tar = new TarWriter(out);

    @Test
    void what_is_written_is_read_by_tar() throws Exception {
        tar.directory("d/");
        tar.file("d/a", "1".getBytes(StandardCharsets.UTF_8));
        tar.file("d/b", 513, new ByteArrayInputStream(new byte[513]));
        tar.file("empty", new byte[0]);
        tar.finish();
        var archive = Files.write(directory.resolve("a.tar"), out.toByteArray());

        var process = new ProcessBuilder("tar", "-tvf", archive.toString(), "--full-time", "--utc", "--numeric-owner")
                .redirectErrorStream(true)
                .start();
        var listed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(listed).isZero();
        assertThat(listed.replaceAll(" +", " ")).isEqualTo("""
                drwxr-xr-x 0/0 0 1970-01-01 00:00:00 d/
                -rw-r--r-- 0/0 1 1970-01-01 00:00:00 d/a
                -rw-r--r-- 0/0 513 1970-01-01 00:00:00 d/b
                -rw-r--r-- 0/0 0 1970-01-01 00:00:00 empty
                """);
    }

    @Test
    void a_size_of_many_gigabytes_is_read_back() throws IOException {
        var size = 20L << 30;
        // The header is out before the content turns out to be too short.
        assertThatThrownBy(() -> tar.file("big", size, new ByteArrayInputStream(new byte[0])))
                .isInstanceOf(IOException.class);

        var entry = new TarReader(new ByteArrayInputStream(out.toByteArray()))
                .next()
                .orElseThrow();
        assertThat(entry.size()).isEqualTo(size);
    }

    @Test
    void content_of_another_size_than_announced_is_refused() {
        assertThatThrownBy(() -> tar.file("f", 3, new ByteArrayInputStream(new byte[4])))
                .isInstanceOf(IOException.class)
                .hasMessage("f has 4 bytes, not 3: it changed while it was read");
    }

    @Test
    void a_name_without_room_is_refused() {
        assertThatThrownBy(() -> tar.file("x".repeat(101), new byte[0])).isInstanceOf(IllegalArgumentException.class);
    }
}
