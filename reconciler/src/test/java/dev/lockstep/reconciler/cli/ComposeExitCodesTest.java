package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands that Compose has end with, beside the recorded answers of {@code docker compose} 2.26.1. */
class ComposeExitCodesTest {
    /**
     * All that need files; {@code ps}, {@code stats} and {@code events} are about the whole host where there are none.
     */
    private static final List<String> WITH_FILES = List.of(
            "config",
            "config --services",
            "up -d",
            "create",
            "scale web=2",
            "pull",
            "build",
            "run web true",
            "start",
            "stop",
            "restart",
            "kill",
            "pause",
            "unpause",
            "rm -f",
            "wait web",
            "images",
            "logs",
            "top",
            "port web 80",
            "exec web true",
            "attach web",
            "cp web:/a b",
            "down");

    private static final List<String> OF_THE_HOST = List.of("ps", "stats --no-stream", "events --since 1m --until 1s");

    @TempDir
    private Path directory;

    private int run(String words) {
        var root = directory.resolve("host");
        var environment = Map.of(
                "LOCKSTEP_ROOT", root.toString(),
                "LOCKSTEP_RUN_ROOT", root.resolve("run").toString());
        return Console.in(directory, environment).run(words.split(" "));
    }

    private void allEndWith(int code, String before) {
        for (var verb : WITH_FILES) {
            assertThat(run(before + verb)).as(verb).isEqualTo(code);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-f compose.yaml ", "--project-directory nowhere "})
    void without_a_file_it_is_14(String before) {
        allEndWith(14, before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-f compose.yaml "})
    void with_a_wrong_file_it_is_15(String before) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), "services: {web: {image: [x]}}");
        allEndWith(15, before);
        for (var verb : OF_THE_HOST) {
            assertThat(run(before + verb)).as(verb).isEqualTo(15);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    14 | services: {web: {image: x, env_file: nothing.env}}
                    14 | services: {web: {extends: {file: nothing.yaml, service: x}}}
                    14 | '{include: [nothing.yaml], services: {web: {image: x}}}'
                    14 | services: {web: {image: x, env_file: directory}}
                    15 | services: {web: {extends: {service: nothing}}}
                    15 | services: {web: {image: x, env_file: wrong.env}}
                    15 | services: {web: {image: x, networks: [n]}}
                    15 | services: {web: {image: x, secrets: [s]}}
                    15 | services: {web: {image: x, depends_on: [db]}}
                    15 | services: {web: {image: x, depends_on: [db]}, db: {image: x, depends_on: [web]}}
                    15 | services: {web: {image: x, prots: []}}
                    15 | services: {web: {image: x, mem_limit: 1x}}
                    15 | services: {web: {image: x, ports: ["80:x"]}}
                    15 | services: {web: {image: x}, web: {image: y}}
                    15 | services: {web: {image: '${UNSET:?must}'}}
                    15 | services: {web: {image: '${UNSET'}}
                    15 | services: {web: {}}
                    15 | services: [
                    15 | '[a]'
                    15 | text
                    15 | ''
                    """)
    void what_is_wrong_says_which_of_both(int code, String file) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), file);
        Files.writeString(directory.resolve("wrong.env"), "A B=c");
        Files.createDirectory(directory.resolve("directory"));

        for (var verb : List.of("config", "config web", "config --hash *")) {
            assertThat(run(verb)).as(verb).isEqualTo(code);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    config nothing
                    config --hash nothing
                    up nothing
                    create nothing
                    pull nothing
                    run nothing true
                    scale nothing=1
                    scale web=x
                    --env-file nothing config
                    --env-file nothing up
                    --env-file nothing stop
                    --env-file wrong.env config
                    -p Bad! config
                    -p Bad! up
                    --progress nothing config
                    """)
    void what_is_asked_for_wrongly_is_1(String words) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), "services: {web: {image: x}}");
        Files.writeString(directory.resolve("wrong.env"), "A B=c");

        assertThat(run(words)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"validate", "plan", "apply", "secret ls", "inspect web"})
    void commands_of_our_own_keep_1(String verb) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), "services: {web: {image: [x]}}");

        assertThat(run(verb)).isEqualTo(1);
    }
}
