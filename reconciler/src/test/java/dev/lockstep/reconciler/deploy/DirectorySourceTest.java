package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a plain directory that become part of containers. */
class DirectorySourceTest {
    @TempDir
    Path directory;

    @Test
    void a_file_has_its_bytes_and_whether_it_can_be_run() throws IOException {
        var source = new DirectorySource(LoadRequest.of(new DirectoryTree(directory)), directory);
        Files.createDirectory(directory.resolve("web"));
        var script = Files.writeString(directory.resolve("web/entry.sh"), "#!/bin/sh\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rw-r-xr-x"));

        assertThat(source.read("web", "./entry.sh")).asString().isEqualTo("#!/bin/sh\n");
        assertThat(source.isExecutable("web", "./entry.sh")).isFalse();
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        assertThat(source.isExecutable("web", "./entry.sh")).isTrue();
        assertThatThrownBy(() -> source.read("web", "other"))
                .hasMessage("the file " + directory + "/web/other does not exist");
    }
}
