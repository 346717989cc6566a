package dev.lockstep.reconciler.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentStoreTest {
    @TempDir
    Path directory;

    private Root root;
    private TestRepository origin;
    private GitSource source;
    private ContentStore store;
    private Instant now = Instant.parse("2026-11-24T12:00:00Z");

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(root);
        store = new ContentStore(root, () -> now);
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private CommitTree commit() throws IOException {
        origin.commit("next");
        return origin.fetchMain(source);
    }

    private static MountSource.Content content(CommitTree tree, String path) throws IOException {
        var sources = MountSources.classify(tree, "", List.of(new BindMount("service web", path, true, true)));
        return (MountSource.Content) sources.values().iterator().next();
    }

    private Path materialise(CommitTree tree, String path) throws IOException {
        return store.materialise(tree, content(tree, path));
    }

    @Test
    void a_file_has_its_bytes_and_exactly_gits_mode() throws IOException {
        origin.put("a.conf", "x\r\n").putExecutable("run.sh", "#!/bin/sh\n");
        var tree = commit();

        var file = materialise(tree, "a.conf");

        assertThat(file).isEqualTo(store.locate(content(tree, "a.conf"))).hasContent("x\r\n");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(Files.getPosixFilePermissions(materialise(tree, "run.sh")))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(Files.getPosixFilePermissions(root.state().resolve("content")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void a_directory_comes_with_what_is_below_it_and_links_that_stay_inside() throws IOException {
        origin.put("html/index.html", "hi")
                .put("html/a/b/c", "deep")
                .putLink("html/a/up", "../index.html")
                .put("html/bär", "ä");
        var html = materialise(commit(), "html");
        assertThat(html.resolve("a/b/c")).hasContent("deep");
        assertThat(Files.readSymbolicLink(html.resolve("a/up"))).hasToString("../index.html");
        assertThat(html.resolve("bär")).hasContent("ä");
        assertThat(Files.getPosixFilePermissions(html.resolve("a")))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void the_same_object_is_the_same_path_whichever_commit_has_it() throws IOException {
        origin.put("html/index.html", "hi").put("other", "1");
        var first = materialise(commit(), "html");
        origin.put("other", "2");
        var second = materialise(commit(), "html");
        origin.put("html/index.html", "hello");
        var third = materialise(commit(), "html");

        assertThat(second).isEqualTo(first);
        assertThat(third).isNotEqualTo(first);
        assertThat(first.resolve("index.html")).hasContent("hi");
        assertThat(third.resolve("index.html")).hasContent("hello");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../secret", "a/../../secret"})
    void a_link_out_of_what_is_mounted_is_refused_and_nothing_is_left(String target) throws IOException {
        origin.put("secret", "s").put("html/index.html", "hi").putLink("html/link", target);
        var tree = commit();

        assertThatThrownBy(() -> materialise(tree, "html"))
                .hasMessageContaining("html/link is a symbolic link to " + target);

        assertThatThrownBy(() -> store.check(tree, content(tree, "html")))
                .hasMessageContaining("outside of what is mounted");
        assertThat(root.state().resolve("content")).isEmptyDirectory();
    }

    @Test
    void a_pointer_of_git_lfs_is_refused() throws IOException {
        origin.put("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
        var tree = commit();
        assertThatThrownBy(() -> materialise(tree, "model.bin"))
                .hasMessageContaining("model.bin is a pointer of Git LFS");
    }

    @Test
    void a_submodule_below_is_refused() throws IOException {
        origin.put("html/index.html", "hi").putSubmodule("html/lib");
        var tree = commit();
        assertThatThrownBy(() -> materialise(tree, "html")).hasMessageContaining("html/lib is a submodule");
    }

    @Test
    void what_a_crash_left_is_never_used_and_collected() throws IOException {
        origin.put("a", "1");
        var tree = commit();
        materialise(tree, "a");
        var left = Files.createDirectory(root.state().resolve("content/.new-1234"));
        Files.writeString(left.resolve("content"), "half");

        assertThat(store.collect(Set.of())).containsExactly(".new-1234");
        assertThat(materialise(tree, "a")).hasContent("1");
    }

    @Test
    void collecting_keeps_what_is_used_and_what_is_young() throws IOException {
        origin.put("a", "1").put("b", "2").put("c", "3");
        var tree = commit();
        var a = materialise(tree, "a");
        var b = materialise(tree, "b");
        now = now.plus(Duration.ofHours(2));
        var c = materialise(tree, "c");

        assertThat(store.collect(Set.of(content(tree, "a").entry().identity())))
                .containsExactly(content(tree, "b").entry().identity());

        assertThat(a).exists();
        assertThat(b).doesNotExist();
        assertThat(c).exists();
    }

    @Test
    void many_at_once_make_it_once() throws Exception {
        for (var i = 0; i < 200; i++) {
            origin.put("html/" + i, "file " + i);
        }
        var tree = commit();
        try (var tasks = Executors.newFixedThreadPool(4)) {
            Callable<Path> task = () -> materialise(tree, "html");
            for (var done : tasks.invokeAll(List.of(task, task, task, task))) {
                assertThat(done.get().resolve("199")).hasContent("file 199");
            }
        }
        assertThat(root.state().resolve("content"))
                .isDirectoryNotContaining(p -> p.toString().contains(".new"));
    }

    /** Replicas that are made at once want the same small thing, and are done with it at the same moment. */
    @Test
    void who_is_as_fast_as_another_takes_what_is_there() throws Exception {
        for (var i = 0; i < 100; i++) {
            origin.put("many/" + i + "/file", "file " + i);
        }
        var tree = commit();
        try (var tasks = Executors.newFixedThreadPool(4)) {
            for (var i = 0; i < 100; i++) {
                var path = "many/" + i;
                Callable<Path> task = () -> materialise(tree, path);
                for (var done : tasks.invokeAll(List.of(task, task, task, task))) {
                    assertThat(done.get().resolve("file")).hasContent("file " + i);
                }
            }
        }
    }
}
