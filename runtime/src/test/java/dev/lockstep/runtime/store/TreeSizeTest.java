package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeSizeTest {
    @TempDir
    private Path directory;

    @Test
    void files_count_once_and_links_lead_nowhere() throws IOException {
        var tree = Files.createDirectories(directory.resolve("tree/inner"));
        Files.write(directory.resolve("outside"), new byte[1000]);
        Files.write(tree.resolve("a"), new byte[10]);
        Files.createLink(tree.resolve("again"), tree.resolve("a"));
        Files.write(directory.resolve("tree/b"), new byte[5]);
        Files.createSymbolicLink(tree.resolve("link"), directory);

        assertThat(TreeSize.of(directory.resolve("tree"))).isEqualTo(15);
    }

    @Test
    void what_is_not_there_has_no_size() throws IOException {
        assertThat(TreeSize.of(directory.resolve("nothing"))).isZero();
    }
}
