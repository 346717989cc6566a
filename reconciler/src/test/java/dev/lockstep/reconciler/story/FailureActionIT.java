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
        var all = new StringBuilder();
        for (var name : new String[] {"shop-web-1", "shop-web-2"}) {
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
