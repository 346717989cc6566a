package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    @TempDir
    Path directory;

    @Test
    void what_a_killed_process_was_writing_goes_when_nobody_can_be_at_it_any_more() throws IOException {
        var file = Files.writeString(directory.resolve("status.json"), "{}");
        var begun = Files.writeString(AtomicFiles.temporaryBeside(file), "{");
        var others = Files.writeString(directory.resolve(".notes.tmp"), "mine");
        var tree = Files.createDirectory(AtomicFiles.temporaryBeside(file));

        AtomicFiles.removeUnfinished(directory, Instant.now());
        assertThat(begun).exists();

        AtomicFiles.removeUnfinished(directory, Instant.now().plus(Duration.ofHours(2)));
        assertThat(directory).isDirectoryContaining(file::equals);
        assertThat(begun).doesNotExist();
        assertThat(others).exists();
        assertThat(tree).exists();

        AtomicFiles.removeUnfinished(directory.resolve("nothing"), Instant.now());
    }
}
