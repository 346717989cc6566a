package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One more program in a container, as a user types it. */
class ExecIT {
    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(project.resolve("compose.yaml"), """
                services: {a: {image: "web:1", command: sleep 1000, volumes: ["./mark:/mark"]}}
                """);
        var said = host.lockstepIn(project, "apply", "-y");
        assertThat(said.code()).as(said.all()).isZero();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private void says(int code, String sentence, String... arguments) throws IOException {
        var command = new java.util.ArrayList<>(java.util.List.of("exec", "-T"));
        command.addAll(java.util.List.of(arguments));
        var said = host.lockstepIn(project, command.toArray(String[]::new));

        assertThat(said.code()).as(said.all()).isEqualTo(code);
        assertThat(said.err().strip()).startsWith("lockstep: " + sentence).doesNotContain("\n");
        assertThat(said.out()).isEmpty();
    }

    @Test
    void what_cannot_be_run_is_said_in_a_sentence_and_exits_as_docker_does() throws IOException {
        says(127, "container p-a-1 has no program \"bahs\" in its PATH", "a", "bahs", "-l");
        says(127, "container p-a-1 has no file /no/such, or not the interpreter that it names", "a", "/no/such");
        says(126, "/etc in container p-a-1 is a directory and cannot be run", "a", "/etc");
        says(126, "/etc/hostname in container p-a-1 cannot be run: permission denied", "a", "/etc/hostname");
        says(126, "container p-a-1: there is no user \"nobodys\" in", "-u", "nobodys", "a", "true");
        says(127, "the working directory cannot be entered in container p-a-1: ", "-w", "/nowhere", "a", "true");
    }

    @Test
    void a_terminal_that_changes_its_size_changes_the_one_inside() throws Exception {
        // script(1) gives a terminal of 11 × 22; when the program inside has seen that, it becomes 33 × 44.
        var inside = "until [ \"$(stty size)\" = '11 22' ]; do :; done; touch /mark/ready; "
                + "until [ \"$(stty size)\" = '33 44' ]; do :; done; echo resized";
        Files.writeString(project.resolve("outside.sh"), """
                stty rows 11 cols 22
                (until [ -e mark/ready ]; do :; done; exec stty -F /dev/tty rows 33 cols 44) &
                exec %s exec a sh -c "$(cat inside.sh)"
                """.formatted(String.join(" ", host.command())));
        Files.writeString(project.resolve("inside.sh"), inside);
        var output = directory.resolve("typescript");
        var script = new ProcessBuilder("script", "-qec", "sh outside.sh", "/dev/null")
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            var ended = script.waitFor(60, TimeUnit.SECONDS);

            assertThat(ended).as(() -> text(output)).isTrue();
            assertThat(script.exitValue()).as(() -> text(output)).isZero();
            assertThat(text(output)).contains("resized");
        } finally {
            script.destroyForcibly().waitFor();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
