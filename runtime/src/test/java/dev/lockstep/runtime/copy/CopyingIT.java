package dev.lockstep.runtime.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileExtent;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TreeListing;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of {@code docker cp}, and trees that want to lead elsewhere. Needs root for owners and devices. */
class CopyingIT {
    private static final Keep TO_HOST = new Keep(false, false);
    private static final Keep ALL = new Keep(true, true);

    @TempDir
    private Path directory;

    private Path from;
    private Path to;

    @BeforeEach
    void twoTrees() throws IOException {
        from = Files.createDirectory(directory.resolve("from"));
        to = Files.createDirectory(directory.resolve("to"));
        Files.createDirectories(from.resolve("etc/conf"));
        Files.writeString(from.resolve("etc/passwd"), "root\n");
        Files.writeString(from.resolve("etc/conf/a"), "a\n");
        Files.createSymbolicLink(from.resolve("etc/link"), Path.of("passwd"));
    }

    private void copy(String source, String target, Keep keep, boolean follow) throws IOException {
        try (var a = Directory.open(from);
                var b = Directory.open(to)) {
            Copying.copy(
                    new Copying.End(a, source, "in container c"),
                    new Copying.End(b, target, "on this host"),
                    follow,
                    keep);
        }
    }

    private void copy(String source, String target) throws IOException {
        copy(source, target, TO_HOST, false);
    }

    @Test
    void a_file_goes_to_a_name_over_a_file_and_into_a_directory() throws IOException {
        Files.createDirectory(to.resolve("d"));
        Files.writeString(to.resolve("old"), "old and longer\n");

        copy("/etc/passwd", "/new");
        copy("/etc/passwd", "/old");
        copy("/etc/passwd", "/d");
        copy("/etc/conf/a", "/d/");

        assertThat(to.resolve("new")).hasContent("root\n");
        assertThat(to.resolve("old")).hasContent("root\n");
        assertThat(to.resolve("d/passwd")).hasContent("root\n");
        assertThat(to.resolve("d/a")).hasContent("a\n");
    }

    @Test
    void a_directory_goes_into_one_or_becomes_one_or_only_its_content_goes() throws IOException {
        Files.createDirectory(to.resolve("there"));
        Files.createDirectory(to.resolve("content"));

        copy("/etc", "/there");
        copy("/etc", "/made");
        copy("/etc/.", "/content");

        assertThat(to.resolve("there/etc/conf/a")).hasContent("a\n");
        assertThat(to.resolve("made/conf/a")).hasContent("a\n");
        assertThat(to.resolve("content/conf/a")).hasContent("a\n");
        assertThat(Files.readSymbolicLink(to.resolve("made/link"))).isEqualTo(Path.of("passwd"));
    }

    @Test
    void what_does_not_fit_is_said_in_a_sentence() throws IOException {
        Files.writeString(to.resolve("file"), "");

        assertThatThrownBy(() -> copy("/nosuch", "/x")).hasMessage("Could not find the file /nosuch in container c");
        assertThatThrownBy(() -> copy("/no/such", "/x")).hasMessage("Could not find the file /no/such in container c");
        assertThatThrownBy(() -> copy("/etc/passwd", "/no/such"))
                .hasMessage("Could not find the file /no on this host");
        assertThatThrownBy(() -> copy("/etc/passwd", "/no/")).hasMessageStartingWith("no such directory: /no/");
        assertThatThrownBy(() -> copy("/etc", "/file")).hasMessageStartingWith("cannot copy a directory to /file");
        assertThatThrownBy(() -> copy("/etc/passwd/.", "/x")).hasMessageContaining("/etc/passwd/.");
        Files.createDirectories(to.resolve("t/passwd"));
        assertThatThrownBy(() -> copy("/etc/.", "/t"))
                .hasMessageContaining("cannot overwrite directory \"./passwd\" with non-directory");
    }

    @Test
    void a_link_is_a_link_unless_it_is_to_be_followed() throws IOException {
        copy("/etc/link", "/a");
        copy("/etc/link", "/b", TO_HOST, true);

        assertThat(Files.isSymbolicLink(to.resolve("a"))).isTrue();
        assertThat(to.resolve("b")).hasContent("root\n").isRegularFile();
    }

