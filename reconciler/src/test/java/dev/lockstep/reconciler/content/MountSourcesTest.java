package dev.lockstep.reconciler.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountSourcesTest {
    @TempDir
    Path directory;

    private TestRepository origin;
    private GitSource source;

    @BeforeEach
    void open() throws IOException {
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(Root.open(directory.resolve("state"), directory.resolve("run")));
        origin.put("stacks/web/html/index.html", "hi")
                .put("stacks/web/nginx.conf", "events {}")
                .put("stacks/web/app/main.py", "1")
                .put("shared/ca.pem", "ca")
                .putLink("stacks/web/link", "html")
                .putSubmodule("stacks/web/lib");
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private CommitTree tree() throws IOException {
        origin.commit("one");
        return origin.fetchMain(source);
    }

    private static BindMount ro(String path) {
        return new BindMount("service web", path, true, true);
    }

    private static BindMount rw(String path) {
        return new BindMount("service job", path, false, true);
    }

    private List<String> classify(BindMount... mounts) throws IOException {
        return MountSources.classify(tree(), "stacks/web", List.of(mounts)).entrySet().stream()
                .map(e -> e.getKey() + " "
                        + switch (e.getValue()) {
                            case MountSource.Content c -> "content " + c.path();
                            case MountSource.StackFile s -> (s.tracked().isPresent() ? "tracked " : "data ") + s.path();
                        })
                .toList();
    }

    @Test
    void tracked_and_read_only_is_content_and_all_else_is_the_stacks() throws IOException {
        assertThat(classify(
                        ro("./html"),
                        ro("./nginx.conf"),
                        rw("./data"),
                        ro("./data/certs"),
                        rw("app"),
                        ro("../../shared/ca.pem")))
                .containsExactly(
                        "./html content html",
                        "./nginx.conf content nginx.conf",
                        "./data data data",
                        "./data/certs data data/certs",
                        "app tracked app",
                        "../../shared/ca.pem content ../../shared/ca.pem");
    }

    @Test
    void a_writer_above_below_or_beside_by_a_link_takes_a_path_out_of_content() throws IOException {
        assertThat(classify(ro("./html"), rw("./html/cache")))
                .containsExactly("./html tracked html", "./html/cache data html/cache");
        assertThat(classify(ro("./html"), rw("."))).containsExactly("./html tracked html", ". tracked ");
        assertThat(classify(ro("./html"), rw("./html"))).containsExactly("./html tracked html");
        assertThat(classify(ro("./html"), rw("./link"))).containsExactly("./html tracked html", "./link tracked html");
        assertThat(classify(ro("./link"), rw("./other"))).containsExactly("./link content html", "./other data other");
        assertThat(classify(rw("./link/data"))).containsExactly("./link/data data html/data");
        assertThat(classify(ro("./html"), rw("./html2"))).containsExactly("./html content html", "./html2 data html2");
    }

    @Test
    void the_identity_names_stack_path_and_object_and_no_place_on_the_host() throws IOException {
        var sources = MountSources.classify(tree(), "stacks/web", List.of(ro("./nginx.conf"), rw("data")));
        assertThat(sources.values())
                .extracting(s -> s.identity("web").replaceAll("[0-9a-f]{40}", "ID"))
                .containsExactly("web:nginx.conf@100644-ID", "web:data");
    }

    @Test
    void a_source_out_of_the_repository_is_refused() {
        assertThatThrownBy(() -> classify(ro("../../../etc")))
                .hasMessageContaining("service web mounts ../../../etc, which leaves the repository");
    }

    @Test
    void a_submodule_is_refused() {
        assertThatThrownBy(() -> classify(ro("./lib"))).hasMessageContaining("a submodule");
    }

    @Test
    void a_link_out_of_the_repository_is_refused() throws IOException {
        origin.putLink("stacks/web/evil", "/etc");
        assertThatThrownBy(() -> classify(rw("./evil")))
                .hasMessageContaining("evil is a symbolic link that leaves the repository");
        assertThatThrownBy(() -> classify(rw("./evil/x"))).hasMessageContaining("leaves the repository");
    }

    @Test
    void a_directory_above_the_stack_is_content_or_refused() throws IOException {
        origin.remove("stacks/web/lib");
        assertThat(classify(ro("../.."))).containsExactly("../.. content ../../");
        assertThatThrownBy(() -> classify(ro("../.."), rw("./data")))
                .hasMessageContaining("a directory above the stack's own");
        assertThatThrownBy(() -> classify(rw(".."))).hasMessageContaining("a directory above the stack's own");
    }
}
