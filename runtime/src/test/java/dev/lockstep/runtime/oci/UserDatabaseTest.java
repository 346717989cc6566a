package dev.lockstep.runtime.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserDatabaseTest {
    private static final UserDatabase USERS = UserDatabase.parse(
            "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/var/www:/bin/false\nbroken:x:abc:1:::\n\n1000:x:7:7::/n:\n",
            "root:x:0:\nweb:x:34:\nextra:x:99:other,web\nmore:x:50:web\n50:x:0:\nbad\n");

    @Test
    void a_name_has_its_groups_with_the_primary_one() {
        assertThat(USERS.resolve("web")).isEqualTo(new ContainerUser(33, 34, List.of(34, 50, 99), "/var/www"));
    }

    @Test
    void a_group_that_is_asked_for_stands_alone() {
        assertThat(USERS.resolve("web:extra")).isEqualTo(new ContainerUser(33, 99, List.of(99), "/var/www"));
        assertThat(USERS.resolve(":web")).isEqualTo(new ContainerUser(0, 34, List.of(34), "/root"));
        assertThat(USERS.resolve("5:6")).isEqualTo(new ContainerUser(5, 6, List.of(6), "/"));
    }

    @Test
    void a_number_needs_no_entry_and_no_entry_makes_it_another() {
        assertThat(USERS.resolve("4000")).isEqualTo(new ContainerUser(4000, 0, List.of(0), "/"));
        // The entry 1000 has the id 7, the group 50 is 0. Docker 26.1 takes the first for a number, too.
        assertThat(USERS.resolve("1000")).isEqualTo(new ContainerUser(1000, 0, List.of(0), "/"));
        assertThat(USERS.resolve("5:50", List.of("50")).additionalGids()).containsExactly(50);
        assertThat(USERS.resolve("")).isEqualTo(new ContainerUser(0, 0, List.of(0), "/root"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nemo", "broken", "web:nobody", "4294967295", "-1", "2147483648", "1:2147483648", "a b"})
    void what_is_unknown_or_too_large_is_refused(String text) {
        assertThatThrownBy(() -> USERS.resolve(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_link_out_of_the_root_finds_nothing_of_the_host(@TempDir Path root) throws IOException {
        Files.createDirectories(root.resolve("etc"));
        Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("../../../../../../etc/passwd"));
        Files.createSymbolicLink(root.resolve("etc/group"), Path.of("/proc/self/root/etc/group"));
        assertThatThrownBy(() -> UserDatabase.read(root).resolve("root")).hasMessageContaining("no user \"root\"");
    }

    @Test
    void a_fifo_or_a_huge_file_in_its_place_does_not_hold_us_up(@TempDir Path root) throws Exception {
        Files.createDirectories(root.resolve("etc"));
        new ProcessBuilder("mkfifo", root.resolve("etc/passwd").toString())
                .start()
                .waitFor();
        try (var sparse = new java.io.RandomAccessFile(root.resolve("etc/group").toFile(), "rw")) {
            sparse.setLength(10L << 30);
        }
        assertThatThrownBy(() -> UserDatabase.read(root)).hasMessageContaining("/etc/passwd is neither");
        Files.delete(root.resolve("etc/passwd"));
        assertThatThrownBy(() -> UserDatabase.read(root)).hasMessageContaining("/etc/group is as large as");
        Files.delete(root.resolve("etc/group"));
        assertThat(UserDatabase.read(root).resolve("0").uid()).isZero();
    }

    @Test
    void what_cannot_be_opened_like_a_file_is_told_as_a_fifo_is(@TempDir Path root) throws IOException {
        Files.createDirectories(root.resolve("etc"));
        try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(root.resolve("etc/passwd")));
            assertThatThrownBy(() -> UserDatabase.read(root)).hasMessageContaining("/etc/passwd is neither");
        }
    }
}