    @Test
    void links_of_the_source_lead_nowhere_outside_of_it() throws IOException {
        var secret = Files.writeString(directory.resolve("secret"), "host's\n");
        Files.createSymbolicLink(from.resolve("etc/out"), secret);
        Files.createSymbolicLink(from.resolve("etc/up"), Path.of("../../../../../../.." + directory));

        assertThatThrownBy(() -> copy("/etc/out", "/x", TO_HOST, true)).hasMessageContaining("Could not find");
        assertThatThrownBy(() -> copy("/etc/up/secret", "/x")).hasMessageContaining("Could not find");
        copy("/etc/out", "/as-link");
        assertThat(Files.readSymbolicLink(to.resolve("as-link"))).isEqualTo(secret);
    }

    @Test
    void links_of_the_target_lead_nowhere_outside_of_it() throws IOException {
        var outside = Files.createDirectory(directory.resolve("outside"));
        Files.createSymbolicLink(to.resolve("absolute"), outside);
        Files.createSymbolicLink(to.resolve("relative"), Path.of("../outside"));
        Files.createDirectory(to.resolve("tree"));
        Files.createSymbolicLink(to.resolve("tree/conf"), outside);
        Files.createSymbolicLink(to.resolve("tree/passwd"), outside.resolve("made"));

        assertThatThrownBy(() -> copy("/etc/passwd", "/absolute/x")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> copy("/etc/passwd", "/relative/x")).isInstanceOf(IOException.class);
        copy("/etc/.", "/tree");

        assertThat(outside).isEmptyDirectory();
        assertThat(to.resolve("tree/conf/a")).hasContent("a\n");
        assertThat(Files.isSymbolicLink(to.resolve("tree/conf"))).isFalse();
        assertThat(Files.isSymbolicLink(to.resolve("tree/passwd"))).isFalse();
    }

