package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runtimes that a service asks for by name. */
class NamedRuntimeIT {
    @TempDir
    Path directory;

    private RuntimeChoice choice;

    @BeforeEach
    void open() throws IOException {
        choice = new RuntimeChoice(
                Root.open(directory.resolve("state"), directory.resolve("run")), HostTools.ofThisProcess());
    }

    @Test
    void one_that_starts_containers_is_found_by_each_of_its_names() throws IOException {
        var runc = choice.get("runc");
        assertThat(choice.get("io.containerd.runc.v2")).isEqualTo(runc);
        assertThat(choice.get(runc.program().toString())).isEqualTo(runc);
    }

    @Test
    void what_another_root_or_a_full_disk_left_is_found_out_again() throws IOException {
        var runc = choice.get("runc");
        var other = new RuntimeChoice(
                Root.open(directory.resolve("another"), directory.resolve("run")), HostTools.ofThisProcess());
        assertThat(other.get("runc")).isEqualTo(runc);
        try (var kept = Files.newDirectoryStream(directory.resolve("run"), "oci-runtime*.json")) {
            for (var file : kept) {
                Files.writeString(file, "{");
            }
        }
        assertThat(other.get("runc")).isEqualTo(runc);
    }

    @Test
    void one_that_cannot_be_used_here_says_why() throws IOException {
        assertThatThrownBy(() -> choice.get("nothing-here"))
                .hasMessageStartingWith("The container runtime nothing-here is not on this host.");
        assertThatThrownBy(() -> choice.get("../runc")).hasMessageContaining("is no name of a container runtime");
        var broken = directory.resolve("broken");
        Files.writeString(broken, "#!/bin/sh\necho does not work >&2\nexit 1\n");
        Files.setPosixFilePermissions(broken, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThatThrownBy(() -> choice.get(broken.toString()))
                .hasMessageContaining("starts no container on this host: does not work");
        if (Cgroups.detect().isHybrid()) {
            assertThatThrownBy(() -> choice.get("crun"))
                    .hasMessageContaining("crun starts no container on this host, where versions 1 and 2 of cgroups");
        } else {
            assertThat(choice.get("crun").name()).isEqualTo("crun");
        }
    }
}
