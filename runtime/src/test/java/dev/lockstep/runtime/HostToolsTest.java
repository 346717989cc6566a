package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostToolsTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(HostTools.Tool.class)
    void a_missing_program_comes_with_the_command_that_installs_it(HostTools.Tool tool) {
        assertThat(new HostTools(List.of(directory)).find(tool)).isEmpty();
        assertThat(tool.remedy()).contains("install");
    }

    @Test
    void what_cannot_be_run_is_not_found() throws IOException {
        var file = Files.writeString(directory.resolve("conmon"), "#!/bin/sh\n");
        var tools = new HostTools(List.of(directory));
        assertThat(tools.find(HostTools.Tool.CONMON)).isEmpty();

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(tools.find(HostTools.Tool.CONMON)).containsExactly(file);
    }
}