    /** CVE-2018-15664: a container swaps a directory for a link while it is copied. */
    @Test
    void a_link_that_is_swapped_in_again_and_again_gets_nothing_in_or_out() throws Exception {
        var outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("a"), "host's secret\n");
        Files.createDirectories(from.resolve("etc/other"));
        Files.createSymbolicLink(from.resolve("etc/evil"), outside);
        Files.createDirectories(to.resolve("etc/conf"));
        Files.createSymbolicLink(to.resolve("etc/evil"), outside);
        var over = new AtomicBoolean();
        var swapper = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                swap(from.resolve("etc"), "conf", "evil");
                swap(to.resolve("etc"), "conf", "evil");
            }
        });
        try {
            var tries = Integer.getInteger("lockstep.count", 100);
            for (var i = 0; i < tries; i++) {
                try {
                    copy("/etc/conf/a", "/got", TO_HOST, true);
                    assertThat(to.resolve("got")).hasContent("a\n");
                } catch (IOException e) {
                    // The link stood there at that moment.
                }
                try {
                    copy("/etc/passwd", "/etc/conf/made");
                } catch (IOException e) {
                    // Likewise.
                }
                try {
                    copy("/etc/.", "/etc");
                } catch (IOException e) {
                    // Likewise.
                }
                assertThat(outside.resolve("made")).doesNotExist();
                assertThat(outside.resolve("a")).hasContent("host's secret\n");
            }
        } finally {
            over.set(true);
            swapper.join();
        }
    }

    private static void swap(Path in, String one, String other) {
        try {
            Files.move(in.resolve(one), in.resolve("parked"));
            Files.move(in.resolve(other), in.resolve(one));
            Files.move(in.resolve("parked"), in.resolve(other));
        } catch (IOException e) {
            // The copy stands in its way for a moment.
        }
    }

    @Test
    void what_a_container_may_not_give_to_the_host_stays_behind() throws Exception {
        var tool = Files.writeString(from.resolve("tool"), "#!/bin/sh\n");
        Files.setAttribute(tool, "unix:uid", 1000);
        Files.setAttribute(tool, "unix:mode", 0104755);
        assertThat(new ProcessBuilder("mknod", from.resolve("disk").toString(), "b", "8", "0")
                        .start()
                        .waitFor())
                .isZero();

        copy("/", "/plain");
        assertThat(Files.getAttribute(to.resolve("plain/tool"), "unix:mode")).isEqualTo(0100755);
        assertThat(Files.getAttribute(to.resolve("plain/tool"), "unix:uid")).isEqualTo(0);
        assertThat(to.resolve("plain/disk")).doesNotExist();

        copy("/", "/archive", ALL, false);
        assertThat(Files.getAttribute(to.resolve("archive/tool"), "unix:mode")).isEqualTo(0104755);
        assertThat(Files.getAttribute(to.resolve("archive/tool"), "unix:uid")).isEqualTo(1000);
        assertThat(Files.exists(to.resolve("archive/disk"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
    }

    /** A file in its place would be a host without /dev/null. */
    @Test
    void a_device_is_not_replaced_by_a_copy() throws Exception {
        Files.writeString(from.resolve("file"), "one\n");
        var device = to.resolve("null");
        assertThat(new ProcessBuilder("mknod", device.toString(), "c", "1", "3")
                        .start()
                        .waitFor())
                .isZero();

        assertThatThrownBy(() -> copy("/file", "/null"))
                .hasMessageStartingWith("cannot copy to /null ")
                .hasMessageEndingWith(", which is a device; '-' in its place is an archive on standard output");
        assertThat(Files.getAttribute(device, "unix:mode")).isEqualTo(0020644);
    }

    @Test
    void an_archive_holds_everything_and_comes_in_again() throws IOException {
        var name = "n".repeat(150) + "ü";
        Files.writeString(from.resolve("etc/" + name), "long\n");
        Files.createLink(from.resolve("etc/hard"), from.resolve("etc/passwd"));
        Files.setPosixFilePermissions(from.resolve("etc/conf"), PosixFilePermissions.fromString("rwx------"));
        var bytes = new ByteArrayOutputStream();
        try (var a = Directory.open(from);
                var b = Directory.open(to)) {
            Copying.archive(new Copying.End(a, "/etc", "in container c"), false, bytes);
            Copying.extract(
                    new ByteArrayInputStream(bytes.toByteArray()), new Copying.End(b, "/", "in container d"), ALL);
            assertThatThrownBy(() -> Copying.extract(
                            new ByteArrayInputStream(bytes.toByteArray()),
                            new Copying.End(b, "/etc/passwd", "in container d"),
                            ALL))
                    .hasMessage("destination /etc/passwd in container d must be a directory");
        }

        assertThat(to.resolve("etc/" + name)).hasContent("long\n");
        assertThat(Files.getAttribute(to.resolve("etc/hard"), "unix:ino"))
                .isEqualTo(Files.getAttribute(to.resolve("etc/passwd"), "unix:ino"));
        assertThat(Files.getPosixFilePermissions(to.resolve("etc/conf")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        assertThat(Files.getLastModifiedTime(to.resolve("etc/conf")))
                .isEqualTo(Files.getLastModifiedTime(from.resolve("etc/conf")));
    }

    /** GNU tar is the judge of the form. */
    @Test
    void holes_take_no_room_in_the_archive_of_a_whole_tree() throws Exception {
        var mebi = 1L << 20;
        write("begins-and-ends-with-data", 64 * mebi, 0, 64 * mebi - 5);
        write("only-in-the-middle", 64 * mebi, 3 * mebi + 100, 20 * mebi);
        write("nothing", 9L << 30);
        write("small", 4096);
        Files.writeString(from.resolve("n".repeat(150)), "long\n");
        var many = new long[40];
        Arrays.setAll(many, i -> i * mebi);
        write("many/" + "m".repeat(150), 40 * mebi, many);
        var bytes = new ByteArrayOutputStream();
        try (var a = Directory.open(from);
                var b = Directory.open(to)) {
            assertThat(Copying.archiveWhole(a, bytes)).isEmpty();
            assertThat(bytes.size()).isLessThan((int) (8 * mebi));
            assertThat(Copying.fill(new ByteArrayInputStream(bytes.toByteArray()), b))
                    .isEmpty();
        }

        var byTar = Files.createDirectory(directory.resolve("by-tar"));
        var tar = new ProcessBuilder("tar", "-x", "-C", byTar.toString())
                .redirectErrorStream(true)
                .start();
        try (var in = tar.getOutputStream()) {
            bytes.writeTo(in);
        }
        assertThat(new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEmpty();
        assertThat(tar.waitFor()).isZero();
        for (var copy : List.of(to, byTar)) {
            try (var files = Files.walk(from)) {
                for (var file : files.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                        .toList()) {
                    var copied = copy.resolve(from.relativize(file));
                    assertThat(Files.size(copied)).isEqualTo(Files.size(file));
                    assertThat(copied.endsWith("nothing") ? -1 : Files.mismatch(copied, file))
                            .as("%s", copied)
                            .isEqualTo(-1);
                }
            }
            try (var nothing = Fd.open(copy.resolve("nothing"))) {
                assertThat(FileExtent.of(nothing, 9L << 30, 1, 1)).isEmpty();
            }
        }
    }

    /** A file of that size with a few bytes at these places. */
    private void write(String name, long size, long... places) throws IOException {
        Files.createDirectories(from.resolve(name).getParent());
        try (var file = new RandomAccessFile(from.resolve(name).toFile(), "rw")) {
            file.setLength(size);
            for (var place : places) {
                file.seek(place);
                file.writeBytes("data" + place % 10);
            }
        }
    }

    @Test
    void what_listens_is_left_out_with_a_word_and_links_keep_their_attributes() throws IOException {
        var bytes = new ByteArrayOutputStream();
        var link = new RawPath("link");
        try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                var a = Directory.open(from.resolve("etc"));
                var b = Directory.open(to)) {
            socket.bind(UnixDomainSocketAddress.of(from.resolve("etc/conf/s")));
            a.setAttribute(link, "trusted.of", new byte[] {7});

            assertThat(Copying.archiveWhole(a, bytes)).containsExactly("socket ./conf/s was left out");
            assertThat(Copying.fill(new ByteArrayInputStream(bytes.toByteArray()), b))
                    .isEmpty();

            assertThat(b.attributes(link).get("trusted.of")).isEqualTo(new byte[] {7});
        }
        assertThat(to.resolve("conf/s")).doesNotExist();
        assertThat(to.resolve("conf/a")).hasContent("a\n");
    }

    @Test
    void what_a_directory_gives_to_what_is_made_in_it_goes_over_to_nothing_that_comes_from_an_archive()
            throws IOException {
        // setfacl -d -m u:1234:rwx
        var acl = HexFormat.of()
                .parseHex("02000000" + "01000700ffffffff" + "02000700d2040000" + "04000500ffffffff" + "10000700ffffffff"
                        + "20000500ffffffff");
        var bytes = new ByteArrayOutputStream();
        try (var a = Directory.open(from);
                var b = Directory.open(to)) {
            for (var name : List.of(".", "etc")) {
                a.setAttribute(RawPath.of(name), "system.posix_acl_default", acl);
            }
            try (var etc = a.directory(RawPath.of("etc"))) {
                etc.setAttribute(RawPath.of("passwd"), "user.empty", new byte[0]);
            }
            Copying.archiveWhole(a, bytes);
            assertThat(Copying.fill(new ByteArrayInputStream(bytes.toByteArray()), b))
                    .isEmpty();
        }

        assertThat(TreeListing.of(to)).isEqualTo(TreeListing.of(from));
        try (var b = Directory.open(to);
                var etc = b.directory(RawPath.of("etc"))) {
            assertThat(b.attributes(RawPath.of("etc"))).containsOnlyKeys("system.posix_acl_default");
            assertThat(etc.attributes(RawPath.of("conf"))).isEmpty();
            assertThat(etc.attributes(RawPath.of("passwd"))).containsOnlyKeys("user.empty");
        }
    }

    /** Each file system counts its files from the same number on. */
    @Test
    void files_of_two_file_systems_are_never_links_of_each_other() throws IOException {
        var mounts = List.of("one", "two");
        try {
            for (var name : mounts) {
                var mount = Files.createDirectory(from.resolve(name));
                Mounts.tmpfs(mount, 1 << 20, 0755, List.of());
                Files.createLink(mount.resolve("link"), Files.writeString(mount.resolve("file"), name));
            }
            assertThat(Files.getAttribute(from.resolve("one/file"), "unix:ino"))
                    .isEqualTo(Files.getAttribute(from.resolve("two/file"), "unix:ino"));
            var exported = Files.createDirectory(to.resolve("exported"));
            var snapshot = Files.createDirectory(to.resolve("snapshot"));

            copy("/", "/copied", ALL, false);
            var bytes = new ByteArrayOutputStream();
            try (var a = Directory.open(from);
                    var b = Directory.open(exported);
                    var c = Directory.open(snapshot)) {
                Copying.archiveContent(a, bytes);
                Copying.fill(new ByteArrayInputStream(bytes.toByteArray()), b);
                TreeCopy.copyWhole(a, c);
            }

            for (var copy : List.of(to.resolve("copied"), exported, snapshot)) {
                for (var name : mounts) {
                    assertThat(copy.resolve(name + "/file")).hasContent(name);
                    assertThat(copy.resolve(name + "/link")).hasContent(name);
                    assertThat(Files.getAttribute(copy.resolve(name + "/link"), "unix:nlink"))
                            .isEqualTo(2);
                }
            }
        } finally {
            for (var mount : MountTable.below(from)) {
                Mounts.unmount(mount);
            }
        }
    }

    @Test
    void an_archive_that_leads_out_is_refused() throws IOException {
        var evil = new TarBuilder().file("../evil", 0644, new byte[0]).build();
        try (var b = Directory.open(to)) {
            assertThatThrownBy(() -> Copying.extract(
                            new ByteArrayInputStream(evil), new Copying.End(b, "/", "in container c"), ALL))
                    .hasMessageContaining("leads out of the directory");
        }
        assertThat(directory.resolve("evil")).doesNotExist();
    }

    @Test
    void what_linux_does_not_have_is_refused_with_its_name() throws IOException {
        var refused = new LinkedHashMap<TarBuilder, String>();
        refused.put(
                new TarBuilder().member(new TarBuilder.Member("a", '0').owner(1L << 40, 0)),
                "the archive says that \"a\" belongs to 1099511627776; Linux has 0 to 4294967294");
        refused.put(
                new TarBuilder().member(new TarBuilder.Member("a", '0').owner(0, 0xffff_ffffL)),
                "the archive says that \"a\" belongs to 4294967295; Linux has 0 to 4294967294");
        refused.put(
                new TarBuilder().member(new TarBuilder.Member("a", '3').device(1L << 32, 3)),
                "the archive has a device 4294967296:3, \"a\"; Linux has none of that number");
        refused.put(
                new TarBuilder().hardLink("a", "../etc/passwd"),
                "the archive names \"../etc/passwd\", which leads out of the directory");
        refused.put(
                new TarBuilder().hardLink("a", "/etc/passwd"),
                "the archive has a hard link \"a\" to \"/etc/passwd\", which is not in it before");
        refused.put(
                new TarBuilder().symlink("l", "/etc").hardLink("a", "l/passwd"),
                "the archive has a hard link \"a\" to \"l/passwd\", which is not in it before");
        refused.put(
                new TarBuilder().directory("d").hardLink("a", "d"),
                "the archive has a hard link \"a\" to \"d\", of which there can be none");
        for (var archive : refused.entrySet()) {
            try (var b = Directory.open(to)) {
                assertThatThrownBy(() -> Copying.fill(
                                new ByteArrayInputStream(archive.getKey().build()), b))
                        .hasMessage(archive.getValue());
            }
        }
    }

    /** Deeper than any path is long and than any stack; docker's and tar's end at 4096 bytes of path. */
    @Test
    void directories_are_archived_however_deep_they_are_nested() throws IOException {
        var depth = 4000;
        nest(depth);
        var archive = new ByteArrayOutputStream();
        try (var a = Directory.open(from)) {
            Copying.archive(new Copying.End(a, "/", "in volume v"), false, archive);
        }

        var tar = new TarReader(new ByteArrayInputStream(archive.toByteArray()));
        var longest = 0;
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            longest = Math.max(longest, entry.get().name().latin1().split("/", -1).length - 2);
        }
        assertThat(longest).isEqualTo(depth + "etc/conf".split("/", -1).length);

        nest(2000);
        try (var a = Directory.open(from)) {
            assertThatThrownBy(() ->
                            Copying.archive(new Copying.End(a, "/", "in volume v"), false, new ByteArrayOutputStream()))
                    .isInstanceOf(IOException.class)
                    .hasMessage("directories are nested more than 5000 deep");
        }
    }

    /** JUnit would go there by name. */
    @AfterEach
    void removeTheDeep() throws IOException {
        try (var all = Directory.open(directory)) {
            all.removeTree(new RawPath("from"));
        }
    }

    /** Puts all that is there so many directories deeper. */
    private void nest(int depth) throws IOException {
        var deep = new RawPath("d");
        for (var i = 0; i < depth; i++) {
            try (var all = Directory.open(directory)) {
                all.makeDirectory(new RawPath("above"), 0755);
                try (var above = all.directory(new RawPath("above"))) {
                    all.rename(new RawPath("from"), above, deep);
                }
                all.rename(new RawPath("above"), all, new RawPath("from"));
            }
        }
    }
}
