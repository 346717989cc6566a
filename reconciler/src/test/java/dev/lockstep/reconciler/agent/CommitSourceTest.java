package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.EnvironmentFile;
import dev.lockstep.spec.load.StackDirectories;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
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
            var commit = new CommitSource(tree, stack, root, EnvironmentFile.EMPTY, List.of(), _ -> {});

            assertThat(commit.read("stacks/shop", "./password.txt")).isEqualTo(bytes("first"));
            assertThat(commit.read("stacks/shop", "../../shared.txt")).isEqualTo(bytes("of all"));
            for (var path : new String[] {"/etc/passwd", "way-out", "up", "missing", "../../../x"}) {
                assertThatThrownBy(() -> commit.read("stacks/shop", path))
                        .as(path)
                        .isInstanceOf(IOException.class);
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
