package dev.lockstep.runtime.context;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TreeListing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What files keep on their way, and that no source and no destination leads out; COPY's rules: CopyConformanceIT. */
class CopierIT {
    private static final byte[] NET_RAW = {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    @TempDir
    Path work;

    private Path from;
    private Path to;

    @BeforeEach
    void makeTrees() throws IOException {
        from = Files.createDirectory(work.resolve("from"));
        to = Files.createDirectory(work.resolve("to"));
    }

    private static CopyRequest request(SourceTree tree, boolean unpack, String source, String destination) {
        return CopyRequest.of(List.of(new CopySource(tree, source, unpack)), destination, "/");
    }

    private Copier.Result copy(String source, String destination) throws IOException {
        try (var context = OpenDirectory.open(from);
                var root = Directory.open(to)) {
            return Copier.copy(request(SourceTree.stage(context), false, source, destination), root, root);
        }
    }

    private void add(byte[] archive) throws IOException {
        Files.write(from.resolve("a.tar"), archive);
        try (var context = OpenDirectory.open(from);
                var root = Directory.open(to)) {
            Copier.copy(request(SourceTree.context(context, Ignore.NOTHING), true, "a.tar", "/in/"), root, root);
        }
    }

    @Test
    void files_keep_all_that_belongs_to_them() throws Exception {
        Files.writeString(from.resolve("f"), "content");
        Files.createLink(from.resolve("hard"), from.resolve("f"));
        Files.createSymbolicLink(from.resolve("l"), Path.of("f"));
        Files.createDirectory(from.resolve("d"));
        try (var tree = Directory.open(from)) {
            tree.setOwner(RawPath.of("f"), 5, -7);
            tree.setMode(RawPath.of("f"), 06751);
            tree.setAttribute(RawPath.of("f"), "security.capability", NET_RAW);
            tree.setAttribute(RawPath.of("f"), "user.note", "n".getBytes(UTF_8));
            tree.setModified(RawPath.of("f"), Instant.ofEpochSecond(-5, 123_456_789));
            tree.makeNode(RawPath.of("n"), FileStatus.Type.BLOCK_DEVICE, new DeviceNumber(7, 300));
            tree.makeNode(RawPath.of("p"), FileStatus.Type.FIFO, DeviceNumber.NONE);
            tree.setAttribute(RawPath.of("d"), "user.note", "n".getBytes(UTF_8));
        }
        copy(".", "/");

        assertThat(TreeListing.of(to)).isEqualTo(TreeListing.of(from));
    }

    @Test
    void what_belongs_to_a_host_and_what_nobody_can_use_stays_behind() throws Exception {
        Files.createDirectory(from.resolve("d"));
        try (var tree = Directory.open(from)) {
            tree.setAttribute(RawPath.of("d"), "trusted.overlay.opaque", "y".getBytes(UTF_8));
            tree.setAttribute(RawPath.of("d"), "user.overlay.opaque", "y".getBytes(UTF_8));
            tree.makeNode(RawPath.of("s"), FileStatus.Type.SOCKET, DeviceNumber.NONE);
        }
        copy(".", "/");

        try (var tree = Directory.open(to)) {
            assertThat(tree.attributes(RawPath.of("d"))).isEmpty();
            assertThat(tree.list()).containsExactly(RawPath.of("d"));
        }
    }

    @Test
    void a_deletion_mark_is_no_file_to_copy() throws Exception {
        try (var tree = Directory.open(from)) {
            tree.makeWhiteout(RawPath.of("w"));
        }
        assertThatThrownBy(() -> copy(".", "/"))
                .isInstanceOf(ContextException.class)
                .hasMessageContaining("w is a character device 0:0");
    }

    @Test
    void holes_cost_nothing() throws Exception {
        try (var file = Files.newByteChannel(from.resolve("f"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.position(50_000_000).write(ByteBuffer.wrap(new byte[] {1}));
        }
        copy("f", "/f");

        assertThat(Files.mismatch(from.resolve("f"), to.resolve("f"))).isEqualTo(-1);
        var du = new ProcessBuilder("du", "-k", to.resolve("f").toString()).start();
        assertThat(Long.parseLong(new String(du.getInputStream().readAllBytes(), UTF_8).split("\t", -1)[0]))
                .isLessThan(1000);
    }

    /** A directory of the context becomes a link out of it, and back, as fast as somebody can. */
    @ParameterizedTest
    @ValueSource(strings = {".", "d", "d/e", "*/e/*"})
    void a_context_that_changes_meanwhile_leads_nowhere(String source) throws Exception {
        var outside = work.resolve("outside");
        Files.createDirectories(outside.resolve("e"));
        Files.writeString(outside.resolve("e/secret"), "secret");
        Files.writeString(outside.resolve("secret"), "secret");
        Files.createDirectories(from.resolve("d/e"));
        for (var i = 0; i < 20; i++) {
            Files.writeString(from.resolve("d/f" + i), "fine");
            Files.writeString(from.resolve("d/e/f" + i), "fine");
        }
        var link = Files.createSymbolicLink(work.resolve("link"), outside);
        var stop = new AtomicBoolean();
        var swapper = Thread.ofPlatform().start(() -> {
            try (var here = Directory.open(work);
                    var there = Directory.open(from)) {
                while (!stop.get()) {
                    here.exchange(RawPath.of(link.getFileName().toString()), there, RawPath.of("d"));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        try {
            for (var i = 0; i < 300; i++) {
                try {
                    copy(source, "/x" + i % 5 + "/");
                } catch (IOException e) {
                    // What was a directory is something else by now; the build fails.
                }
            }
        } finally {
            stop.set(true);
            swapper.join();
        }
        try (var all = Files.walk(to)) {
            for (var file : all.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))
                    .toList()) {
                assertThat(file).hasContent("fine");
            }
        }
    }

    @Test
    void a_changed_file_is_another_content() throws Exception {
        Files.writeString(from.resolve("f"), "one");
        var time = Files.getLastModifiedTime(from.resolve("f"));
        var before = copy("f", "/f").content();
        Files.writeString(from.resolve("f"), "two");
        Files.setLastModifiedTime(from.resolve("f"), time);
        var after = copy("f", "/f").content();
        Files.move(from.resolve("f"), from.resolve("g"), StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(from.resolve("f"), "two");

        assertThat(after).isNotEqualTo(before);
        assertThat(copy("f", "/f").content()).as("only its time is another").isEqualTo(after);
    }

    @ParameterizedTest
    @CsvSource({
        "../../../evil, FILE",
        "/evil, FILE",
        "link/evil, LINK",
        "deep/../../../evil, FILE",
        "abs/evil, ABSOLUTE",
    })
    void no_archive_leads_out(String name, String how) throws Exception {
        var outside = Files.createDirectory(work.resolve("outside"));
        var tar = new TarBuilder();
        switch (how) {
            case "LINK" -> tar.symlink("link", "../../../../../../../.." + outside);
            case "ABSOLUTE" -> tar.symlink("abs", outside.toString());
            default -> tar.directory("deep/");
        }
        add(tar.file(name, "evil").build());

        assertThat(outside).isEmptyDirectory();
        assertThat(work.resolve("evil")).doesNotExist();
        try (var all = Files.walk(to.resolve("in"))) {
            assertThat(all.filter(f -> f.getFileName().toString().equals("evil")))
                    .hasSize(1);
        }
    }

    @Test
    void a_link_of_an_archive_cannot_name_a_file_of_the_host() throws Exception {
        var secret = Files.writeString(work.resolve("secret"), "secret");
        for (var target : List.of(secret.toString(), "../../../../../.." + secret, "missing", "d")) {
            var tar = new TarBuilder().directory("d/").hardLink("h", target).build();
            assertThatThrownBy(() -> add(tar))
                    .isInstanceOf(ContextException.class)
                    .hasMessageContaining("cannot unpack a.tar: a hard link h to " + target);
        }
        assertThat(to.resolve("in/h")).doesNotExist();
    }

    @Test
    void an_archive_that_asks_for_too_much_is_refused() {
        var huge = new TarBuilder()
                .pax(Map.of("size", String.valueOf(65L << 30)))
                .file("f", "")
                .unfinished();
        assertThatThrownBy(() -> add(huge)).hasMessageContaining("cannot unpack a.tar: it has more than");
        var mark = new TarBuilder().device("w", '3', 0, 0).build();
        assertThatThrownBy(() -> add(mark)).hasMessageContaining("a character device 0:0");
        var strange = new TarBuilder().device("w", 'c', 0, 0).build();
        assertThatThrownBy(() -> add(strange)).hasMessageContaining("w is of a type that nobody knows");
        var owner = new TarBuilder()
                .pax(Map.of("uid", String.valueOf(1L << 32)))
                .file("f", "")
                .build();
        assertThatThrownBy(() -> add(owner)).hasMessageContaining("an owner 4294967296");
        var cut = new TarBuilder().file("f", "x".repeat(5000)).unfinished();
        assertThatThrownBy(() -> add(Arrays.copyOf(cut, 2048))).hasMessageContaining("ends too early");
    }

    @Test
    void parents_are_kept_from_the_pivot_on() throws Exception {
        Files.createDirectories(from.resolve("a/b/c"));
        Files.createDirectories(from.resolve("a/x/c"));
        Files.writeString(from.resolve("a/b/c/f.txt"), "1");
        Files.writeString(from.resolve("a/b/c/g.md"), "2");
        Files.writeString(from.resolve("a/x/c/h.txt"), "3");
        try (var context = OpenDirectory.open(from);
                var root = Directory.open(to)) {
            var tree = SourceTree.context(context, Ignore.NOTHING);
            Copier.copy(request(tree, false, "a/b/c/f.txt", "/whole").withParents(), root, root);
            Copier.copy(request(tree, false, "a/./b/c/f.txt", "/pivot").withParents(), root, root);
            Copier.copy(request(tree, false, "**/*.txt", "/deep").withParents(), root, root);
            Copier.copy(request(tree, false, "a/*/c", "/dirs").withParents(), root, root);
            Copier.copy(request(tree, false, "**/nothing*", "/none").withParents(), root, root);
            assertThatThrownBy(() ->
                            Copier.copy(request(tree, false, "a/no", "/none").withParents(), root, root))
                    .hasMessageContaining("\"/a/no\": not found");
        }

        assertThat(files())
                .containsExactlyInAnyOrder(
                        "whole/a/b/c/f.txt",
                        "pivot/b/c/f.txt",
                        "deep/a/b/c/f.txt",
                        "deep/a/x/c/h.txt",
                        "dirs/a/b/c/f.txt",
                        "dirs/a/b/c/g.md",
                        "dirs/a/x/c/h.txt");
    }

    @Test
    void excluded_is_what_matches_from_each_source_on() throws Exception {
        Files.createDirectories(from.resolve("d/e"));
        for (var name : List.of("d/a.mp3", "d/b.txt", "d/e/c.mp3", "one.mp3", "two.txt")) {
            Files.writeString(from.resolve(name), name);
        }
        try (var context = OpenDirectory.open(from);
                var root = Directory.open(to)) {
            var tree = SourceTree.context(context, Ignore.NOTHING);
            var only = Ignore.of(List.of("*.mp3"));
            Copier.copy(request(tree, false, "d/", "/dir").withExcludes(only), root, root);
            Copier.copy(request(tree, false, "*.*", "/files/").withExcludes(only), root, root);
            Copier.copy(
                    request(tree, false, "d/", "/back").withExcludes(Ignore.of(List.of("**/*.mp3", "!e/c.mp3"))),
                    root,
                    root);
        }

        assertThat(files())
                .containsExactlyInAnyOrder("dir/b.txt", "dir/e/c.mp3", "files/two.txt", "back/b.txt", "back/e/c.mp3");
    }

    private List<String> files() throws IOException {
        try (var all = Files.walk(to)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> to.relativize(file).toString())
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0755, 600, 755, 755", "u=rwX, 644, 644, 744", "'u=rwX,go=rX', 600, 644, 755", "a+x, 600, 711, 711",
        "go-rwx, 6755, 6700, 6700", "+t, 644, 1644, 1644", "u=g, 074, 774, 774", "ug+s, 755, 6755, 6755",
    })
    void a_mode_changes_as_chmod_would(String change, String before, String file, String directory) throws IOException {
        var parsed = ModeChange.parse(change);
        assertThat(Integer.toOctalString(parsed.apply(Integer.parseInt(before, 8), false)))
                .isEqualTo(file);
        assertThat(Integer.toOctalString(parsed.apply(Integer.parseInt(before, 8), true)))
                .isEqualTo(directory);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "8", "77777", "abc", "u=q", "u", "0x1ff", "u=r,"})
    void what_is_no_mode_is_refused(String text) {
        assertThatThrownBy(() -> ModeChange.parse(text)).hasMessageContaining("invalid chmod parameter: '" + text);
    }
}
