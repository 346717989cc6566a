package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dry run says what is wrong with one stack or repository, and shows the others. */
class DryRunIT {
    @TempDir
    private Path directory;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private Engine engine;

    @BeforeEach
    void anEngine() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
    }

    @AfterEach
    void end() throws Exception {
        engine.close();
    }

    private static AgentSettings following(List<AgentSettings.Repository> repositories) {
        var usual = AgentSettings.defaults();
        return new AgentSettings(
                usual.host(),
                usual.labels(),
                repositories,
                usual.interval(),
                usual.driftInterval(),
                usual.foreignFirewall(),
                usual.housekeeping(),
                usual.registries(),
                usual.images(),
                usual.policy(),
                usual.proxy(),
                usual.unpackLimits(),
                usual.userNamespaces(),
                usual.builds());
    }

    private static AgentSettings.Repository at(Path repository) {
        return new AgentSettings.Repository(repository.toString(), Optional.empty(), Optional.empty());
    }

    @Test
    void shows_what_comes_behind_a_stack_and_a_repository_that_cannot_be_read() throws Exception {
        // What is wrong with its files is what the plan of a stack says, so that no image is looked up.
        try (var first = TestRepository.create(directory.resolve("first.git"));
                var last = TestRepository.create(directory.resolve("last.git"))) {
            first.put("stacks/blog/compose.yaml", "services: {a: {image: x}}\n")
                    .put("stacks/shop/compose.yaml", "services: {a: {imag: x}}\n")
                    .commit("one");
            last.put("stacks/wiki/compose.yaml", "services: {a: {imagee: x}}\n").commit("one");
            var status = engine.root().state().resolve("stacks/blog/status.json");
            Files.createDirectories(status.getParent());
            Files.writeString(status, "no JSON");
            var settings =
                    following(List.of(at(first.directory()), at(directory.resolve("none.git")), at(last.directory())));

            var code =
                    new Agent(engine, settings, "test", directory.resolve("etc"), Optional.empty(), said::add).show();

            assertThat(code).isEqualTo(1);
            assertThat(said)
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("stack blog of " + first.directory() + " cannot be planned: ")
                            .contains("status.json"))
                    .anySatisfy(line -> assertThat(line).contains("stacks/shop/compose.yaml", "\"image\""))
                    .anySatisfy(line -> assertThat(line).contains("none.git"))
                    .anySatisfy(line -> assertThat(line).contains("stacks/wiki/compose.yaml", "\"image\""));
        }
    }
}
