package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.PlainSpec;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StackDirectories;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that become part of containers, as a commit has them. */
class CommitSourceTest {
    @Test
    void they_come_from_the_commit_and_never_from_the_host(@TempDir Path directory) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        try (var origin = TestRepository.create(directory.resolve("shop.git"));
                var source = origin.open(root)) {
            origin.put("stacks/shop/compose.yaml", "services: {web: {image: x}}\n")
                    .put("stacks/shop/password.txt", "first")
                    .put("shared.txt", "of all")
                    .putLink("stacks/shop/way-out", "/etc/passwd")
                    .putLink("stacks/shop/up", "../../../../../../etc/passwd");
            origin.commit("first");
            var tree = origin.fetchMain(source);
            var stack = StackDirectories.find(tree, "", "shop").getFirst();
            var commit = CommitSource.unnamed(tree, stack, root, HostVariables.Values.NONE);

            assertThat(commit.read("stacks/shop", "./password.txt")).isEqualTo(bytes("first"));
            assertThat(commit.read("stacks/shop", "../../shared.txt")).isEqualTo(bytes("of all"));
            for (var path : new String[] {"/etc/passwd", "way-out", "up", "missing", "../../../x"}) {
                assertThatThrownBy(() -> commit.read("stacks/shop", path))
                        .as(path)
                        .isInstanceOf(IOException.class);
            }
        }
    }

    /**
     * As with bind mounts: what is relative is the stack's own, and made. Where the process happens to be is nothing.
     */
    @Test
    void a_volume_that_is_a_relative_directory_is_one_of_the_stacks(@TempDir Path directory) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        try (var origin = TestRepository.create(directory.resolve("shop.git"));
                var source = origin.open(root)) {
            origin.put("stacks/shop/compose.yaml", """
                    services: {web: {image: x, volumes: ["data:/data", "host:/host"]}}
                    volumes:
                      data: {driver: local, driver_opts: {type: none, o: bind, device: ./data}}
                      host: {driver: local, driver_opts: {type: none, o: bind, device: /srv/data}}
                    """);
            origin.put("stacks/shop/data/seed", "from Git");
            origin.commit("first");
            var tree = origin.fetchMain(source);
            var stack = StackDirectories.find(tree, "", "shop").getFirst();
            var commit = CommitSource.unnamed(tree, stack, root, HostVariables.Values.NONE);
            var loaded = (Loaded.Valid) new ComposeLoader().load(commit.load());
            var own = root.state().resolve("stacks/shop/files/data");

            var files = commit.files(loaded.project(), loaded.projectDirectory());

            var data = Objects.requireNonNull(loaded.project().volumes().get("data"));
            var device = data.driverOptions().getOrDefault("device", "");
            assertThat(files.sources().find(device).path()).isEqualTo(own);
            assertThat(files.sources().find("/srv/data").path()).isEqualTo(Path.of("/srv/data"));
            files.beforeStart().install(using("shop_host"));
            assertThat(own).doesNotExist();
            files.beforeStart().install(using("shop_data"));
            assertThat(own.resolve("seed")).hasContent("from Git");
        }
    }

    private static ContainerSpec using(String volume) {
        return PlainSpec.of(
                "web",
                "x",
                new Digest("a".repeat(64)),
                Map.of(),
                List.of(new MountSpec.Volume(volume, "/data", false, false)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
