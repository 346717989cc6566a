package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attributes of a service, seen from inside its container. */
class AttributesIT {
    private static final String COMPOSE = """
            services:
              a:
                image: web:1
                command:
                  - sh
                  - -c
                  - "trap 'touch /mark/interrupted; exit 0' INT; while :; do sleep 1000 & wait; done"
                volumes: ["./mark:/mark"]
                tmpfs: ["/run:size=1m,mode=0700"]
                network_mode: none
                cpu_quota: 50000
            """;

    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private String apply(String compose) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), compose);
        return says("apply", "-y");
    }

    private String says(String... arguments) throws IOException {
        var said = host.lockstepIn(project, arguments);
        assertThat(said.code()).as(said.all()).isZero();
        return said.all();
    }

    private String inside(String script) throws IOException {
        return says("exec", "-T", "a", "sh", "-c", script);
    }

    @Test
    void memory_at_a_path_no_network_and_a_quota_are_there_and_plan_as_done() throws IOException {
        apply(COMPOSE);

        assertThat(inside("grep ' /run ' /proc/mounts")).contains("tmpfs", "size=1024k", "mode=700", "noexec");
        assertThat(inside("tail -n +3 /proc/net/dev").strip()).startsWith("lo:").doesNotContain("\n");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
    }

    @Test
    void a_stop_signal_that_comes_later_is_used_and_nothing_is_restarted_for_it() throws IOException {
        apply(COMPOSE);
        var started = inside("cut -d' ' -f22 /proc/1/stat");

        var said = apply(COMPOSE + "    stop_signal: int\n    stop_grace_period: 1m\n");

        assertThat(said)
                .contains("~ container p-a-1  (in place, it keeps running)")
                .contains("stop_signal: SIGINT   [compose.yaml:12:18]")
                .contains("stop_grace_period: 1m   [compose.yaml:13:24]");
        assertThat(inside("cut -d' ' -f22 /proc/1/stat")).isEqualTo(started);
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
        says("down");
        assertThat(project.resolve("mark/interrupted")).exists();
    }
}
