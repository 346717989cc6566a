package dev.lockstep.spec;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * One directory of {@code cases} is one case: its files are loaded as {@code docker compose config} would load them.
 * {@code config.json} and {@code problems.txt} are our answer ({@code -Dupdate} writes them), {@code docker.json} or
 * {@code docker.txt} is what docker compose 2.26.1 says ({@code src/test/record-docker-compose} writes them).
 */
class CasesTest {
    private static final Path CASES = Path.of("src/test/resources/cases");
    private static final Path PROJECT = Path.of("/project");
    private static final boolean UPDATE = System.getProperty("update") != null;
    private final ObjectMapper mapper = new ObjectMapper();

    @TestFactory
    Stream<DynamicTest> each_case_gives_what_is_written_beside_it() {
        return cases().map(directory ->
                DynamicTest.dynamicTest(directory.getFileName().toString(), () -> {
                    var answer = answer(directory);
                    compare(directory.resolve("problems.txt"), answer.problems);
                    compare(directory.resolve("config.json"), answer.json);
                }));
    }

    @TestFactory
    Stream<DynamicTest> each_case_agrees_with_docker_compose() {
        return cases().map(directory ->
                DynamicTest.dynamicTest(directory.getFileName().toString(), () -> {
                    var theirs = directory.resolve("docker.json");
                    var answer = answer(directory);
                    if (Files.exists(theirs)) {
                        assertThat(answer.json).as(answer.problems).isNotEmpty();
                        assertThat(normal(mapper.readTree(answer.json)))
                                .isEqualTo(normal(mapper.readTree(theirs.toFile())));
                    } else {
                        assertThat(directory.resolve("docker.txt")).exists();
                        assertThat(answer.problems).contains("error: ");
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> what_config_prints_loads_again_as_the_same(@TempDir Path scratch) {
        return cases().map(directory ->
                DynamicTest.dynamicTest(directory.getFileName().toString(), () -> {
                    var json = answer(directory).json;
                    if (json.isEmpty()) {
                        return;
                    }
                    var copy = Files.createDirectories(scratch.resolve(directory.getFileName()));
                    Files.writeString(copy.resolve("compose.yaml"), json);
                    assertThat(answer(copy).json).isEqualTo(json);
                    if (load(copy) instanceof Loaded.Valid valid) {
                        Files.writeString(copy.resolve("compose.yaml"), Canonical.yaml(valid.project(), PROJECT));
                    }
                    assertThat(load(copy))
                            .isInstanceOfSatisfying(
                                    Loaded.Valid.class,
                                    again -> assertThat(Canonical.json(again.project(), PROJECT))
                                            .isEqualTo(json));
                }));
    }

    private record Answer(String json, String problems) {}

    private static Stream<Path> cases() {
        try (var list = Files.list(CASES)) {
            return list.sorted().toList().stream();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Loaded load(Path directory) throws IOException {
        var request = LoadRequest.of(new DirectoryTree(directory))
                .withEnvironment(Map.of("HOME", "/home/user", "FROM_PROCESS", "process"))
                .withComposeVariables();
        var named = directory.resolve("files.txt");
        return new ComposeLoader().load(Files.exists(named) ? request.withFiles(Files.readAllLines(named)) : request);
    }

    private static Answer answer(Path directory) throws IOException {
        var problems = new StringBuilder();
        var loaded = load(directory);
        loaded.warnings().forEach(w -> problems.append("warning: ").append(w).append('\n'));
        return switch (loaded) {
            case Loaded.Invalid invalid -> {
                invalid.errors()
                        .forEach(e -> problems.append("error: ").append(e).append('\n'));
                yield new Answer("", problems.toString());
            }
            case Loaded.Valid valid -> checked(valid, problems);
        };
    }

    private static Answer checked(Loaded.Valid valid, StringBuilder problems) {
        var project = valid.project();
        var refused = Checks.compose(project);
        refused.forEach(e -> problems.append("error: ").append(e).append('\n'));
        Checks.strict(project).stream()
                .filter(e -> !refused.contains(e))
                .forEach(e -> problems.append("strict: ").append(e).append('\n'));
        return new Answer(
                refused.isEmpty() ? Canonical.json(project, PROJECT.resolve(valid.projectDirectory())) : "",
                problems.toString());
    }

    private static void compare(Path file, String ours) throws IOException {
        if (UPDATE) {
            if (ours.isEmpty()) {
                Files.deleteIfExists(file);
            } else {
                Files.write(file, ours.getBytes(StandardCharsets.UTF_8));
            }
        }
        assertThat(ours).isEqualTo(Files.exists(file) ? Files.readString(file) : "");
    }

    /**
     * Without the differences that mean nothing: {@code create_host_path: true}, which 2.26.1 prints and newer ones do
     * not, empty options of a mount, and {@code x-lockstep}, which others ignore or print as it is.
     */
    private static JsonNode normal(JsonNode root) {
        withoutExtension(root);
        root.path("volumes").forEach(CasesTest::withoutExtension);
        for (var service : root.path("services")) {
            withoutExtension(service);
            for (var mount : service.path("volumes")) {
                if (mount.path("bind") instanceof ObjectNode bind
                        && bind.path("create_host_path").asBoolean()) {
                    bind.remove("create_host_path");
                }
                for (var options : List.of("bind", "volume", "tmpfs")) {
                    if (mount.path(options).isEmpty()) {
                        ((ObjectNode) mount).remove(options);
                    }
                }
            }
        }
        return root;
    }

    private static void withoutExtension(JsonNode node) {
        ((ObjectNode) node).remove("x-lockstep");
    }
}
