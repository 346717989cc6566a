package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which images {@code pull} asks a registry for, and the lines that docker compose 2.26.1 prints for the others. */
class PullCommandIT {
    @TempDir
    private Path directory;

    private FakeRegistry registry;

    @BeforeEach
    void aRegistryWithTwoTags() throws IOException {
        registry = FakeRegistry.start();
        var image = TestImage.unnamed()
                .gzipLayer(new TarBuilder().file("a", 0644, new byte[] {1}).build());
        registry.serve("app", "1", image);
        registry.serve("app", "latest", image);
    }

    @AfterEach
    void nothingIsLeft() {
        registry.close();
    }

    /** Runs it on a file with these services, and returns its lines. */
    private String pull(int code, String services, String... words) throws IOException {
        Files.writeString(
                directory.resolve("compose.yaml"), "services:\n" + services.replace("APP", registry.host() + "/app"));
        var arguments = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "pull"));
        arguments.addAll(List.of(words));
        var console = Console.in(directory);
        assertThat(console.run(arguments.toArray(String[]::new)))
                .as(console.err())
                .isEqualTo(code);
        return console.err();
    }

    @Test
    void the_name_of_an_image_that_is_made_here_is_never_asked_for() throws IOException {
        var services = """
                  never: {image: "APP:1", pull_policy: never}
                  build: {image: "APP:1", build: ., pull_policy: build}
                """;

        assertThat(pull(0, services)).isEqualTo(" never Skipped\n build Skipped\n");
        assertThat(pull(0, services, "never")).isEqualTo(" never Skipped\n");
        assertThat(pull(0, services, "--dry-run", "never")).isEqualTo(" DRY-RUN MODE -  never Skipped\n");
        assertThat(registry.requests()).isEmpty();

        // Unless whoever calls it says so.
        assertThat(pull(0, services, "--policy", "always", "never")).contains(" never Pulled\n");
    }

    @Test
    void a_policy_of_missing_asks_once_and_for_latest_each_time() throws IOException {
        var missing = "  web: {image: \"APP:1\", pull_policy: missing}\n";
        assertThat(pull(0, missing)).contains(" web Pulling\n", " web Pulled\n");
        var asked = registry.requests().size();
        assertThat(pull(0, missing)).isEqualTo(" web Skipped - Image is already present locally\n");
        assertThat(pull(0, missing.replace("missing", "if_not_present")))
                .isEqualTo(" web Skipped - Image is already present locally\n");
        assertThat(registry.requests()).hasSize(asked);

        var latest = "  web: {image: APP, pull_policy: missing}\n";
        assertThat(pull(0, latest)).contains(" web Pulled\n");
        assertThat(pull(0, latest)).contains(" web Pulled\n");
    }

    @Test
    void a_service_without_an_image_to_pull_is_told_and_its_image_is_pulled_for_another() throws IOException {
        var services = """
                  a: {image: "APP:1", pull_policy: never}
                  b: {image: "APP:1", build: .}
                  c: {image: "APP:1"}
                  d: {image: "APP:1"}
                  e: {build: .}
                """;

        assertThat(pull(0, services, "--ignore-buildable").lines())
                .contains(
                        " a Skipped",
                        " b Skipped - Image can be built",
                        " c Pulled",
                        " d Skipped - Image is already being pulled by c",
                        " e Skipped - No image to be pulled");
    }

    @Test
    void what_a_registry_does_not_have_ends_with_18_whoever_asks_for_it() throws IOException {
        var services = "  web: {image: \"APP:none\"}\n";

        pull(18, services);
        pull(0, services, "--ignore-pull-failures");
        for (var verb : List.of("up -d", "up -d --pull always", "create", "scale web=2", "run --rm web true")) {
            assertThat(run(verb.split(" "))).as(verb).isEqualTo(18);
        }
        assertThat(run("apply")).as("ours").isEqualTo(1);
        // What run had made before it asked.
        assertThat(run("down")).isZero();
    }

    private int run(String... words) {
        var arguments = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString()));
        arguments.addAll(List.of(words));
        return Console.in(directory).run(arguments.toArray(String[]::new));
    }
}
