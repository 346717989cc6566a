package dev.lockstep.reconciler.git;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.context.ContentDigest;
import dev.lockstep.runtime.context.Copier;
import dev.lockstep.runtime.context.CopyRequest;
import dev.lockstep.runtime.context.CopySource;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commits as what a build copies from. */
class CommitDirectoryIT {
    @TempDir
    Path directory;

    private TestRepository origin;
    private GitSource source;
    private Path target;

    @BeforeEach
    void open() throws IOException {
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(Root.open(directory.resolve("state"), directory.resolve("run")));
        target = Files.createDirectory(directory.resolve("target"));
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private static CopyRequest request(SourceDirectory root, String path) throws IOException {
        var ignore = Ignore.parse("**/*.log\nsub\n".getBytes(UTF_8), ".dockerignore");
        return CopyRequest.of(List.of(new CopySource(SourceTree.context(root, ignore), path)), "/app/", "/");
    }

    @Test
    void a_commit_is_copied_from_its_objects() throws Exception {
        origin.put("web/src/main.py", "print(1)\n")
                .put("web/big", "x".repeat(3_000_000))
                .put("web/x.log", "no")
                .putExecutable("web/run", "#!/bin/sh\n")
                .putLink("web/link", "src/main.py")
                .putLink("web/out", "../../../etc/passwd")
                .put("other", "not part of it");
        origin.commit("one");
        var tree = origin.fetchMain(source);
        try (var root = tree.directory("web");
                var to = Directory.open(target)) {
            Copier.copy(request(root, "."), to, to);
            Copier.copy(request(root, "link"), to, to);
            assertThatThrownBy(() -> Copier.copy(request(root, "out"), to, to))
                    .hasMessageContaining("\"/etc/passwd\": not found");
        }

        var app = target.resolve("app");
        try (var files = Files.list(app)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("src", "big", "run", "link", "out");
        }
        assertThat(app.resolve("src/main.py")).hasContent("print(1)\n");
        assertThat(app.resolve("big")).hasSize(3_000_000);
        assertThat(Files.isSymbolicLink(app.resolve("link")))
                .as("copied as what it leads to")
                .isFalse();
        assertThat(app.resolve("link")).hasContent("print(1)\n");
        assertThat(Files.readSymbolicLink(app.resolve("out"))).isEqualTo(Path.of("../../../etc/passwd"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(app.resolve("run"))))
                .isEqualTo("rwxr-xr-x");
        assertThat(Files.getLastModifiedTime(app.resolve("run")))
                .isEqualTo(Files.getLastModifiedTime(app.resolve("src/main.py")));
    }

    @Test
    void a_commit_and_the_same_files_on_disk_have_one_digest() throws Exception {
        origin.put("a/b", "1").put("c", "2");
        origin.commit("one");
        var disk = Files.createDirectories(directory.resolve("disk/a"));
        Files.writeString(disk.resolve("b"), "1");
        Files.writeString(disk.resolveSibling("c"), "2");
        try (var commit = origin.fetchMain(source).directory("");
                var checkedOut = OpenDirectory.open(directory.resolve("disk"))) {
            assertThat(ContentDigest.of(request(commit, "."))).isEqualTo(ContentDigest.of(request(checkedOut, ".")));
        }
    }

    @Test
    void a_submodule_is_refused_unless_it_is_ignored() throws Exception {
        origin.put("a", "1").putSubmodule("sub").putSubmodule("needed");
        origin.commit("one");
        try (var root = origin.fetchMain(source).directory("");
                var to = Directory.open(target)) {
            Copier.copy(request(root, "a"), to, to);
            assertThatThrownBy(() -> Copier.copy(request(root, "."), to, to))
                    .hasMessageContaining("needed is a submodule")
                    .hasMessageContaining(".dockerignore");
        }
    }
}
