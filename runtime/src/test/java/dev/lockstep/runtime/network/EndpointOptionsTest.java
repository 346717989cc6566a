package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndpointOptionsTest {
    private static EndpointOptions with(Optional<String> mac, Optional<String> name, List<String> linkLocal) {
        return new EndpointOptions(mac, 0, name, linkLocal, Map.of(), List.of(), false);
    }

    @Test
    void a_hardware_address_is_kept_in_one_form_and_belongs_to_one_interface() {
        assertThat(with(Optional.of("02-42-AC-11-00-02"), Optional.empty(), List.of())
                        .macAddress())
                .contains("02:42:ac:11:00:02");
        assertThatThrownBy(() -> with(Optional.of("02:42"), Optional.empty(), List.of()))
                .hasMessageContaining("write six bytes like 02:42:ac:11:00:02");
        assertThatThrownBy(() -> with(Optional.of("03:42:ac:11:00:02"), Optional.empty(), List.of()))
                .hasMessageContaining("is of a group");
    }

    @Test
    void an_interface_has_a_name_that_the_kernel_takes() {
        for (var name : List.of(
                "lo", "all", "default", "a b", "a/b", "a:b", "a%d", "sixteen-or-longer", "fünfzehnzeichen", "..")) {
            assertThatThrownBy(() -> with(Optional.empty(), Optional.of(name), List.of()))
                    .as(name)
                    .hasMessageContaining("is no name of an interface");
        }
        assertThat(with(Optional.empty(), Optional.of("wan.0"), List.of()).interfaceName())
                .contains("wan.0");
    }

    @Test
    void link_local_addresses_are_link_local() {
        assertThat(with(Optional.empty(), Optional.empty(), List.of("169.254.8.9"))
                        .linkLocal())
                .containsExactly("169.254.8.9");
        assertThatThrownBy(() -> with(Optional.empty(), Optional.empty(), List.of("10.0.0.1")))
                .hasMessageContaining("is not link-local");
        assertThatThrownBy(() -> with(Optional.empty(), Optional.empty(), List.of("169.254.8.256")))
                .hasMessageContaining("is not link-local");
    }

    @Test
    void dockers_options_of_an_endpoint_are_read_and_others_refused() {
        var options = EndpointOptions.NONE.with(Map.of(
                "com.docker.network.endpoint.ifname",
                "wan0",
                "com.docker.network.endpoint.sysctls",
                "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.rp_filter=0"));

        assertThat(options.interfaceName()).contains("wan0");
        assertThat(options.sysctls())
                .containsExactly(
                        Map.entry("ipv4.conf.IFNAME.log_martians", "1"), Map.entry("ipv4.conf.IFNAME.rp_filter", "0"));
        assertThatThrownBy(() -> EndpointOptions.NONE.with(Map.of("com.docker.network.endpoint.ifnam", "x")))
                .hasMessageContaining("Did you mean \"com.docker.network.endpoint.ifname\"?");
        assertThatThrownBy(() -> EndpointOptions.NONE.with(
                        Map.of("com.docker.network.endpoint.sysctls", "net.ipv4.ip_forward=1")))
                .hasMessageContaining("takes settings of the interface");
    }
}
