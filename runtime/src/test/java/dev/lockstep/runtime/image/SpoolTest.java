package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of blobs that are being made: what a dead process left goes at once, what somebody writes never. */
class SpoolTest {
    @TempDir
    Path directory;

    @Test
    void what_nobody_writes_any_more_goes_and_the_rest_stays() throws IOException {
        var partial = Files.writeString(directory.resolve("abc.partial"), "of a pull");
        Files.writeString(directory.resolve(".spooling.1f.tmp"), "");
        Files.writeString(directory.resolve(".spooling.1f.0.tmp"), "left");
        Files.writeString(directory.resolve(".spooling.2e.3.tmp"), "left without its lock's file");
        try (var spool = Spool.open(directory)) {
            var file = Files.writeString(spool.file(), "being written");
            Spool.clear(directory);
            assertThat(file).hasContent("being written");
            assertThat(directory.resolve(".spooling.1f.tmp")).doesNotExist();
            assertThat(directory.resolve(".spooling.1f.0.tmp")).doesNotExist();
            assertThat(directory.resolve(".spooling.2e.3.tmp")).doesNotExist();
            Files.delete(file);
        }
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(partial);
        }
    }
}
