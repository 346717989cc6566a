package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that only look, where nothing is. */
class ReadingCommandsTest {
    @TempDir
    private Path directory;

    private Path root;
    private Path runRoot;

    @BeforeEach
    void project() throws IOException {
        root = directory.resolve("root");
        runRoot = directory.resolve("run");
        // By digest: no registry is asked what it is.
        Files.writeString(directory.resolve("compose.yaml"), """
                name: shop
                services:
                  web: {image: "shop@sha256:%s", networks: [front], volumes: ["data:/data"]}
                networks: {front: {}}
                volumes: {data: {}}
                """.formatted("0".repeat(64)));
    }

    private int run(Console console, String words) {
        var args = new ArrayList<>(List.of("--root", root.toString(), "--run-root", runRoot.toString()));
        args.addAll(List.of(words.split(" ")));
        return console.run(args.toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plan",
                "plan -o json",
                "apply --dry-run",
                "down --dry-run",
                "ps -a",
                "status",
                "image ls",
                "image inspect x",
                "system df",
                "logs"
            })
    void looking_makes_no_root(String words) {
        run(Console.in(directory), words);

        assertThat(root).doesNotExist();
        assertThat(runRoot).doesNotExist();
    }

    @Test
    void a_plan_for_a_host_without_anything_makes_everything() {
        var console = Console.in(directory);

        assertThat(run(console, "plan --detailed-exitcode")).as(console.err()).isEqualTo(ExitCodes.CHANGES);
        assertThat(console.out())
                .contains("+ network shop_front", "+ volume shop_data", "+ container shop-web-1")
                .endsWith("Run 'lockstep apply' to make these changes.\n");
    }

    /** As with docker compose, the environment comes before the file, and the option before both. */
    @Test
    void an_env_file_says_what_commands_do_as_the_environment_does() throws IOException {
        Files.writeString(directory.resolve(".env"), "COMPOSE_PARALLEL_LIMIT=none\n");
        var wrong = Console.in(directory);
        assertThat(run(wrong, "ps")).isEqualTo(ExitCodes.ERROR);
        assertThat(wrong.err()).contains("--parallel takes a whole number from 1, or -1, not \"none\"");
        assertThat(run(Console.in(directory), "--parallel 2 ps")).isZero();
        assertThat(run(Console.in(directory, Map.of("COMPOSE_PARALLEL_LIMIT", "2")), "ps"))
                .isZero();
        assertThat(run(Console.in(directory), "network ls")).isZero();

        Files.writeString(directory.resolve(".env"), "COMPOSE_REMOVE_ORPHANS=True\n");
        assertThat(removesOrphans(Map.of(), "plan")).isTrue();
        assertThat(removesOrphans(Map.of(), "plan --remove-orphans=false")).isFalse();
        assertThat(removesOrphans(Map.of("COMPOSE_REMOVE_ORPHANS", "false"), "plan"))
                .isFalse();
    }

    private boolean removesOrphans(Map<String, String> environment, String words) throws IOException {
        var console = Console.in(directory, environment);
        assertThat(run(console, words + " --out saved.json")).as(console.err()).isZero();
        return new JsonMapper()
                .readTree(directory.resolve("saved.json").toFile())
                .findValue("removeOrphans")
                .asBoolean();
    }

    @Test
    void a_host_without_anything_has_nothing_to_list() {
        for (var words : List.of("ps -a", "image ls")) {
            var console = Console.in(directory);
            assertThat(run(console, words)).as(console.err()).isZero();
            assertThat(console.out().lines()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plan", "ps", "status", "image ls"})
    void who_is_not_root_is_told_so(String words) {
        var console = Console.unprivileged(directory);

        assertThat(run(console, words)).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).isEqualTo("lockstep: needs root: 'sudo lockstep " + words + " ...'\n");
    }
}
