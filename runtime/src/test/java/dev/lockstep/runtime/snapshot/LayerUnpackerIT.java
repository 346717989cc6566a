package dev.lockstep.runtime.snapshot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TarBuilder.Member;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layer is unpacked beside a secret that it must neither read nor change. */
class LayerUnpackerIT {
    private static final String SECRET = "the host's";

    @TempDir
    Path directory;

    private Path host;
    private Path root;

    @BeforeEach
    void makeHost() throws IOException {
        host = Files.createDirectory(directory.resolve("host"));
        Files.writeString(host.resolve("secret"), SECRET);
        root = Files.createDirectory(directory.resolve("root"));
    }

    @AfterEach
    void host_is_untouched() throws IOException {
        assertThat(host.resolve("secret")).hasContent(SECRET);
        assertThat(Files.getAttribute(host.resolve("secret"), "unix:nlink")).isEqualTo(1);
        try (var files = Files.list(host)) {
            assertThat(files).containsExactly(host.resolve("secret"));
        }
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(host, root);
        }
    }

    static Stream<Arguments> contained() {
        return Stream.of(
                arguments("a name that climbs", tar().file("../../host/secret", "x"), "host/secret"),
                arguments("a name that climbs inside", tar().file("a/../../../b", "x"), "b"),
                arguments("an absolute name", tar().file("/etc/x", "x"), "etc/x"),
                arguments("slashes and dots", tar().file(".//a/.//b", "x"), "a/b"),
                arguments(
                        "below an absolute link to the host",
                        tar().directory("HOST/").symlink("l", "/HOST").file("l/new", "x"),
                        "HOST/new"),
                arguments(
                        "below a relative link out",
                        tar().directory("host/").symlink("l", "../host").file("l/new", "x"),
                        "host/new"),
                arguments(
                        "below a link to itself' parent",
                        tar().symlink("l", "..").file("l/new", "x"),
                        "new"),
                arguments(
                        "a file where a link to the host is",
                        tar().symlink("l", "../host/secret").file("l", "x"),
                        "l"),
                arguments(
                        "a directory where a link to the host is",
                        tar().symlink("l", "../host").directory("l/").file("l/secret", "x"),
                        "l/secret"),
                arguments(
                        "a link through another link",
                        tar().directory("host/")
                                .symlink("a", "/")
                                .symlink("a/b", "/host")
                                .file("b/secret", "x"),
                        "host/secret"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("contained")
    void whatever_a_name_says_the_file_is_inside(String what, TarBuilder tar, String file) throws IOException {
        unpack(tar.build());

        assertThat(root.resolve(file)).hasContent("x");
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                arguments("a hard link to the host", tar().hardLink("l", "../host/secret"), "no such file"),
                arguments("an absolute hard link", tar().hardLink("l", "/host/secret"), "no such file"),
                arguments(
                        "a hard link through a link",
                        tar().symlink("d", "../host").hardLink("l", "d/secret"),
                        "no such file"),
                arguments("a hard link to nothing", tar().hardLink("l", "missing"), "no such file"),
                arguments(
                        "a hard link to a later member",
                        tar().hardLink("l", "f").file("f", "x"),
                        "no such file"),
                arguments("a hard link to a directory", tar().directory("d/").hardLink("l", "d"), "is a directory"),
                arguments("a hard link to the root", tar().hardLink("l", "."), "is a directory"),
                arguments("a hard link to a whiteout", tar().file(".wh.f", "").hardLink("l", "f"), "no such file"),
                arguments("a whiteout in disguise", tar().device("f", '3', 0, 0), "0:0"),
                arguments("a device that is none", tar().device("f", '3', 5000, 0), "5000:0"),
                arguments("a whiteout of nothing", tar().file("d/.wh.", ""), "whiteout of no name"),
                arguments("a whiteout of .", tar().file("d/.wh..", ""), "whiteout of no name"),
                arguments("a whiteout of ..", tar().file("d/.wh...", ""), "whiteout of no name"),
                arguments("below a file", tar().file("f", "x").file("f/g", "x"), "ENOTDIR"),
                arguments(
                        "below a link to nothing", tar().symlink("l", "nothing").file("l/g", "x"), "ENOENT"),
                arguments("below a link to itself", tar().symlink("l", "l").file("l/g", "x"), "ELOOP"),
                arguments(
                        "below a link of /proc",
                        tar().symlink("l", "/proc/self/cwd").file("l/g", "x"),
                        "ENOENT"),
                arguments(
                        "an owner that Linux takes for nobody",
                        tar().member(new Member("f", '0').owner(4294967295L, 0)),
                        "owner"),
                arguments("a negative owner", tar().member(new Member("f", '0').owner(0, -1)), "owner"),
                arguments(
                        "a long name",
                        tar().pax(Map.of("path", "x".repeat(256))).file("f", ""),
                        "256 bytes"),
                arguments(
                        "a long path",
                        tar().pax(Map.of("path", "x/".repeat(2100))).file("f", ""),
                        "4200 bytes"),
                arguments("an empty link", tar().symlink("l", ""), "no target"),
                arguments("a bomb by its header", tar().member(new Member("f", '0').size(1L << 50)), "more than"),
                arguments(
                        "a bomb of holes",
                        tar().pax(Map.of("GNU.sparse.size", "" + (1L << 50), "GNU.sparse.map", "0,0"))
                                .file("f", ""),
                        "more than"),
                arguments("content that is missing", tar().member(new Member("f", '0').size(5000)), "too early"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void what_cannot_be_right_is_refused(String what, TarBuilder tar, String why) {
        assertThatThrownBy(() -> unpack(tar.build()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }

    @Test
    void whiteouts_are_written_as_overlayfs_reads_them() throws IOException {
        unpack(tar().file("d/.wh.gone", "")
                .file("o/.wh..wh..opq", "")
                .file("o/.wh..wh.plnk", "")
                .file("o/kept", "x")
                .build());

        assertThat(status("d/gone").isWhiteout()).isTrue();
        assertThat(attributes("o")).containsOnlyKeys("trusted.overlay.opaque");
        assertThat(root.resolve("o/kept")).hasContent("x");
        assertThat(root.resolve("o/.wh..wh.plnk")).doesNotExist();
    }

    @Test
    void a_whiteout_deletes_nothing_of_its_own_layer_in_either_order() throws IOException {
        unpack(tar().file("a", "x")
                .file(".wh.a", "")
                .file(".wh.b", "")
                .file("b", "x")
                .directory("c/")
                .file("c/x", "x")
                .file(".wh.c", "")
                .file(".wh.d", "")
                .directory("d/")
                .file("d/x", "x")
                .file(".wh.e", "")
                .file(".wh.e", "")
                .build());

        assertThat(root.resolve("a")).hasContent("x");
        assertThat(root.resolve("b")).hasContent("x");
        assertThat(root.resolve("c/x")).hasContent("x");
        assertThat(attributes("c")).containsKey("trusted.overlay.opaque");
        assertThat(root.resolve("d/x")).hasContent("x");
        assertThat(attributes("d")).containsKey("trusted.overlay.opaque");
        assertThat(status("e").isWhiteout()).isTrue();
    }

    @Test
    void attributes_that_belong_to_the_host_are_dropped() throws IOException {
        var capability =
                "\u0001\u0000\u0000\u0002\u0000\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000";
        unpack(tar().pax(Map.of(
                        "SCHILY.xattr.security.capability", capability,
                        "SCHILY.xattr.user.note", "n\u0000",
                        "SCHILY.xattr.security.selinux", "system_u:object_r:etc_t:s0",
                        "SCHILY.xattr.security.ima", "x",
                        "SCHILY.xattr.trusted.overlay.redirect", "/etc",
                        "SCHILY.xattr.trusted.overlay.metacopy", "",
                        "SCHILY.xattr.user.overlay.opaque", "y"))
                .member(new Member("f", '0').mode(04755).owner(7, 8))
                .pax(Map.of("SCHILY.xattr.trusted.overlay.opaque", "y"))
                .directory("d/")
                .build());

        assertThat(attributes("f")).containsOnlyKeys("security.capability", "user.note");
        assertThat(attributes("f").get("security.capability")).isEqualTo(capability.getBytes(ISO_8859_1));
        assertThat(attributes("d")).isEmpty();
        assertThat(status("f").mode()).isEqualTo(04755);
        assertThat(status("f").uid()).isEqualTo(7);
    }

    @Test
    void owners_modes_times_and_kinds_are_as_in_the_archive() throws IOException {
        unpack(tar().member(new Member("./", '5').mode(0711).owner(1, 2).modified(5))
                .member(new Member("d/", '5')
                        .mode(03777)
                        .owner(4_000_000_000L, 4_294_967_294L)
                        .modified(1000))
                .member(new Member("d/f", '0').mode(06555).modified(-1000))
                .member(new Member("d/p", '6').mode(0622))
                .device("d/null", '3', 1, 3)
                .device("d/sda", '4', 259, 70000)
                .member(new Member("d/l", '2').link("/nowhere").owner(5, 6).modified(2000))
                .build());

        assertThat(status("."))
                .returns(0711, FileStatus::mode)
                .returns(2, FileStatus::gid)
                .returns(Instant.ofEpochSecond(5), FileStatus::modified);
        assertThat(status("d"))
                .returns(03777, FileStatus::mode)
                .returns((int) 4_000_000_000L, FileStatus::uid)
                .returns(-2, FileStatus::gid)
                .returns(Instant.ofEpochSecond(1000), FileStatus::modified);
        assertThat(status("d/f"))
                .returns(06555, FileStatus::mode)
                .returns(Instant.ofEpochSecond(-1000), FileStatus::modified);
        assertThat(status("d/p"))
                .returns(FileStatus.Type.FIFO, FileStatus::type)
                .returns(0622, FileStatus::mode);
        assertThat(status("d/null"))
                .returns(FileStatus.Type.CHARACTER_DEVICE, FileStatus::type)
                .satisfies(s -> assertThat(s.device().minor()).isEqualTo(3));
        assertThat(status("d/sda")).satisfies(s -> {
            assertThat(s.device().major()).isEqualTo(259);
            assertThat(s.device().minor()).isEqualTo(70000);
        });
        assertThat(status("d/l"))
                .returns(5, FileStatus::uid)
                .returns(Instant.ofEpochSecond(2000), FileStatus::modified);
        assertThat(Files.readSymbolicLink(root.resolve("d/l"))).hasToString("/nowhere");
    }

    @Test
    void a_later_member_replaces_an_earlier_one_and_only_directories_are_merged() throws IOException {
        unpack(tar().file("a", "old")
                .file("a", "new")
                .directory("b/")
                .file("b/c/d", "x")
                .file("b", "file")
                .file("c", "file")
                .directory("c/")
                .file("c/in", "x")
                .directory("d/")
                .file("d/kept", "x")
                .member(new Member("d/", '5').mode(0700))
                .file("e", "target")
                .symlink("f", "e")
                .file("f", "own")
                .file("g", "x")
                .hardLink("h", "g")
                .file("h", "own")
                .hardLink("g", "g")
                .build());

        assertThat(root.resolve("a")).hasContent("new");
        assertThat(root.resolve("b")).hasContent("file");
        assertThat(root.resolve("c/in")).hasContent("x");
        assertThat(root.resolve("d/kept")).hasContent("x");
        assertThat(status("d").mode()).isEqualTo(0700);
        assertThat(root.resolve("e")).hasContent("target");
        assertThat(root.resolve("f")).hasContent("own");
        assertThat(root.resolve("g")).hasContent("x");
        assertThat(root.resolve("h")).hasContent("own");
    }

    @Test
    void hard_links_share_what_they_name_also_a_symbolic_link() throws IOException {
        unpack(tar().file("d/f", "x")
                .hardLink("e/g", "./d/f")
                .hardLink("/h", "/d/f")
                .symlink("l", "../host/secret")
                .hardLink("m", "l")
                .build());

        assertThat(status("d/f").links()).isEqualTo(3);
        assertThat(status("e/g").inode()).isEqualTo(status("h").inode());
        assertThat(status("m").type()).isEqualTo(FileStatus.Type.SYMLINK);
    }

    @Test
    void odd_names_are_names() throws IOException {
        unpack(tar().file("\u00ff\u00fe", "1")
                .file("new\nline", "2")
                .file("back\\slash", "3")
                .file("A", "4")
                .file("a", "5")
                .file("-rf", "6")
                .file(".wh", "7")
                .build());

        try (var names = Directory.open(root)) {
            assertThat(names.list())
                    .extracting(RawPath::latin1)
                    .containsExactlyInAnyOrder("\u00ff\u00fe", "new\nline", "back\\slash", "A", "a", "-rf", ".wh");
        }
    }

    @Test
    void missing_directories_are_roots_and_open_to_all_until_they_come() throws IOException {
        unpack(tar().file("a/b/c", "x")
                .member(new Member("a/", '5').mode(0700).owner(3, 3))
                .build());

        assertThat(status("a/b").mode()).isEqualTo(0755);
        assertThat(status("a")).returns(0700, FileStatus::mode).returns(3, FileStatus::uid);
    }

    @Test
    void a_sparse_file_has_holes_on_disk() throws IOException {
        unpack(tar().pax(Map.of("GNU.sparse.size", "10000000", "GNU.sparse.map", "5000000,5"))
                .file("s", "abcde")
                .build());

        assertThat(Files.size(root.resolve("s"))).isEqualTo(10_000_000);
        try (var file = Files.newByteChannel(root.resolve("s"))) {
            var buffer = java.nio.ByteBuffer.allocate(5);
            file.position(5_000_000).read(buffer);
            assertThat(new String(buffer.array(), ISO_8859_1)).isEqualTo("abcde");
        }
    }

    @Test
    void unknown_kinds_of_members_are_skipped() throws IOException {
        unpack(tar().member(new Member("v", 'V').content(new byte[600]))
                .file("f", "x")
                .build());

        assertThat(root.resolve("v")).doesNotExist();
        assertThat(root.resolve("f")).hasContent("x");
    }

    @Test
    void more_members_than_allowed_are_refused() {
        var limits = new UnpackLimits(1 << 20, 2, 10, 0);
        assertThatThrownBy(() ->
                        unpack(tar().file("a", "").file("b", "").file("c", "").build(), limits))
                .hasMessageContaining("more than 2 entries");
        assertThatThrownBy(() -> unpack(
                        tar().file("d", 0, new byte[600_000])
                                .file("e", 0, new byte[600_000])
                                .build(),
                        limits))
                .hasMessageContaining("bytes");
    }

    @Test
    void deep_directories_cost_no_descriptors() throws IOException {
        var deep = "d/".repeat(2000);
        unpack(tar().pax(Map.of("path", deep + "f"))
                .file("x", "x")
                .file("d", "replaced the whole tree")
                .build());

        assertThat(root.resolve("d")).isRegularFile();
    }

    /** One directory in the other, each an entry of its own, until no program could name the last. */
    @Test
    void directories_nested_deeper_than_a_path_is_long_are_refused_by_name() throws IOException {
        var tar = tar();
        for (var depth = 1; depth <= 5000; depth += 7) {
            tar.pax(Map.of("path", "d/".repeat(depth))).member(new TarBuilder.Member("x", '5'));
        }

        try {
            assertThatThrownBy(() -> unpack(tar.build())).hasMessage("a path has 4104 bytes, Linux allows 4095");
        } finally {
            try (var all = Directory.open(root)) {
                all.removeTree(RawPath.of("d")); // JUnit would go there by name, and take minutes
            }
        }
    }

    private void unpack(byte[] tar) throws IOException {
        unpack(tar, UnpackLimits.DEFAULT);
    }

    private void unpack(byte[] tar, UnpackLimits limits) throws IOException {
        try (var to = Directory.open(root);
                var unpacker = new LayerUnpacker(to, limits)) {
            unpacker.unpack(new ByteArrayInputStream(tar));
        }
    }

    private FileStatus status(String path) throws IOException {
        var at = path.lastIndexOf('/');
        try (var to = Directory.open(root.resolve(path.substring(0, Math.max(at, 0))))) {
            return to.status(RawPath.of(path.substring(at + 1))).orElseThrow();
        }
    }

    private Map<String, byte[]> attributes(String name) throws IOException {
        try (var to = Directory.open(root)) {
            assertThat(to.status(RawPath.of(name))).isPresent();
            return to.attributes(RawPath.of(name));
        }
    }

    private static TarBuilder tar() {
        return new TarBuilder();
    }
}
