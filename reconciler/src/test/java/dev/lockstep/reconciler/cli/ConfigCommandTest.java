package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The flags of {@code config} are those of {@code docker compose config}. */
class ConfigCommandTest {
    private static final String FILE = """
            name: demo
            services:
              web:
                image: ${IMG:-nginx}:1
                profiles: [dev, test]
                networks: [front]
                environment: {A: "${A}", B: "${B:?need}", C: "${C:+alt}"}
              db:
                build: .
                volumes: [data:/d]
                environment: {X: 1}
              cache:
                image: redis:8
                depends_on: [db]
            networks: {front: {}, unused: {}}
            volumes: {data: {}, unused: {}}
            """;

    @TempDir
    private Path directory;

    @BeforeEach
    void aProject() throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), FILE);
    }

    private Console console() {
        return Console.in(directory, Map.of("B", "1", "A", "a"));
    }

    private String config(String... words) {
        var console = console();
        assertThat(console.run(words)).as(console.err()).isZero();
        return console.out();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            config --services                          | cache db
            config --services cache                    | cache db
            config --services db                       | db
            --profile dev config --services            | cache db web
            --profile * config --services              | cache db web
            --profile other config --services          | cache db
            config --images                            | demo-db redis:8
            --profile test config --images             | demo-db nginx:1 redis:8
            config --images web                        | nginx:1
            config --volumes                           | data
            config --networks                          | default
            --profile dev config --networks            | default front
            config --profiles                          | dev test
            config --quiet                             | ''
            """)
    void lists_are_sorted_lines(String words, String lines) {
        assertThat(config(words.split(" ", -1)).replace("\n", " ").strip()).isEqualTo(lines);
    }

    @Test
    void a_variable_turns_profiles_on_and_the_option_wins() {
        var variable = Console.in(directory, Map.of("B", "1", "COMPOSE_PROFILES", "dev,other"));
        assertThat(variable.run("config", "--services")).isZero();
        assertThat(variable.out()).isEqualTo("cache\ndb\nweb\n");

        var option = Console.in(directory, Map.of("B", "1", "COMPOSE_PROFILES", "dev"));
        assertThat(option.run("--profile", "other", "config", "--services")).isZero();
        assertThat(option.out()).isEqualTo("cache\ndb\n");
    }

    @Test
    void a_hash_changes_with_the_containers_and_not_with_what_is_around_them() throws IOException {
        var all = config("config", "--hash", "*");
        assertThat(all).matches("cache [0-9a-f]{64}\ndb [0-9a-f]{64}\n");
        assertThat(config("config", "--hash", "db,cache").lines().toList().reversed())
                .isEqualTo(all.lines().toList());

        Files.writeString(
                directory.resolve("compose.yaml"),
                FILE.replace("depends_on: [db]", "scale: 3\n    pull_policy: always"));
        assertThat(config("config", "--hash", "*")).isEqualTo(all);
        Files.writeString(directory.resolve("compose.yaml"), FILE.replace("X: 1", "X: 2"));
        assertThat(config("config", "--hash", "cache"))
                .isEqualTo(all.lines().findFirst().orElseThrow() + "\n");
        assertThat(all).doesNotContain(config("config", "--hash", "db"));
    }

    @Test
    void a_service_that_is_not_there_is_said() {
        var hash = console();
        assertThat(hash.run("config", "--hash", "db,web")).isEqualTo(1);
        assertThat(hash.err()).isEqualTo("lockstep: no such service: web; it is off, as none of its profiles is on\n");
        var service = console();
        assertThat(service.run("config", "nope")).isEqualTo(1);
        assertThat(service.err()).contains("no such service").contains("nope");
    }

    @Test
    void variables_are_a_table_or_json_and_need_no_values() throws IOException {
        var table = Console.in(directory);
        assertThat(table.run("config", "--variables")).isZero();
        assertThat(table.out().lines().map(line -> line.strip().replaceAll(" +", " ")))
                .containsExactly(
                        "NAME REQUIRED DEFAULT VALUE ALTERNATE VALUE",
                        "A false",
                        "B true",
                        "C false alt",
                        "IMG false nginx");

        var json = new JsonMapper().readTree(config("config", "--variables", "--format", "json"));
        assertThat(json.path("IMG").path("defaultValue").asText()).isEqualTo("nginx");
        assertThat(json.path("B").path("required").asBoolean()).isTrue();
    }

    @Test
    void the_environment_is_what_files_could_ask_for() throws IOException {
        Files.writeString(directory.resolve(".env"), "FROM_FILE=1\nA=file\n");
        assertThat(config("config", "--environment").lines())
                .contains("A=a", "B=1", "FROM_FILE=1", "COMPOSE_PROJECT_NAME=demo");
    }

    @Test
    void variables_stay_where_nobody_wants_them_filled_in() throws IOException {
        var without = Console.in(directory);
        assertThat(without.run("config", "--no-interpolate")).as(without.err()).isZero();
        assertThat(without.out())
                .contains("image: \"${IMG:-nginx}:1\"", "B: \"${B:?need}\"", "profiles")
                .doesNotContain("$$");
        assertThat(without.out()).contains("name: demo_default", "dockerfile: Dockerfile");

        // Where a number is wanted a variable is no value, and the files stand as they are.
        Files.writeString(
                directory.resolve("compose.yaml"),
                "name: x\nservices: {a: {image: \"${IMG}\", ports: [\"${PORT}:80\"], mem_limit: \"${MEM}\"}}\n");
        var json = Console.in(directory);
        assertThat(json.run("config", "--no-interpolate", "--format", "json")).isZero();
        var service = new JsonMapper().readTree(json.out()).path("services").path("a");
        assertThat(service.path("image").asText()).isEqualTo("${IMG}");
        assertThat(service.path("ports").path(0).asText()).isEqualTo("${PORT}:80");
    }

    @Test
    void consistency_is_checked_unless_it_is_not_wanted() throws IOException {
        Files.writeString(
                directory.resolve("compose.yaml"), "name: x\nservices: {a: {image: x, networks: [nowhere]}}\n");
        var checked = console();
        assertThat(checked.run("config")).isEqualTo(15);
        assertThat(checked.err()).contains("refers to undefined network \"nowhere\"");
        assertThat(config("config", "--no-consistency", "--services")).isEqualTo("a\n");
    }

    @Test
    void env_files_and_paths_can_be_left_as_they_are() throws IOException {
        Files.writeString(directory.resolve("a.env"), "FROM=file\n");
        Files.writeString(
                directory.resolve("compose.yaml"),
                "name: x\nservices: {a: {image: x, env_file: a.env, volumes: ['./data:/d']}}\n");

        assertThat(config("config")).contains("FROM: file", "source: " + directory.resolve("data"));
        assertThat(config("config", "--no-env-resolution"))
                .doesNotContain("FROM: file")
                .contains("a.env");
        assertThat(config("config", "--no-path-resolution"))
                .doesNotContain(directory.toString())
                .contains("source: \"./data\"\n");
    }

    @Test
    void nothing_is_filled_in_where_nobody_wants_it() throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), """
                name: x
                services:
                  a: {image: a, build: ., links: [b], depends_on: [c], volumes: ["v:/v"]}
                  b: {image: b, network_mode: "service:c"}
                  c: {image: c}
                volumes: {v: {}}
                """);

        assertThat(config("config")).contains("x_default", "x_v", "dockerfile: Dockerfile", "      b:\n");
        assertThat(config("config", "--no-normalize"))
                .doesNotContain("x_default", "networks:", "x_v", "Dockerfile", "      b:\n")
                .contains("      c:\n", "source: v\n");
    }

    @Test
    void what_is_only_wrong_on_a_host_is_printed() throws IOException {
        Files.writeString(
                directory.resolve("compose.yaml"), "name: x\nservices: {a: {image: 'UPPER', restart: sometimes}}\n");
        assertThat(config("config")).contains("image: UPPER");
        assertThat(console().run("validate")).isEqualTo(1);
    }

    /** As docker compose 2.26.1 lists the first file; it lists nothing of the second, whose values it cannot read. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --services                  | db web
            --images                    | nginx:${TAG:-1} pg
            --volumes                   | data
            --networks                  | default front
            --profiles                  | debug tools
            --services --no-consistency | db web
            """)
    void lists_need_no_values(String words, String lines) throws IOException {
        var typed = """
                name: p
                services:
                  web: {image: "nginx:${TAG:-1}", ports: ["80:80"], depends_on: [db], volumes: ["data:/d"], networks: [front]}
                  db: {image: pg, mem_limit: 5m}
                  dbg: {image: dbg, profiles: [debug], networks: [back], volumes: ["logs:/l"]}
                  built: {build: ., profiles: [tools, debug]}
                networks: {front: {}, back: {}, unused: {}}
                volumes: {data: {}, logs: {}, unused: {}}
                """;
        for (var file : List.of(typed, typed.replace("80:80", "${PORT}:80").replace("5m", "\"${MEM}\""))) {
            Files.writeString(directory.resolve("compose.yaml"), file);
            assertThat(config(("config --no-interpolate " + words).split(" ", -1))
                            .replace("\n", " ")
                            .strip())
                    .isEqualTo(lines);
        }
    }

    @Test
    void without_its_values_a_project_is_printed_whole_and_not_compared_with_itself() throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), """
                name: x
                services: {a: {image: x, networks: ["${NET}"]}, b: {image: y, profiles: [p]}}
                volumes: {unused: {}}
                """);
        assertThat(config("config", "--no-interpolate")).contains("${NET}", "  b:\n", "unused:");
        var list = console();
        assertThat(list.run("config", "--no-interpolate", "--services")).isEqualTo(15);
        assertThat(list.err()).contains("undefined network");
    }

    @Test
    void what_is_wrong_without_its_values_is_refused() throws IOException {
        var file = directory.resolve("compose.yaml");
        for (var words : List.of("--no-interpolate", "--no-interpolate --services", "--variables")) {
            Files.writeString(file, "services:\n  a: {imgae: x, ports: [\"${PORT}:80\"], mem_limit: 5q}\n");
            var wrong = console();
            assertThat(wrong.run(("config " + words).split(" ", -1))).isEqualTo(15);
            assertThat(wrong.out()).isEmpty();
            assertThat(wrong.err().lines())
                    .containsExactly(
                            "compose.yaml:2:7: services.a.imgae: unknown key. Did you mean \"image\"?",
                            "compose.yaml:2:51: services.a.mem_limit: \"5q\" is not a size. Write a number and a unit:"
                                    + " b, k, m, g, t or p, such as 512m");

            Files.writeString(file, "services:\n  a: [1\n");
            var rubbish = console();
            assertThat(rubbish.run(("config " + words).split(" ", -1))).isEqualTo(15);
            assertThat(rubbish.err()).contains("compose.yaml:3:1: not valid YAML");
        }
    }

    @Test
    void without_values_there_is_no_hash_and_no_digest() throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), "name: x\nservices: {a: {image: x, cpus: \"${C}\"}}\n");
        var hash = console();
        assertThat(hash.run("config", "--no-interpolate", "--hash", "*")).isEqualTo(1);
        assertThat(hash.err())
                .contains("compose.yaml:2:32: services.a.cpus: \"${C}\" is not a number of CPUs", "--hash");
        var digest = console();
        assertThat(digest.run("config", "--no-interpolate", "--resolve-image-digests"))
                .isEqualTo(1);
        assertThat(digest.err()).contains("--resolve-image-digests without --no-interpolate");
        assertThat(config("config", "--no-interpolate", "a")).contains("${C}");
        assertThat(console().run("config", "--no-interpolate", "nope")).isEqualTo(1);
    }

    @Test
    void the_environment_is_that_of_a_project_that_can_be_loaded() throws IOException {
        Files.writeString(directory.resolve(".env"), "X=1\nY=\"un\n");
        for (var words : List.of("--environment", "--variables")) {
            var wrong = console();
            assertThat(wrong.run("config", words)).isEqualTo(1);
            assertThat(wrong.err()).contains(".env:2");
            assertThat(wrong.out()).isEmpty();
        }
        Files.delete(directory.resolve(".env"));
        Files.writeString(directory.resolve("compose.yaml"), "services: {a: {imgae: x}}\n");
        var unknown = console();
        assertThat(unknown.run("config", "--environment")).isEqualTo(15);
        assertThat(unknown.err()).contains("unknown key");
        Files.delete(directory.resolve("compose.yaml"));
        var none = console();
        assertThat(none.run("config", "--variables")).isEqualTo(14);
        assertThat(none.err()).contains("no compose file found");
    }
}
