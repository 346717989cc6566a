package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** AppArmor and SELinux, which the machines that run this may not have. */
class ConfinementTest {
    private static final String ID = "0123456789abcdef".repeat(4);

    private static AppArmor kernel(Path directory, String enabled, String profiles) throws IOException {
        Files.createDirectories(directory.resolve("parameters"));
        Files.writeString(directory.resolve("parameters/enabled"), enabled);
        Files.writeString(directory.resolve("profiles"), profiles);
        return new AppArmor(directory, directory);
    }

    @Test
    void the_default_profile_is_dockers_where_it_is_loaded(@TempDir Path directory) throws IOException {
        var with = kernel(directory, "Y\n", "docker-default (enforce)\nweb (complain)\n");
        assertThat(with.profile(Optional.empty(), false)).contains("docker-default");
        assertThat(with.profile(Optional.empty(), true)).isEmpty();
        assertThat(with.profile(Optional.of("web"), true)).contains("web");
        assertThat(with.profile(Optional.of("unconfined"), false)).isEmpty();
        assertThatThrownBy(() -> with.profile(Optional.of("we"), false))
                .hasMessageContaining("the AppArmor profile we is not loaded");
    }

    @Test
    void a_wall_that_the_kernel_does_not_have_is_not_promised(@TempDir Path directory) throws IOException {
        var without = kernel(directory, "N\n", "");
        assertThat(without.profile(Optional.empty(), false)).isEmpty();
        assertThatThrownBy(() -> without.profile(Optional.of("web"), false)).hasMessageContaining("has no AppArmor");
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
        assertThat(SelinuxLabels.of(List.of("filetype:web_file_t", "user:web_u"), ID)
                        .map(labels -> List.of(labels.shared(), labels.mount().replaceFirst(":s0:c.*", "")))
                        .orElseThrow())
                .containsExactly("web_u:object_r:web_file_t:s0", "web_u:object_r:web_file_t");
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

    private static Isolation isolation(Namespaces namespaces, List<String> labels) {
        return new Isolation(
                false,
                false,
                List.of(),
                List.of(),
                new SecurityOptions(Optional.empty(), Optional.empty(), Optional.empty(), labels, false),
                namespaces,
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    @Test
    void who_has_the_host_s_processes_has_no_label_but_the_one_that_it_asks_for() {
        var ofHost = Optional.<NamespaceMode>of(new NamespaceMode.Host());
        var none = Namespaces.NONE;
        var pid = new Namespaces(none.network(), ofHost, none.ipc(), none.uts(), none.user(), none.cgroup());
        var ipc = new Namespaces(none.network(), none.pid(), ofHost, none.uts(), none.user(), none.cgroup());
        for (var namespaces : List.of(pid, ipc)) {
            assertThat(SelinuxLabels.of(isolation(namespaces, List.of()), ID)).isEmpty();
            assertThat(SelinuxLabels.of(isolation(namespaces, List.of("type:spc_t")), ID)
                            .orElseThrow()
                            .process())
                    .startsWith("system_u:system_r:spc_t:");
        }
        assertThat(SelinuxLabels.of(isolation(none, List.of()), ID)).isPresent();
    }

    @Test
    void files_for_all_containers_have_no_categories() {
        var labels = SelinuxLabels.of(List.of(), "0123456789abcdef").orElseThrow();
        assertThat(labels.shared()).isEqualTo("system_u:object_r:container_file_t:s0");
        assertThat(labels.mount()).startsWith("system_u:object_r:container_file_t:s0:c");
    }
}
