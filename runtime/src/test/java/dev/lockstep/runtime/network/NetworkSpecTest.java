package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Json;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NetworkSpecTest {
    @Test
    void names_that_cannot_be_files_are_refused() {
        for (var name : new String[] {"", "a/b", "..", "-a", "a b", "a%int", "a:b"}) {
            assertThatThrownBy(() -> spec(name, "10.0.0.0/24", "", "", Map.of()))
                    .hasMessageContaining("invalid network name");
        }
    }

    @Test
    void gateway_and_range_lie_in_the_subnet() {
        assertThatThrownBy(() -> spec("n", "10.0.0.0/24", "10.0.1.1", "", Map.of()))
                .hasMessage("network n: gateway 10.0.1.1 is no host address of 10.0.0.0/24");
        assertThatThrownBy(() -> spec("n", "10.0.0.0/24", "10.0.0.255", "", Map.of()))
                .hasMessageContaining("is no host address");
        assertThatThrownBy(() -> spec("n", "10.0.0.0/24", "", "10.0.1.0/28", Map.of()))
                .hasMessage("network n: ip_range 10.0.1.0/28 is not inside 10.0.0.0/24");
        assertThatThrownBy(() -> spec("n", "", "10.0.1.1", "", Map.of())).hasMessageContaining("need a subnet");
        assertThatThrownBy(() -> spec("n", "10.0.0.0/31", "", "", Map.of())).hasMessageContaining("/30 or larger");
    }

    @Test
    void driver_options_without_effect_are_refused_and_the_mtu_is_one_with() {
        assertThatThrownBy(() -> spec("n", "", "", "", Map.of("com.docker.network.bridge.nmae", "x")))
                .hasMessageContaining("driver option com.docker.network.bridge.nmae is not supported");
        assertThat(spec("n", "", "", "", Map.of("com.docker.network.driver.mtu", "1400"))
                        .mtu())
                .contains(1400);
        assertThatThrownBy(() -> spec("n", "", "", "", Map.of("com.docker.network.driver.mtu", "big")))
                .hasMessageContaining("\"big\"");
    }

    @Test
    void is_read_from_json_as_it_was_written() throws IOException {
        var json = Json.mapper();
        var spec = spec("n", "10.0.0.0/24", "10.0.0.9", "10.0.0.64/26", Map.of());
        assertThat(json.readValue(json.writeValueAsString(spec), NetworkSpec.class))
                .isEqualTo(spec);
        assertThat(json.writeValueAsString(spec)).contains("\"subnet\":\"10.0.0.0/24\"");
    }

    private static NetworkSpec spec(
            String name, String subnet, String gateway, String range, Map<String, String> options) {
        return new NetworkSpec(
                name,
                new Owner("here", "shop", Optional.empty()),
                false,
                present(subnet).map(Cidr::parse),
                present(gateway).map(Ipv4::parse),
                present(range).map(Cidr::parse),
                Optional.empty(),
                options,
                Map.of());
    }

    private static Optional<String> present(String text) {
        return Optional.of(text).filter(t -> !t.isEmpty());
    }
}
