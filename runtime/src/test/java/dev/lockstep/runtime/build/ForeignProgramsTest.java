package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which programs of other platforms a host starts. */
class ForeignProgramsTest {
    private static final Platform ARM = Platform.parse("linux/arm64");

    @TempDir
    Path handlers;

    private void check(Platform platform) throws BuildException {
        new ForeignPrograms(Platform.parse("linux/amd64"), handlers).check(platform);
    }

    @Test
    void those_of_the_host_need_no_handler_and_others_need_one_that_is_on_and_open() throws IOException {
        assertThatCode(() -> check(Platform.parse("linux/amd64"))).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(ARM))
                .isInstanceOf(BuildException.class)
                .hasMessageStartingWith("programs for linux/arm64 do not run on this host, which is linux/amd64: ")
                .hasMessageContaining("qemu-user-static")
                .hasMessageContaining("$BUILDPLATFORM");
        var handler = handlers.resolve("qemu-aarch64");
        for (var text : new String[] {
            "disabled\ninterpreter /usr/bin/qemu\nflags: OCF\n", "enabled\ninterpreter /usr/bin/qemu\nflags: OC\n"
        }) {
            Files.writeString(handler, text);
            assertThatThrownBy(() -> check(ARM)).isInstanceOf(BuildException.class);
        }
        Files.writeString(handler, "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\noffset 0\n");
        assertThatCode(() -> check(ARM)).doesNotThrowAnyException();
    }
}
