package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plan says of paths of the host that are to be mounted and do not exist. */
class MissingSourcesIT {
    @TempDir
    private Path directory;

    private String plan(String volumes) throws IOException {
        return Console.planOf(directory, """
                services:
                  web:
                    image: registry.invalid/app:1
                    volumes:
                """ + volumes.indent(6));
    }

    @Test
    void a_directory_that_would_stand_where_a_file_is_meant_is_told() throws IOException {
        var said = plan("""
                - ./data:/data
                - ./acme.json:/acme.json
                - /nowhere/Up.CONF:/conf
                - ./conf.d:/conf.d
                """);

        assertThat(said)
                .contains("compose.yaml:6:9: services.web.volumes[1]: " + directory.resolve("acme.json")
                        + " does not exist, so an empty directory is made there. Make the file first if one is meant")
                .contains("compose.yaml:7:9: services.web.volumes[2]: /nowhere/Up.CONF does not exist")
                .doesNotContain("volumes[0]")
                .doesNotContain("volumes[3]");

        Files.createFile(directory.resolve("acme.json"));
        assertThat(plan("- ./acme.json:/acme.json")).doesNotContain("does not exist");
    }

    @Test
    void what_must_exist_is_missed_before_anything_is_touched() throws IOException {
        var volume = "- {type: bind, source: ./data, target: /data, bind: {create_host_path: false}}";
        assertThat(plan(volume))
                .contains("Error: compose.yaml:5:9: services.web.volumes[0]: " + directory.resolve("data")
                        + " does not exist. Make it, or write create_host_path: true");

        Files.createDirectory(directory.resolve("data"));
        assertThat(plan(volume)).doesNotContain("does not exist");
    }
}
