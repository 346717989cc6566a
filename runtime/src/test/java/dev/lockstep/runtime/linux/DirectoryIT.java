package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryIT {
    @TempDir
    Path host;

    private Path root;

    @BeforeEach
    void makeRoot() throws IOException {
        root = Files.createDirectory(host.resolve("root"));
        Files.writeString(host.resolve("secret"), "the host's");
        Files.createDirectories(root.resolve("etc/d"));
        Files.writeString(root.resolve("etc/passwd"), "the root's");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "etc/passwd",
                "/etc/passwd",
                "../../etc/passwd",
                "etc/d/../passwd",
                "absolute",
                "climbing",
                "dir/passwd"
            })
    void a_path_is_resolved_as_if_the_directory_were_the_root(String path) throws IOException {
        Files.createSymbolicLink(root.resolve("absolute"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(root.resolve("climbing"), Path.of("../../../etc/passwd"));
        Files.createSymbolicLink(root.resolve("dir"), Path.of("/etc"));
        try (var directory = Directory.open(root);
                var file = directory.fileInRoot(RawPath.of(path))) {
            assertThat(file.inputStream().readAllBytes()).isEqualTo("the root's".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void links_of_proc_lead_nowhere() throws IOException {
        try (var proc = Directory.open(Path.of("/proc/self"))) {
            fails(() -> proc.fileInRoot(RawPath.of("exe")), Errno.ELOOP);
        }
    }

    @Test
    void a_place_beneath_takes_no_link_and_no_way_out() throws IOException {
        Files.createSymbolicLink(root.resolve("l"), Path.of("etc"));
        try (var directory = Directory.open(root)) {
            directory.placeBeneath(RawPath.of("etc/passwd")).close();
            fails(() -> directory.placeBeneath(RawPath.of("l/passwd")), Errno.ELOOP);
            fails(() -> directory.placeBeneath(RawPath.of("../secret")), Errno.EXDEV);
            fails(() -> directory.placeBeneath(RawPath.of("/etc/passwd")), Errno.EXDEV);
        }
    }

    @Test
    void a_fifo_does_not_hold_who_opens_it() throws IOException {
        try (var directory = Directory.open(root)) {
            directory.makeNode(RawPath.of("fifo"), FileStatus.Type.FIFO, DeviceNumber.NONE);
            directory.fileInRoot(RawPath.of("fifo")).close();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = FileStatus.Type.class,
            names = {"CHARACTER_DEVICE", "BLOCK_DEVICE"})
    void a_device_is_looked_at_and_never_opened(FileStatus.Type type) throws IOException {
        // The number of /dev/null, and of a disk in memory: the first can be opened by everybody.
        var name = RawPath.of("device");
        try (var directory = Directory.open(root)) {
            directory.makeNode(name, type, new DeviceNumber(1, 3));
            Files.createSymbolicLink(root.resolve("l"), Path.of("device"));

            fails(() -> directory.changingFile(name), Errno.ENXIO);
            fails(() -> directory.fileInRoot(name), Errno.ENXIO);
            fails(() -> directory.fileInRoot(RawPath.of("l")), Errno.ENXIO);
            fails(() -> directory.changingFile(RawPath.of("l")), Errno.ELOOP);
            directory.placeInRoot(name).close();
        }
    }

    @Test
    void missing_directories_are_made_inside() throws IOException {
        Files.createSymbolicLink(root.resolve("l"), Path.of("/etc"));
        try (var directory = Directory.open(root)) {
            directory.makeDirectoriesInRoot(RawPath.of("l/../../a/b"), 0700).close();
            directory.makeDirectoriesInRoot(RawPath.of("l/new"), 0750).close();
            directory.makeDirectoriesInRoot(RawPath.of("/"), 0700).close();
            fails(() -> directory.makeDirectoriesInRoot(RawPath.of("etc/passwd/x"), 0700), Errno.ENOTDIR);
        }

        assertThat(root.resolve("a/b")).isDirectory();
        assertThat(Files.getAttribute(root.resolve("etc/new"), "unix:mode")).isEqualTo(040750);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "/", ".."})
    void a_name_is_one_component(String name) throws IOException {
        try (var directory = Directory.open(root)) {
            assertThatThrownBy(() -> directory.remove(new RawPath(name))).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new RawPath("a\0b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_is_done_to_a_link_is_not_done_to_its_target() throws IOException {
        try (var directory = Directory.open(root)) {
            var link = RawPath.of("l");
            directory.makeSymlink(RawPath.of("../secret"), link);
            directory.setOwner(link, 7, 8);
            directory.setModified(link, Instant.ofEpochSecond(5, 6));
            fails(() -> directory.setMode(link, 0777), Errno.EOPNOTSUPP);
            fails(() -> directory.directory(link), Errno.ENOTDIR);
            fails(() -> directory.createFile(link), Errno.EEXIST);

            assertThat(directory.readLink(link)).hasToString("../secret");
            assertThat(directory.status(link).orElseThrow())
                    .returns(7, FileStatus::uid)
                    .returns(8, FileStatus::gid)
                    .returns(Instant.ofEpochSecond(5, 6), FileStatus::modified);
            directory.remove(link);
            directory.remove(link);
            assertThat(directory.status(link)).isEmpty();
        }
        assertThat(host.resolve("secret")).hasContent("the host's");
        assertThat(Files.getAttribute(host.resolve("secret"), "unix:mode")).isNotEqualTo(0100777);
    }

    @Test
    void a_tree_is_removed_however_deep_with_everything_in_it() throws IOException {
        try (var directory = Directory.open(root)) {
            var at = directory.makeDirectoriesInRoot(RawPath.of("t/" + "d/".repeat(1000)), 0);
            at.makeSymlink(RawPath.of("../../../../secret"), RawPath.of("l"));
            at.close();
            directory
                    .makeDirectoriesInRoot(RawPath.of("t/.removed-0/x/y"), 0755)
                    .close();
            directory.removeTree(RawPath.of("t"));
            directory.removeTree(RawPath.of("t"));

            assertThat(directory.status(RawPath.of("t"))).isEmpty();
        }
        assertThat(host.resolve("secret")).exists();
    }

    @Test
    void a_tree_is_removed_whose_directories_have_more_in_them_than_is_kept_in_memory() throws IOException {
        try (var directory = Directory.open(root)) {
            for (var place : List.of("t", "t/many", "t/many/below")) {
                Files.createDirectories(root.resolve(place));
                for (var i = 0; i < 12_000; i++) {
                    Files.createFile(root.resolve(place).resolve("file-" + i));
                }
            }
            directory.removeTree(RawPath.of("t"));
            assertThat(directory.status(RawPath.of("t"))).isEmpty();
        }
    }

    @Test
    void removing_a_tree_stops_at_a_mount() throws IOException {
        var mounted = Files.createDirectories(root.resolve("t/a/b/mounted"));
        Mounts.bind(host, mounted, List.of());
        try (var directory = Directory.open(root)) {
            assertThatThrownBy(() -> directory.removeTree(RawPath.of("t"))).isInstanceOf(LinuxException.class);
        } finally {
            for (var line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
                var place = line.split(" ", -1)[4];
                if (place.startsWith(root.toString())) {
                    Mounts.unmount(Path.of(place));
                }
            }
        }
        assertThat(host.resolve("secret")).exists();
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(host.toString());
    }

    @Test
    void bytes_that_are_no_text_are_shown_escaped() {
        assertThat(RawPath.of("ü\n")).hasToString("ü\\x0a");
        assertThat(new RawPath("\u00ff")).hasToString("\u00ff");
        assertThat(RawPath.of("ü").length()).isEqualTo(2);
    }

    private static void fails(ThrowingCallable call, int errno) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }
}
