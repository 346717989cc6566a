package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.HostTools;
import dev.lockstep.runtime.linux.CgroupTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HostChecksTest {
    @ParameterizedTest
    @CsvSource({"5.14.0-70.el9, OK", "6.12.1, OK", "5.10.0-21-amd64, MISSING", "4.19, MISSING", "weird, NOTE"})
    void kernels_from_5_14_on_will_do(String release, HostCheck.Verdict verdict) {
        assertThat(HostChecks.kernel(release).verdict()).isEqualTo(verdict);
    }

    @ParameterizedTest
    @CsvSource({"amd64, OK", "aarch64, OK", "riscv64, MISSING"})
    void two_architectures_will_do(String name, HostCheck.Verdict verdict) {
        assertThat(HostChecks.architecture(name).verdict()).isEqualTo(verdict);
    }

    @Test
    void a_kernel_without_limits_of_memory_is_told(@TempDir Path directory) throws IOException {
        var cgroups = CgroupTrees.unified(directory);
        Files.writeString(directory.resolve("cgroup.controllers"), "cpuset cpu io pids\n");
        assertThat(HostChecks.memory(cgroups).verdict()).isEqualTo(HostCheck.Verdict.NOTE);
        assertThat(HostChecks.memory(cgroups).found()).contains("put cgroup_enable=memory on its command line");

        Files.writeString(directory.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
        assertThat(HostChecks.memory(cgroups).verdict()).isEqualTo(HostCheck.Verdict.OK);
    }

    @ParameterizedTest
    @CsvSource({"2.34, OK", "2.41, OK", "3.0, OK", "2.31, MISSING", ", MISSING"})
    void glibc_from_2_34_on_will_do(@Nullable String version, HostCheck.Verdict verdict) {
        assertThat(HostChecks.libc(Optional.ofNullable(version)).verdict()).isEqualTo(verdict);
    }

    /** What each of them has in os-release(5). */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ID=debian                                           | DEBIAN
            ID=ubuntu,ID_LIKE=debian                            | DEBIAN
            ID="rocky",ID_LIKE="rhel centos fedora"             | RED_HAT
            ID="amzn",ID_LIKE="fedora"                          | RED_HAT
            ID="opensuse-leap",ID_LIKE="suse opensuse"          | SUSE
            ID="sles",ID_LIKE="suse"                            | SUSE
            NAME="Arch Linux",ID=arch                           | ARCH
            ID_LIKE=arch,ID=manjaro                             | ARCH
            ID=alpine,PRETTY_NAME="Alpine, not debian"          |
            """)
    void a_distribution_is_known_by_its_family(String lines, @Nullable Distribution family) {
        assertThat(Distribution.of(List.of(lines.split(",")))).isEqualTo(Optional.ofNullable(family));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            DEBIAN  | apt-get install libnftables1
            RED_HAT | dnf install nftables
            SUSE    | zypper install libnftables1
            ARCH    | pacman -S nftables
                    | install what Debian calls libnftables1
            """)
    void packages_are_named_as_the_distribution_names_them(@Nullable Distribution family, String words) {
        assertThat(new Packages("libnftables1", "nftables", "libnftables1", "nftables")
                        .install(Optional.ofNullable(family)))
                .isEqualTo(words);
    }

    @ParameterizedTest
    @EnumSource(Distribution.class)
    void each_missing_program_comes_with_the_command_that_installs_it(Distribution family) throws IOException {
        var checks = new HostChecks(new HostTools(List.of()), Optional.of(family)).all();

        for (var what : List.of("OCI runtime", "conmon", "aardvark-dns", "flock")) {
            assertThat(checks)
                    .filteredOn(c -> c.what().equals(what))
                    .singleElement()
                    .satisfies(c -> {
                        assertThat(c.verdict()).isEqualTo(HostCheck.Verdict.MISSING);
                        assertThat(c.found()).containsPattern("; " + family.command() + " \\S+");
                    });
        }
        assertThat(checks)
                .filteredOn(c -> c.what().equals("init"))
                .singleElement()
                .satisfies(c -> assertThat(c.verdict()).isEqualTo(HostCheck.Verdict.NOTE));
    }
}
