package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformTest {
    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "linux/amd64    | linux/arm64 linux/amd64                  | 1",
                "linux/amd64    | linux/amd64 linux/amd64                  | 0",
                "linux/amd64    | windows/amd64 linux/386                  | -1",
                "linux/amd64    | unknown/unknown                          | -1",
                "linux/amd64    | any linux/amd64                          | 1",
                "linux/amd64    | linux/arm64 any                          | 1",
                "linux/amd64    | linux/amd64/v3 linux/amd64               | 1",
                "linux/amd64/v3 | linux/amd64 linux/amd64/v2 linux/amd64/v4 | 1",
                "linux/arm64    | linux/arm/v7 linux/arm64/v8              | 1",
                "linux/arm64/v8 | linux/arm64                              | 0",
                "linux/arm/v7   | linux/arm/v5 linux/arm/v6 linux/arm64    | 1",
                "linux/arm/v6   | linux/arm/v7                             | -1",
                "linux/arm      | linux/arm/v6 linux/arm/v7                | 1",
                "linux/riscv64  | linux/amd64 linux/riscv64                | 1",
                "linux/x86_64   | linux/arm64 linux/amd64                  | 1",
                "linux/aarch64  | linux/amd64 linux/arm64                  | 1"
            })
    void the_best_manifest_for_a_platform_is_picked(String platform, String candidates, int expected) {
        var manifests = new ArrayList<Descriptor>();
        for (var candidate : candidates.strip().split(" +", -1)) {
            manifests.add(manifest(
                    manifests.size(),
                    candidate.equals("any") ? Optional.empty() : Optional.of(Platform.parse(candidate)),
                    Map.of()));
        }

        var picked = Platform.parse(platform.strip()).pick(manifests);

        assertThat(picked.map(manifests::indexOf).orElse(-1)).isEqualTo(expected);
    }

    @Test
    void an_attestation_is_never_picked() {
        var attestation = manifest(
                0, Optional.of(Platform.current()), Map.of("vnd.docker.reference.type", "attestation-manifest"));

        assertThat(Platform.current().pick(List.of(attestation))).isEmpty();
    }

    @Test
    void linux_alone_is_this_machine() {
        assertThat(Platform.parse("linux")).isEqualTo(Platform.current());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "plan9", "linux/", "/amd64", "linux/arm/v7/x", "linux/a b", "linux/../x"})
    void what_is_no_platform_is_refused(String text) {
        assertThatThrownBy(() -> Platform.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("linux/arm64/v8");
    }

    private static Descriptor manifest(int number, Optional<Platform> platform, Map<String, String> annotations) {
        return new Descriptor(
                MediaType.OCI_MANIFEST, new Digest("%064x".formatted(number)), 1, platform, annotations, List.of());
    }
}
