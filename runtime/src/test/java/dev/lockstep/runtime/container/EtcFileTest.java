package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcFileTest {
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
}
