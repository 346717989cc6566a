package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EtcFileTest {
    /** As docker 26.1 wrote them, but for the name in the middle of the last. */
    @ParameterizedTest
    @CsvSource({
        "a,     '',  a",
        "a,     d,   a.d a",
        "a.b,   '',  a.b a",
        "a_b,   '',  a_b",
        "A.B_c, '',  A.B_c A",
        "a.b.c, d.e, a.b.c.d.e a.b.c a"
    })
    void a_container_finds_itself_by_its_name_in_full_and_in_short(String hostname, String domain, String names) {
        assertThat(EtcFiles.names(hostname, Optional.of(domain).filter(name -> !name.isEmpty())))
                .isEqualTo(names);
    }

    @Test
    void lines_that_a_program_added_are_kept_and_ours_are_renewed(@TempDir Path directory) throws IOException {
        var file = directory.resolve("hosts");
        var hosts = new EtcFile(file);
        hosts.write(List.of("127.0.0.1 localhost", "10.0.0.2 box"));
        var inode = Files.getAttribute(file, "unix:ino");
        Files.writeString(file, Files.readString(file) + "10.9.9.9 added\n");
        hosts.write(List.of("127.0.0.1 localhost", "10.0.0.3 box"));
        assertThat(file).hasContent("127.0.0.1 localhost\n10.0.0.3 box\n10.9.9.9 added");
        assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(inode);
    }

    /** It would not fit into the memory of an agent, which would end with all of them. */
    @Test
    void a_file_that_a_program_has_blown_up_is_begun_anew(@TempDir Path directory) throws IOException {
        var file = directory.resolve("hosts");
        var hosts = new EtcFile(file);
        hosts.write(List.of("127.0.0.1 localhost"));
        var inode = Files.getAttribute(file, "unix:ino");
        try (var blown = new RandomAccessFile(file.toFile(), "rw")) {
            blown.setLength(3L << 30); // a hole
        }
        hosts.write(List.of("127.0.0.1 localhost"));
        assertThat(file).hasContent("127.0.0.1 localhost");
        assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(inode);
    }

    @Test
    void a_directory_in_its_place_is_named_and_once_it_is_gone_all_is_well(@TempDir Path directory) throws IOException {
        var file = Files.createDirectory(directory.resolve("hosts"));
        var hosts = new EtcFile(file);
        assertThatThrownBy(() -> hosts.write(List.of("127.0.0.1 localhost")))
                .hasMessage(file + " is a directory in the place of a file. Remove it: the file is made anew.");
        Files.delete(file);
        hosts.write(List.of("127.0.0.1 localhost"));
        assertThat(file).hasContent("127.0.0.1 localhost");
    }
}
