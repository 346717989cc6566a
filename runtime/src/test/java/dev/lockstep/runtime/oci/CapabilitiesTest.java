package dev.lockstep.runtime.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class CapabilitiesTest {
    private static final List<String> HOST = java.util.stream.Stream.concat(
                    Capabilities.DEFAULT.stream(), List.of("CAP_NET_ADMIN").stream())
            .toList();

    @Test
    void as_docker_reckons() {
        assertThat(Capabilities.of(List.of(), List.of(), HOST)).isEqualTo(Capabilities.DEFAULT);
        assertThat(Capabilities.of(List.of(), List.of("ALL"), HOST)).isEmpty();
        assertThat(Capabilities.of(List.of("CAP_CHOWN"), List.of("ALL"), HOST)).containsExactly("CAP_CHOWN");
        assertThat(Capabilities.of(List.of("ALL"), List.of("CAP_CHOWN"), HOST))
                .contains("CAP_NET_ADMIN")
                .doesNotContain("CAP_CHOWN");
        assertThat(Capabilities.of(List.of("ALL"), List.of("ALL"), HOST)).isEqualTo(HOST);
        // Named on both sides: added.
        assertThat(Capabilities.of(List.of("CAP_KILL"), List.of("CAP_KILL"), HOST))
                .contains("CAP_KILL");
        assertThatThrownBy(() -> Capabilities.of(List.of("CAP_BPF"), List.of(), HOST))
                .hasMessage("this host has no capability CAP_BPF");
    }

    @Test
    void the_host_has_the_usual_ones() throws IOException {
        assertThat(Capabilities.ofHost()).containsAll(Capabilities.DEFAULT);
    }
}
