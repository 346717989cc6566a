package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
