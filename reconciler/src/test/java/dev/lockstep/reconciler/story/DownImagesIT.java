package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which images {@code down --rmi} removes, as docker compose 2.26.1 does. */
class DownImagesIT {
    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(project.resolve("Dockerfile"), "FROM web:1\nCMD sleep 100000\n");
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  unnamed: {build: ., network_mode: none, stop_grace_period: 0s}
                  named: {build: ., image: "mine:1", network_mode: none, stop_grace_period: 0s}
                  pulled: {image: "web:1", command: sleep 100000, network_mode: none, stop_grace_period: 0s}
                """);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private Host.Said run(Path where, String... words) throws IOException {
        var said = host.lockstepIn(where, words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isZero();
        return said;
    }

    private String images() throws IOException {
        return run(project, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
                .out()
                .lines()
                .sorted()
                .toList()
                .toString();
    }

    @Test
    void rmi_local_removes_what_was_built_under_no_name_of_its_own() throws IOException {
        run(project, "up", "-d");
        assertThat(images()).isEqualTo("[mine:1, p-unnamed:latest, web:1]");
        assertThat(run(project, "down", "--rmi", "local", "--dry-run").err())
                .isEqualTo(" DRY-RUN MODE -  Image p-unnamed:latest  Removed\n");
        assertThat(images()).contains("p-unnamed");

        assertThat(run(project, "down", "--rmi", "local").err()).contains(" Image p-unnamed:latest  Removed\n");
        assertThat(images()).isEqualTo("[mine:1, web:1]");

        // Also without a container, and without a file.
        run(project, "build", "unnamed");
        assertThat(run(project, "down", "--rmi", "local").err()).isEqualTo(" Image p-unnamed:latest  Removed\n");
        assertThat(run(project, "down", "--rmi", "local").err()).contains("No resource found to remove");
        run(project, "up", "-d");
        run(directory, "-p", "p", "down", "--rmi", "local");
        assertThat(images()).isEqualTo("[mine:1, web:1]");

        run(project, "up", "-d");
        run(project, "down", "--rmi", "all");
        assertThat(images()).isEqualTo("[]");
    }
}
