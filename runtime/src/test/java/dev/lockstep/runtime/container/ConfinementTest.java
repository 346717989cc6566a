package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** AppArmor and SELinux, which the machines that run this may not have. */
class ConfinementTest {
    private static final String ID = "0123456789abcdef".repeat(4);

    private static Path kernel(Path directory, String enabled, String profiles) throws IOException {
        Files.createDirectories(directory.resolve("parameters"));
        Files.writeString(directory.resolve("parameters/enabled"), enabled);
        Files.writeString(directory.resolve("profiles"), profiles);
        return directory;
    }

    @Test
    void the_default_profile_is_dockers_where_it_is_loaded(@TempDir Path directory) throws IOException {
        var with = kernel(directory, "Y\n", "docker-default (enforce)\nweb (complain)\n");
        assertThat(AppArmor.profile(Optional.empty(), false, with, with)).contains("docker-default");
        assertThat(AppArmor.profile(Optional.empty(), true, with, with)).isEmpty();
        assertThat(AppArmor.profile(Optional.of("web"), true, with, with)).contains("web");
        assertThat(AppArmor.profile(Optional.of("unconfined"), false, with, with))
                .isEmpty();
        assertThatThrownBy(() -> AppArmor.profile(Optional.of("we"), false, with, with))
                .hasMessageContaining("the AppArmor profile we is not loaded");
    }

    @Test
    void a_wall_that_the_kernel_does_not_have_is_not_promised(@TempDir Path directory) throws IOException {
        var without = kernel(directory, "N\n", "");
        assertThat(AppArmor.profile(Optional.empty(), false, without, without)).isEmpty();
        assertThatThrownBy(() -> AppArmor.profile(Optional.of("web"), false, without, without))
                .hasMessageContaining("has no AppArmor");
    }

    @Test
    void labels_keep_containers_apart_and_can_be_given_or_switched_off() {
        var one = SelinuxLabels.of(List.of(), ID).orElseThrow();
        var other = SelinuxLabels.of(List.of(), "f" + ID.substring(1)).orElseThrow();
        assertThat(one.process())
                .matches("system_u:system_r:container_t:s0:c\\d+,c\\d+")
                .isNotEqualTo(other.process());
        assertThat(one.mount()).isEqualTo(one.process().replace("system_r:container_t", "object_r:container_file_t"));
        assertThat(SelinuxLabels.of(List.of("type:web_t", "level:s0:c1,c2"), ID).orElseThrow())
                .isEqualTo(new SelinuxLabels(
                        "system_u:system_r:web_t:s0:c1,c2", "system_u:object_r:container_file_t:s0:c1,c2"));
        assertThat(SelinuxLabels.of(List.of("disable"), ID)).isEmpty();
        assertThatThrownBy(() -> SelinuxLabels.of(List.of("colour:red"), ID)).hasMessageContaining("is no label");
        for (var id : List.of("0".repeat(64), "f".repeat(64))) {
            var level = SelinuxLabels.of(List.of(), id)
                    .orElseThrow()
                    .process()
                    .replaceFirst(".*:s0:c", "")
                    .split(",c", -1);
            assertThat(Integer.parseInt(level[0])).isBetween(0, 1022);
            assertThat(Integer.parseInt(level[1])).isBetween(Integer.parseInt(level[0]) + 1, 1023);
        }
    }
}
