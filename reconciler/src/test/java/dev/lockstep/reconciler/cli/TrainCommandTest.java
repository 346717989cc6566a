package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
    @TempDir
    private Path directory;

    private static Set<String> left() throws IOException {
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.map(f -> f.getFileName().toString())
                    .filter(name -> name.startsWith("lockstep-train-"))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void training_works_without_a_network_and_leaves_nothing() throws IOException {
        var before = left();
        var console = Console.in(directory);

        assertThat(console.run("train")).as(console.err()).isZero();
        assertThat(left()).isEqualTo(before);
        assertThat(directory).isEmptyDirectory();
    }
}
