package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tree that lets nothing out, whatever is put into it. */
class DirectoryTreeTest {
    @TempDir
    private Path scratch;

    private Path root;

    @BeforeEach
    void files() throws IOException {
        root = Files.createDirectories(scratch.resolve("root"));
        Files.writeString(scratch.resolve("secret"), "secret");
        Files.createDirectories(root.resolve("a/b"));
        Files.writeString(root.resolve("a/b/file"), "inside");
        link("absolute", scratch.resolve("secret").toString());
        link("up", "../secret");
        link("deep/../up2", "../root/../secret");
        link("chain1", "chain2");
        link("chain2", "a/../../secret");
        link("loop1", "loop2");
        link("loop2", "loop1");
        link("self", "self/x");
        link("out", "..");
        link("ok", "a/b");
        link("a/back", "../a/b/file");
        link("a/b/top", "../../ok/file");
    }

    private void link(String name, String target) throws IOException {
        var path = root.resolve(name).normalize();
        Files.createDirectories(path.getParent());
        Files.createSymbolicLink(path, Path.of(target));
    }

    /** {@code --env-file <(…)}: there is nothing more in it, and nobody may write into it again. */
    @Test
    void a_pipe_is_read_once_and_says_the_same_each_time() throws Exception {
        var pipe = root.resolve("pipe").toString();
        assertThat(new ProcessBuilder("mkfifo", pipe).start().waitFor()).isZero();
        var writer = new ProcessBuilder("sh", "-c", "printf A=1 > \"$1\"", "sh", pipe).start();
        var tree = new DirectoryTree(root);

        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            for (var i = 0; i < 3; i++) {
                assertThat(tree.read("pipe"))
                        .hasValueSatisfying(bytes -> assertThat(bytes)
                                .asString(StandardCharsets.UTF_8)
                                .isEqualTo("A=1"));
            }
        });
        assertThat(writer.waitFor()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b/file", "ok/file", "a/back", "a/b/top", "./a//b/file", "a/../a/b/file"})
    void what_is_inside_is_read_through_links_too(String path) throws IOException {
        assertThat(read(path)).contains("inside");
        DirectoryTree.confined(root).requireInside(path);
        new DirectoryTree(root).requireInside(path);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"absolute", "up", "up2", "chain1", "out/secret", "../secret", "a/../../secret", "/etc/passwd"})
    void what_leads_out_is_refused(String path) {
        assertThatThrownBy(() -> read(path)).isInstanceOf(OutsideTreeException.class);
        assertThatThrownBy(() -> DirectoryTree.confined(root).requireInside(path))
                .isInstanceOf(OutsideTreeException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"absolute", "up", "chain1", "out/secret", "out/not-there", "../secret", "/etc/passwd"})
    void a_tree_that_is_not_confined_can_tell_as_well(String path) {
        assertThatThrownBy(() -> new DirectoryTree(root).requireInside(path)).isInstanceOf(OutsideTreeException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop1", "self", "loop2/x"})
    void links_in_circles_are_refused(String path) {
        assertThatThrownBy(() -> read(path)).hasMessageContaining("too many symbolic links");
        assertThatThrownBy(() -> new DirectoryTree(root).read(path)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing", "a", "a/b/file/x", "", "a/nothing/x"})
    void what_is_no_file_is_absent(String path) throws IOException {
        assertThat(read(path)).isEmpty();
    }

    @Test
    void a_name_that_no_file_can_have_is_a_problem() {
        assertThatThrownBy(() -> read("a\0b")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> new DirectoryTree(root).read("a\0b")).isInstanceOf(IOException.class);
    }

    @Test
    void listing_shows_directories_behind_links_and_leaves_what_leads_out_alone() throws IOException {
        assertThat(DirectoryTree.confined(root).list(""))
                .contains(new FileTree.Entry("a", true), new FileTree.Entry("ok", true))
                .contains(new FileTree.Entry("out", false), new FileTree.Entry("absolute", false));
        assertThat(DirectoryTree.confined(root).parent("a/b")).contains("a");
        assertThat(DirectoryTree.confined(root).parent("")).isEmpty();
    }

    @Test
    void a_directory_that_becomes_a_link_meanwhile_lets_nothing_out() throws Exception {
        var outside = Files.createDirectories(scratch.resolve("outside"));
        Files.writeString(outside.resolve("file"), "secret");
        var inside = Files.createDirectories(root.resolve("turning"));
        Files.writeString(inside.resolve("file"), "inside");
        var parked = root.resolve("parked");
        var done = new AtomicBoolean();
        var turner = Thread.ofPlatform().start(() -> {
            try {
                while (!done.get()) {
                    Files.move(inside, parked);
                    Files.createSymbolicLink(inside, outside);
                    Files.delete(inside);
                    Files.move(parked, inside);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        try {
            for (var i = 0; i < 2000; i++) {
                try {
                    assertThat(read("turning/file")).isNotEqualTo(Optional.of("secret"));
                } catch (IOException e) {
                    // Refused, or gone at this moment: both are right.
                    assertThat(e.getMessage()).doesNotContain("secret");
                }
            }
        } finally {
            done.set(true);
            turner.join();
        }
    }

    private Optional<String> read(String path) throws IOException {
        return DirectoryTree.confined(root).read(path).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    @Test
    void a_directory_that_fails_while_it_is_listed_is_a_problem_with_its_path() throws Exception {
        // The kernel lets a directory of an ended process be opened through a descriptor, and refuses to read it.
        var process = new ProcessBuilder("sleep", "600").start();
        try (var _ = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/task"))) {
            var descriptor = descriptorOf("/proc/" + process.pid() + "/task");
            process.destroyForcibly().waitFor();
            for (var tree : List.of(new DirectoryTree(Path.of("/proc/self/fd")), new DirectoryTree(descriptor))) {
                var name =
                        tree.nameOf("").equals("fd") ? descriptor.getFileName().toString() : "";
                assertThatThrownBy(() -> tree.list(name))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(descriptor.getFileName().toString());
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static Path descriptorOf(String directory) throws IOException {
        var own = Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "fd");
        try (var descriptors = Files.newDirectoryStream(own)) {
            for (var descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).toString().startsWith(directory)) {
                    return descriptor;
                }
            }
        }
        throw new AssertionError(directory + " is not open");
    }
}
