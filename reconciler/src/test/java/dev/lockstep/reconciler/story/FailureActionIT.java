package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code update_config.failure_action} makes of a service whose new containers do not become well. */
class FailureActionIT {
    @TempDir
    Path directory;

    private Host host;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    /** Two replicas, changed one after the other, that say who they are. */
    private static String compose(String level, String end, String action) {
        return """
                name: shop
                services:
                  web:
                    image: web:1
                    command: [sh, -c, "echo %s; trap 'exit 0' TERM; %s sleep 1000000 & wait"]
                    restart: "no"
                    deploy: {replicas: 2, update_config: {failure_action: %s, monitor: 300ms}}
                """.formatted(level, end, action);
    }

    /** Which revision each container is of, and whether it runs. */
    private String containers() throws IOException {
        return containers(2);
    }

    private String containers(int replicas) throws IOException {
        var all = new StringBuilder();
        for (var replica = 1; replica <= replicas; replica++) {
            var name = "shop-web-" + replica;
            var said = host.lockstep("container", "inspect", "-f", "{{.State.Running}} {{.Config.Cmd}}", name)
                    .out();
            all.append(said.startsWith("true") ? "runs " : "ended ")
                    .append(said.contains("echo first") ? "first" : said.contains("echo bad") ? "bad" : "mended")
                    .append(' ');
        }
        return all.toString().strip();
    }

    private Host.Said once(Repository repository) throws IOException {
        return host.lockstep(
                "agent",
                "--once",
                "--repository",
                repository.directory().toString(),
                "--ref",
                "main",
                "--host",
                "test");
    }

    @Test
    void pause_leaves_the_stack_half_way_and_the_revision_alone_until_it_changes_or_somebody_asks() throws Exception {
        try (var repository = new Repository(directory.resolve("shop"))) {
            repository.commit("Good", Map.of("compose.yaml", compose("first", "", "pause")));
            assertThat(once(repository).code()).isZero();

            repository.commit("Bad", Map.of("compose.yaml", compose("bad", "exit 3;", "pause")));
            var failed = once(repository);
            assertThat(failed.code()).as(failed.all()).isEqualTo(3);
            assertThat(failed.out())
                    .contains("stack shop is paused: ", "exited (3)")
                    .doesNotContain("going back");
            // The second one was not touched: it waited for the first to be well.
            assertThat(containers()).isEqualTo("ended bad runs first");
            assertThat(host.lockstep("status").out())
                    .contains("unhealthy", "failure_action: pause leaves the stack as it is", "sync --retry");

            // Looking again, and a commit elsewhere, change nothing.
            repository.commit("Elsewhere", Map.of("README.md", "nothing"));
            var again = once(repository);
            assertThat(again.code()).as(again.all()).isEqualTo(3);
            assertThat(again.out()).doesNotContain("Plan:");
            assertThat(containers()).isEqualTo("ended bad runs first");

            repository.commit("Mended", Map.of("compose.yaml", compose("mended", "", "pause")));
            var mended = once(repository);
            assertThat(mended.code()).as(mended.all()).isZero();
            assertThat(containers()).isEqualTo("runs mended runs mended");
        }
    }

    @Test
    void continue_goes_on_with_the_others_and_is_unhealthy() throws Exception {
        try (var repository = new Repository(directory.resolve("shop"))) {
            repository.commit("Good", Map.of("compose.yaml", compose("first", "", "continue")));
            assertThat(once(repository).code()).isZero();

            repository.commit("Bad", Map.of("compose.yaml", compose("bad", "exit 3;", "continue")));
            var failed = once(repository);
            assertThat(failed.code()).as(failed.all()).isEqualTo(3);
            assertThat(failed.out()).doesNotContain("going back", "is paused");
            assertThat(containers()).isEqualTo("ended bad ended bad");
            assertThat(host.lockstep("status").out()).contains("unhealthy", "exited (3)");
        }
    }

    @Test
    void what_may_fail_is_counted_over_all_groups() throws Exception {
        var four = "{replicas: 4, update_config: {max_failure_ratio: 0.3, ";
        try (var repository = new Repository(directory.resolve("shop"))) {
            repository.commit(
                    "Good",
                    Map.of(
                            "compose.yaml",
                            compose("first", "", "pause").replace("{replicas: 2, update_config: {", four)));
            assertThat(once(repository).code()).isZero();

            repository.commit(
                    "Bad",
                    Map.of(
                            "compose.yaml",
                            compose("bad", "exit 3;", "pause").replace("{replicas: 2, update_config: {", four)));
            var failed = once(repository);
            assertThat(failed.code()).as(failed.all()).isEqualTo(3);
            // One may fail; with the second one it is too many.
            assertThat(containers(4)).isEqualTo("ended bad ended bad runs first runs first");
        }
    }

    /** A service that gets another name takes the port and the name of its container along. */
    @Test
    void a_service_under_another_name_has_its_port_and_its_containers_name() throws Exception {
        var file = """
                name: shop
                services:
                  NAME:
                    image: web:1
                    container_name: front
                    ports: ["127.0.0.1::8000", "127.0.0.1:58123:8001"]
                    command: [sh, -c, "trap 'exit 0' TERM; sleep 1000000 & wait"]
                """;
        var project = Files.createDirectories(directory.resolve("shop"));
        Files.writeString(project.resolve("compose.yaml"), file.replace("NAME", "web"));
        assertThat(host.lockstepIn(project, "apply", "-y").code()).isZero();

        Files.writeString(project.resolve("compose.yaml"), file.replace("NAME", "server"));
        var kept = host.lockstepIn(project, "apply", "-y");
        assertThat(kept.code()).isEqualTo(1);
        assertThat(kept.all())
                .contains("compose.yaml:6:", "port 58123/tcp is that of container front, which stays")
                .contains("--remove-orphans");
        var done = host.lockstepIn(project, "apply", "-y", "--remove-orphans", "--approve", "last-service");
        assertThat(done.code()).as(done.all()).isZero();
        assertThat(host.lockstepIn(project, "port", "server", "8001").out().strip())
                .isEqualTo("127.0.0.1:58123");
        assertThat(host.lockstepIn(project, "plan", "--detailed-exitcode").code())
                .isZero();
    }

    @Test
    void apply_by_hand_does_as_the_file_says_and_says_so() throws Exception {
        var project = Files.createDirectories(directory.resolve("shop"));
        var file = project.resolve("compose.yaml");
        Files.writeString(file, compose("first", "", "pause"));
        assertThat(host.lockstepIn(project, "apply", "-y", "--wait").code()).isZero();

        Files.writeString(file, compose("bad", "exit 3;", "pause"));
        var paused = host.lockstepIn(project, "apply", "-y", "--wait");
        assertThat(paused.all()).contains("The stack is left as it is, as failure_action: pause wants it.");
        assertThat(paused.code()).isIn(1, 3);
        assertThat(containers()).isEqualTo("ended bad runs first");

        Files.writeString(file, compose("bad", "exit 4;", "rollback"));
        var back = host.lockstepIn(project, "apply", "-y", "--wait");
        assertThat(back.code()).as(back.all()).isEqualTo(4);
        assertThat(containers()).isEqualTo("runs first runs first");
    }
}
