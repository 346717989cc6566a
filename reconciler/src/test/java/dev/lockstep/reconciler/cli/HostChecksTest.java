package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.HostTools;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    void each_missing_program_comes_with_the_command_that_installs_it() throws IOException {
        var checks = new HostChecks(new HostTools(List.of())).all();

        for (var what : List.of("OCI runtime", "conmon", "aardvark-dns", "flock")) {
            assertThat(checks)
                    .filteredOn(c -> c.what().equals(what))
                    .singleElement()
                    .satisfies(c -> {
                        assertThat(c.verdict()).isEqualTo(HostCheck.Verdict.MISSING);
                        assertThat(c.found()).containsPattern("; (apt-get|dnf) install \\S+");
                    });
        }
        assertThat(checks)
                .filteredOn(c -> c.what().equals("init"))
                .singleElement()
                .satisfies(c -> assertThat(c.verdict()).isEqualTo(HostCheck.Verdict.NOTE));
    }
}
