package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.copy.Keep;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a container is copied: its root, volumes and binds, as with Docker. */
class ContainerTreeIT {
    private static final String SECRET = "hunter2-which-nobody-may-see";

    @TempDir
    Path directory;

    @TempDir
    Path shared;

    Lab lab;
    private Path below;
    private Path out;

    @BeforeEach
    void open() throws IOException {
        var image = TestImage.busybox("test/busybox:1")
                .layer(new TarBuilder()
                        .directory("real/")
                        .symlink("linked", "real")
                        .build());
        lab = new Lab(directory, image);
        out = Files.createDirectory(directory.resolve("out"));
        below = Files.createDirectories(shared.resolve("below"));
        Mounts.tmpfs(below, 1 << 20, 0755, List.of());
        Files.writeString(below.resolve("file"), "below the bind\n");
    }

    @AfterEach
    void close() throws IOException {
        try {
            lab.close();
        } finally {
            Mounts.unmount(below);
        }
    }

    private String started() throws IOException {
        lab.volumes.create(new VolumeSpec("data", new Owner("h", "shop", Optional.empty()), Map.of()));
        var contents = new Contents(lab.root);
        var content = SECRET.getBytes(StandardCharsets.UTF_8);
        var secret = contents.identity(content);
        var id = lab.created(lab.wish("c")
                .mount(new MountSpec.Volume("data", "/linked/data", false, true))
                .mount(new MountSpec.Bind(shared, "shared", "/b", false, false))
                .mount(new MountSpec.Tmpfs("/scratch", Optional.empty(), Optional.empty(), false))
                .mount(new MountSpec.Content("secret s", secret, "/run/secrets/s", "0", "0", 0400))
                .mount(new MountSpec.Content("secret s", secret, "/linked/data/s", "0", "0", 0400))
                .shell("echo volume >/linked/data/file; echo root >/file; echo " + SECRET + " >/scratch/file;"
                        + " echo ready; sleep 600"));
        contents.put(secret, content);
        lab.containers.start(id);
        lab.awaitLog(id, "ready");
        return id;
    }

    private void copy(String id, String path) throws IOException {
        try (var tree = lab.containers.tree(id, "archive-path");
                var host = Directory.open(Path.of("/"))) {
            Copying.copy(
                    new Copying.End(tree.root(), path, "in the container", tree.ids(), tree.mounts()),
                    new Copying.End(host, out.toString(), "here"),
                    false,
                    new Keep(false, false));
        }
    }

    private String archive(String id, String path) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tree = lab.containers.tree(id, "archive-path")) {
            Copying.archive(
                    new Copying.End(tree.root(), path, "in the container", tree.ids(), tree.mounts()), false, bytes);
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void all_of_one_that_runs_is_its_root_its_volumes_and_its_binds() throws IOException {
        var id = started();

        copy(id, "/");

        assertThat(out.resolve("file")).hasContent("root\n");
        assertThat(out.resolve("real/data/file")).hasContent("volume\n");
        assertThat(out.resolve("b/below/file")).hasContent("below the bind\n");
        assertThat(out.resolve("etc/hosts")).content().contains("localhost");
        for (var none : List.of("proc", "sys", "dev", "scratch", "run/secrets")) {
            assertThat(out.resolve(none)).isEmptyDirectory();
        }
        assertThat(archive(id, "/.")).contains("volume\n").doesNotContain(SECRET);
        assertThat(archive(id, "/run")).doesNotContain(SECRET);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_is_copied_to_one_that_was_never_started_is_where_it_looks_for_it_then(boolean readOnly)
            throws IOException {
        lab.volumes.create(new VolumeSpec("data", new Owner("h", "shop", Optional.empty()), Map.of()));
        var bound = Files.writeString(directory.resolve("bound"), "bound\n");
        var wish = readOnly ? lab.wish("c").readOnly() : lab.wish("c");
        var id = lab.created(wish
                // In the order in which they hide each other: what is written first is mounted last.
                .mount(new MountSpec.Bind(bound, "bound", "/linked/new/data/etc/c", false, false))
                .mount(new MountSpec.Volume("data", "/linked/new/data", false, true))
                .shell("cat /real/new/data/source /real/new/data/etc/c"));
        var source = Files.writeString(directory.resolve("source"), "new\n");

        try (var tree = lab.containers.tree(id, "extract-to-dir");
                var host = Directory.open(Path.of("/"))) {
            Copying.copy(
                    new Copying.End(host, source.toString(), "here"),
                    new Copying.End(tree.root(), "/real/new/data/", "in the container", tree.ids(), tree.mounts()),
                    false,
                    new Keep(false, false));
        }

        assertThat(lab.volumes.path("data").resolve("source")).hasContent("new\n");
        lab.containers.start(id);
        lab.containers.await(id);
        assertThat(lab.log(id)).isEqualTo("new\nbound\n");
    }

    /** Docker does not see it; whoever names it means it. */
    @Test
    void memory_is_copied_where_it_is_named() throws IOException {
        var id = started();

        copy(id, "/scratch");
        copy(id, "/run/secrets/s");

        assertThat(out.resolve("scratch/file")).hasContent(SECRET);
        assertThat(out.resolve("s")).hasContent(SECRET);
    }
}
