package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    @ParameterizedTest
    @ValueSource(strings = {"--files", "--images", "--builds"})
    void what_some_commands_need_is_trained_alone(String which) throws IOException {
        var before = left();
        var console = Console.in(directory);

        assertThat(console.run("train", which)).as(console.err()).isZero();
        assertThat(left()).isEqualTo(before);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void what_it_trains_on_is_right_and_wrong_where_it_is_meant_to_be() throws IOException {
        TrainingFiles.write(directory, ImageReference.parse("example.com/app:1"));

        var right = Console.in(directory);
        assertThat(right.run("config")).as(right.err()).isZero();
        var wrong = Console.in(directory);
        assertThat(wrong.run("-f", TrainingFiles.WRONG, "config")).isEqualTo(ExitCodes.COMPOSE_FILE);
        assertThat(wrong.err().lines()).hasSizeGreaterThan(3);
    }
}
