package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code validate} and {@code config}: commands that need no host. */
class ProjectCommandsTest {
    private static final String GOOD = """
            name: shop
            services:
              web: {image: "nginx:1", volumes: ["data:/data"]}
              db: {image: "redis:7"}
            volumes: {data: {}}
            """;
    private static final String BAD = """
            name: shop
            services:
              web:
                image: nginx:1
                prots: ["80:80"]
                depends_on: [nobody]
            """;

    @TempDir
    private Path directory;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    @Test
    void a_good_project_is_valid_in_one_line() throws IOException {
        file("compose.yaml", GOOD);
        var console = Console.in(directory);

        assertThat(console.run("validate")).isZero();
        assertThat(console.out()).isEqualTo("Stack shop is valid: 2 services.\n");
    }

    @Test
    void everything_that_is_wrong_is_said_with_its_place() throws IOException {
        file("compose.yaml", BAD);
        var console = Console.in(directory);

        assertThat(console.run("validate")).isEqualTo(1);
        assertThat(console.out()).isEqualTo("""
                compose.yaml:5:5: services.web.prots: unknown key. Did you mean "ports"?
                compose.yaml:6:18: services.web.depends_on.nobody: refers to undefined service "nobody"
                """);
        assertThat(console.err()).endsWith("2 problems.\n");
    }

    @Test
    void validate_speaks_json() throws IOException {
        file("compose.yaml", BAD);
        var console = Console.in(directory);

        assertThat(console.run("validate", "-o", "json")).isEqualTo(1);
        var json = new JsonMapper().readTree(console.out());
        assertThat(json.path("valid").asBoolean()).isFalse();
        assertThat(json.path("errors").path(0).path("line").asInt()).isEqualTo(5);
        assertThat(json.path("errors").path(0).path("path").asText()).isEqualTo("services.web.prots");
    }

    @Test
    void the_file_may_be_named_before_or_after_the_command_and_come_from_standard_input() throws IOException {
        file("other.yaml", GOOD);
        for (var words : new String[][] {
            {"-f", "other.yaml", "validate"}, {"validate", "-f", "other.yaml"}, {"--file=other.yaml", "validate"}
        }) {
            var console = Console.in(directory);
            assertThat(console.run(words)).as(console.err()).isZero();
        }
        var console = Console.in(directory, GOOD);
        assertThat(console.run("-f", "-", "config", "--services")).isZero();
        assertThat(console.out()).isEqualTo("db\nweb\n");
    }

    @Test
    void the_name_comes_from_the_option_the_variable_or_the_file() throws IOException {
        file("compose.yaml", GOOD);
        var option = Console.in(directory, Map.of("COMPOSE_PROJECT_NAME", "fromvariable"));
        option.run("-p", "fromoption", "validate");
        assertThat(option.out()).startsWith("Stack fromoption ");

        var variable = Console.in(directory, Map.of("COMPOSE_PROJECT_NAME", "fromvariable"));
        variable.run("validate");
        assertThat(variable.out()).startsWith("Stack fromvariable ");
    }

    @Test
    void config_prints_the_parts_that_are_asked_for() throws IOException {
        file("compose.yaml", GOOD);
        var expected = Map.of(
                "--services", "db\nweb\n",
                "--volumes", "data\n",
                "--networks", "default\n",
                "--images", "nginx:1\nredis:7\n",
                "--quiet", "");
        expected.forEach((option, text) -> {
            var console = Console.in(directory);
            assertThat(console.run("config", option)).isZero();
            assertThat(console.out()).isEqualTo(text);
        });
    }

    @Test
    void config_prints_yaml_that_loads_again_and_json_that_is_json() throws IOException {
        file("compose.yaml", GOOD);
        var yaml = Console.in(directory);
        assertThat(yaml.run("config")).isZero();
        var again = Console.in(directory, yaml.out());
        assertThat(again.run("-f", "-", "config")).isZero();
        assertThat(again.out()).isEqualTo(yaml.out());

        var json = Console.in(directory);
        assertThat(json.run("config", "--format", "json")).isZero();
        assertThat(new JsonMapper().readTree(json.out()).path("name").asText()).isEqualTo("shop");
    }

    @Test
    void config_writes_to_a_file() throws IOException {
        file("compose.yaml", GOOD);
        var console = Console.in(directory);

        assertThat(console.run("config", "-o", "all.yaml")).isZero();
        assertThat(console.out()).isEmpty();
        assertThat(directory.resolve("all.yaml")).content().startsWith("name: shop\n");
    }

    @Test
    void a_directory_without_a_file_is_told_how_to_go_on() {
        var console = Console.in(directory);

        assertThat(console.run("-f", "nothing.yaml", "validate")).isEqualTo(1);
        assertThat(console.out()).isEqualTo("nothing.yaml:1:1: no such file\n");
    }
}
