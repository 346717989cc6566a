package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The attribute is one of any file system; what a kernel with SELinux makes of it is not seen here. */
class RelabellingIT {
    private static final String LABEL = "system_u:object_r:container_file_t:s0";

    @TempDir
    Path directory;

    private Optional<String> label(String name) throws IOException {
        try (var above = Directory.open(directory)) {
            return Optional.ofNullable(above.attributes(RawPath.of(name)).get("security.selinux"))
                    .map(bytes -> new String(bytes, StandardCharsets.US_ASCII));
        }
    }

    @Test
    void a_tree_is_labelled_and_nothing_outside_of_it() throws IOException {
        Files.createDirectories(directory.resolve("tree"));
        Files.writeString(directory.resolve("tree/file"), "x");
        Files.writeString(directory.resolve("outside"), "x");
        Files.createSymbolicLink(directory.resolve("tree/link"), directory.resolve("outside"));
        Relabelling.relabel(directory.resolve("tree"), LABEL);
        assertThat(label("tree")).contains(LABEL + "\0");
        assertThat(label("outside")).isEmpty();
        try (var tree = Directory.open(directory.resolve("tree"))) {
            assertThat(tree.attributes(RawPath.of("file"))).containsKey("security.selinux");
        }
        Relabelling.relabel(directory.resolve("outside"), LABEL);
        assertThat(label("outside")).contains(LABEL + "\0");
    }

    @Test
    void what_the_host_lives_in_is_not() {
        for (var path : new String[] {"/", "/etc", "/home", "/usr", "/var/lib"}) {
            assertThatThrownBy(() -> Relabelling.relabel(Path.of(path), LABEL))
                    .hasMessage(path + " is the host's own and is not relabelled; mount a directory below it, or leave"
                            + " selinux out");
        }
    }
}
