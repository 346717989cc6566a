package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemdUnitTest {
    @TempDir
    private Path directory;

    private String unit(String... words) {
        var console = Console.in(directory);
        assertThat(console.run(words)).as(console.err()).isZero();
        return console.out();
    }

    @Test
    void the_agent_may_end_without_its_containers_and_has_cgroups_of_its_own() {
        assertThat(unit("agent", "--print-unit"))
                .contains(
                        "\nExecStart=/opt/lockstep/bin/lockstep --root /var/lib/lockstep --run-root /run/lockstep agent\n")
                .contains("\nKillMode=process\n", "\nDelegate=yes\n", "\nUMask=0077\n", "\nRestart=always\n")
                .contains("\nWants=network-online.target\nAfter=network-online.target\n")
                .contains("\nEnvironment=LC_ALL=C.UTF-8\n");
    }

    @Test
    void nothing_stands_in_it_that_would_swallow_mounts_or_reach_into_containers() {
        assertThat(unit("agent", "--print-unit"))
                .doesNotContain("PrivateMounts", "ProtectSystem", "PrivateTmp", "NoNewPrivileges", "RestrictNamespaces")
                .doesNotContain("ProtectHome", "SystemCallFilter", "LimitNOFILE");
    }

    @Test
    void options_are_kept_with_absolute_paths_and_quoted_for_systemd() {
        assertThat(unit("--root", "state", "agent", "--config", "my agent.yaml", "--host", "50%", "--print-unit"))
                .contains(" --root " + directory.resolve("state") + " ")
                .contains(" agent --config \"" + directory.resolve("my agent.yaml") + "\" --host 50%%\n");
    }

    @Test
    void what_the_environment_names_is_kept_and_a_level_of_the_log() {
        var console = Console.in(
                directory,
                Map.of(
                        "LOCKSTEP_CONFIG", "my agent.yaml",
                        "LOCKSTEP_STACKS", "/srv/$1/50%",
                        "LOCKSTEP_REGISTRIES", "/srv/registries.json",
                        "LOCKSTEP_LOG", "debug"));
        assertThat(console.run("agent", "--print-unit")).as(console.err()).isZero();

        assertThat(console.out())
                .contains("\nEnvironment=LC_ALL=C.UTF-8\nEnvironment=\"LOCKSTEP_CONFIG="
                        + directory.resolve("my agent.yaml")
                        + "\"\nEnvironment=LOCKSTEP_STACKS=/srv/$1/50%%\n"
                        + "Environment=LOCKSTEP_REGISTRIES=/srv/registries.json\nTasksMax=infinity\n")
                .contains(" --run-root /run/lockstep --log-level debug agent\n");
        assertThat(unit("--log-level", "trace", "agent", "--print-unit")).contains(" --log-level trace agent\n");
    }
}
