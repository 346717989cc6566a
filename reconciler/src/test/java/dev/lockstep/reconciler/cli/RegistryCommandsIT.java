package dev.lockstep.reconciler.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryCommandsIT {
    @TempDir
    Path directory;

    private final TestImage image = TestImage.unnamed().file("a", "small").command("x");

    private Console console() {
        return Console.in(
                directory,
                Map.of(
                        "DOCKER_CONFIG",
                        directory.toString(),
                        "LOCKSTEP_REGISTRIES",
                        directory.resolve("none.json").toString()));
    }

    private Console run(String... words) {
        var console = console();
        assertThat(console.run(arguments(words))).as(console.err()).isZero();
        return console;
    }

    private String[] arguments(String... words) {
        var all = new ArrayList<>(List.of("--root", directory + "/state", "--run-root", directory + "/run", "image"));
        all.addAll(List.of(words));
        return all.toArray(String[]::new);
    }

    @Test
    void an_image_goes_to_a_registry_that_wants_an_account_and_comes_back() throws Exception {
        try (var registry = FakeRegistry.start()) {
            registry.when(
                    e -> !List.of("Basic bWU6cGFzczp3b3Jk")
                            .equals(e.getRequestHeaders().get("Authorization")),
                    99,
                    FakeRegistry.status(401, "WWW-Authenticate", "Basic realm=\"x\""));
            var name = registry.host() + "/team/app:1";
            var digest = image.manifest().digest().toString();
            run("import", image.ociArchive(directory.resolve("image.tar")).toString(), name);

            var anonymous = console();
            assertThat(anonymous.run(arguments("push", name))).isEqualTo(1);
            assertThat(anonymous.err()).contains("denies access to team/app", "needs a login");

            Files.writeString(
                    directory.resolve("config.json"),
                    "{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"bWU6cGFzczp3b3Jk\"}}}");
            assertThat(run("push", name).out()).isEqualTo("Pushed " + name + " " + digest + "\n");
            run("rm", name);
            assertThat(run("pull", name).out()).isEqualTo("Pulled " + name + " " + digest + "\n");

            registry.serve("/v2/team/app/tags/list", "application/json", "{\"tags\":[\"1\"]}".getBytes(UTF_8));
            registry.serve("/v2/_catalog", "application/json", "{\"repositories\":[\"team/app\"]}".getBytes(UTF_8));
            assertThat(run("tags", registry.host() + "/team/app").out()).isEqualTo("1\n");
            assertThat(run("catalog", registry.host()).out()).isEqualTo("team/app\n");
            registry.when(e -> e.getRequestMethod().equals("DELETE"), 1, FakeRegistry.status(202));
            assertThat(run("delete", name).out()).isEqualTo("Deleted " + name + " " + digest + "\n");
        }
    }

    @Test
    void a_pull_tells_its_progress_in_lines_and_in_events_and_nothing_that_the_registry_wrote() throws Exception {
        try (var registry = FakeRegistry.start()) {
            var name = registry.serve("app", "1", image);
            var layer = image.blobs().getLast().digest();

            var plain = run("pull", name);
            assertThat(plain.err())
                    .contains(
                            layer.hex().substring(0, 12) + " downloading ",
                            layer.hex().substring(0, 12) + " unpacked")
                    .doesNotContain("\u001b", "\r");
            run("rm", name);
            assertThat(run("pull", "-q", name).err()).isEmpty();
            run("rm", name);

            var events = run("pull", "--format", "json", name).out();
            assertThat(events.lines())
                    .contains(
                            "{\"event\":\"unpacked\",\"layer\":\"" + layer + "\",\"done\":"
                                    + image.blobs().getLast().content().length + ",\"total\":"
                                    + image.blobs().getLast().content().length + "}",
                            "{\"event\":\"pulled\",\"reference\":\"" + name + "\",\"digest\":\""
                                    + image.manifest().digest() + "\"}");

            var evil = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"\\u001b[2J\\u001b]0;owned\"}]}";
            registry.when("/v2/other/", 99, exchange -> {
                exchange.sendResponseHeaders(403, evil.length());
                exchange.getResponseBody().write(evil.getBytes(UTF_8));
            });
            var denied = console();
            assertThat(denied.run(arguments("pull", "--format", "json", registry.host() + "/other:1")))
                    .isEqualTo(1);
            assertThat(denied.out()).contains("\"event\":\"failed\"").doesNotContain("\u001b");
            assertThat(denied.err()).contains("owned").doesNotContain("\u001b");
            var wrong = console();
            assertThat(wrong.run(arguments("pull", "--format", "xml", name))).isEqualTo(1);
            assertThat(wrong.err()).contains("--format takes text or json");
        }
    }

    @Test
    void a_pull_that_the_host_refuses_ends_its_events_with_why() throws Exception {
        Files.writeString(directory.resolve("agent.yaml"), "images: {rules: {\"*\": {forbid-latest: true}}}\n");
        try (var registry = FakeRegistry.start()) {
            registry.serve("app", "latest", image);
            var refused = Console.in(
                    directory,
                    Map.of("LOCKSTEP_CONFIG", directory.resolve("agent.yaml").toString()));

            assertThat(refused.run(arguments("pull", "--format", "json", registry.host() + "/app")))
                    .as(refused.err())
                    .isEqualTo(5);
            assertThat(refused.out())
                    .startsWith("{\"event\":\"failed\",\"reference\":\"" + registry.host()
                            + "/app:latest\",\"error\":\"Refused: ")
                    .endsWith("\"}\n");
        }
    }

    private Console login(String input, String... words) {
        var environment = Map.of(
                "LOCKSTEP_REGISTRIES", directory.resolve("etc/registries.json").toString());
        var console = Console.in(directory, input, environment);
        console.run(arguments(words));
        return console;
    }

    @Test
    void an_account_is_kept_once_the_registry_takes_it_and_forgotten() throws Exception {
        try (var registry = FakeRegistry.start()) {
            registry.when(
                    e -> !List.of("Basic bWU6cGFzczp3b3Jk")
                            .equals(e.getRequestHeaders().get("Authorization")),
                    99,
                    FakeRegistry.status(401, "WWW-Authenticate", "Basic realm=\"x\""));
            registry.serve("/v2/", "application/json", "{}".getBytes(UTF_8));
            var host = registry.host();
            var file = directory.resolve("etc/registries.json");
            registry.serve("/v2/_catalog", "application/json", "{\"repositories\":[\"app\"]}".getBytes(UTF_8));

            var wrong = login("SECRET\n", "login", host, "-u", "me", "--password-stdin");
            assertThat(wrong.err()).contains("registry " + host + " does not take the password of me");
            assertThat(wrong.err() + wrong.out()).doesNotContain("SECRET");
            assertThat(file).doesNotExist();
            assertThat(login("", "login", host, "-u", "me").err()).contains("--password-stdin");
            assertThat(login("", "login", host, "--password-stdin").err()).contains("--username NAME");
            assertThat(login("\n", "login", host, "-u", "me", "--password-stdin")
                            .err())
                    .contains("on one line");

            assertThat(login("pass:word\n", "login", host, "-u", "me", "--password-stdin")
                            .out())
                    .isEqualTo("Logged in to " + host + " as me\n");
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
            assertThat(login("", "catalog", host).out()).isEqualTo("app\n");
            assertThat(login("", "logout", host).out()).isEqualTo("Logged out of " + host + "\n");
            assertThat(login("", "logout", host).out()).isEqualTo("There was no account on " + host + "\n");
            assertThat(login("", "catalog", host).err()).contains("needs a login");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"r.example/app", "app", "r.example:5000/app"})
    void nothing_is_deleted_without_a_tag_or_a_digest(String name) {
        var console = console();

        assertThat(console.run(arguments("delete", name))).isEqualTo(1);
        assertThat(console.err()).contains("delete wants a tag or a digest: " + name + ":TAG");
        assertThat(directory.resolve("state")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "r.example, r.example",
        "localhost:5000, localhost:5000",
        "'[::1]:5000', '[::1]:5000'",
        "docker.io, docker.io",
        "index.docker.io, docker.io"
    })
    void a_registry_is_named_as_images_name_it(String text, String host) throws Exception {
        assertThat(RegistryCommands.host(text)).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "registry", "r.example/app", "https://r.example", "r.example:port"})
    void what_is_no_registry_is_told(String text) {
        assertThatThrownBy(() -> RegistryCommands.host(text))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("\"" + text + "\" is not a registry");
    }
}
