package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.lockstep.spec.load.Loaded;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class PipedFilesTest {
    @TempDir
    private Path directory;

    /** {@code lockstep -f - --env-file <(…) run web}: parts of one command load the project for themselves. */
    @Test
    void what_is_piped_in_is_there_for_each_part_of_a_command() throws Exception {
        var pipe = directory.resolve("pipe").toString();
        assertThat(new ProcessBuilder("mkfifo", pipe).start().waitFor()).isZero();
        new ProcessBuilder("sh", "-c", "printf TAG=7 > \"$1\"", "sh", pipe).start();
        var file = "name: p\nservices: {web: {image: \"x:${TAG}\"}}\n";
        var world = new Surroundings(
                new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)),
                System.out,
                System.err,
                Surroundings.Terminals.NONE,
                Map.of(),
                directory,
                InstantSource.system(),
                Optional.empty(),
                false);
        var spec = CommandSpec.create();
        GlobalOptions.addTo(spec, true);
        var parsed = new CommandLine(spec).parseArgs("-f", "-", "--env-file", pipe);
        var call = new Invocation(parsed, GlobalOptions.of(List.of(parsed), world), world);

        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (var i = 0; i < 3; i++) {
                var loaded = (Loaded.Valid) new ProjectFiles(call).load();
                var web = Objects.requireNonNull(loaded.project().services().get("web"));
                assertThat(web.image().reference())
                        .hasValueSatisfying(image -> assertThat(image.text()).isEqualTo("x:7"));
            }
        });
    }
}
