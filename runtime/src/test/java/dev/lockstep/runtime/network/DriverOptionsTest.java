package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.network.DriverOptions.GatewayMode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DriverOptionsTest {
    private static DriverOptions bridge(String option, String value) {
        return DriverOptions.of("bridge", Map.of("com.docker.network." + option, value), true);
    }

    @Test
    void what_is_not_said_is_as_docker_has_it() {
        var options = DriverOptions.of("bridge", Map.of(), false);

        assertThat(options.betweenContainers()).isTrue();
        assertThat(options.masquerade()).isTrue();
        assertThat(options.bridgeAddress()).isTrue();
        assertThat(options.interfacePrefix()).isEqualTo("eth");
        assertThat(options.gatewayMode()).isEqualTo(GatewayMode.NAT);
        assertThat(options.mtu()).isEmpty();
    }

    @Test
    void each_is_read() {
        assertThat(bridge("bridge.name", "br-shop").bridgeName()).contains("br-shop");
        assertThat(bridge("bridge.enable_icc", "False").betweenContainers()).isFalse();
        assertThat(bridge("bridge.enable_ip_masquerade", "0").masquerade()).isFalse();
        assertThat(bridge("bridge.inhibit_ipv4", "t").bridgeAddress()).isFalse();
        assertThat(bridge("bridge.host_binding_ipv4", "127.0.0.1").hostBinding())
                .contains("127.0.0.1");
        assertThat(bridge("bridge.gateway_mode_ipv4", "nat-unprotected").gatewayMode())
                .isEqualTo(GatewayMode.NAT_UNPROTECTED);
        assertThat(bridge("bridge.gateway_mode_ipv6", "isolated").gatewayMode6())
                .isEqualTo(GatewayMode.ISOLATED);
        assertThat(bridge("container_iface_prefix", "lan").interfacePrefix()).isEqualTo("lan");
        assertThat(bridge("driver.mtu", "1400").mtu()).contains(1400);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    bridge.enable_ic      | true     | has no option "com.docker.network.bridge.enable_ic". Did you mean "com.docker.network.bridge.enable_icc"?
                    nonsense              | 1        | has no option "com.docker.network.nonsense"; there are com.docker.network.bridge.enable_icc,
                    bridge.enable_icc     | yes      | com.docker.network.bridge.enable_icc takes true or false, not "yes"
                    bridge.name           | a/b      | "a/b" cannot be the name of an interface
                    bridge.name           | averylongbridge1 | up to 15 bytes
                    bridge.name           | brücke-überall | "brücke-überall" cannot be the name of an interface
                    bridge.name           | ..       | ".." cannot be the name of an interface
                    bridge.name           | br%d     | "br%d" cannot be the name of an interface
                    bridge.name           | all      | a bridge cannot be called "all": the kernel has all, default and lo in every
                    bridge.name           | default  | a bridge cannot be called "default"
                    bridge.name           | lo       | a bridge cannot be called "lo"
                    bridge.name           | *        | "*" means something else in rules of a firewall
                    bridge.name           | eth*     | "eth*" means something else in rules of a firewall
                    bridge.name           | @bridges | "@bridges" means something else in rules of a firewall
                    container_iface_prefix | thirteen-long | "thirteen-long000" cannot be the name of an interface
                    bridge.host_binding_ipv4 | here  | takes an IPv4 address of the host, not "here"
                    bridge.gateway_mode_ipv4 | open  | takes nat, nat-unprotected, routed or isolated, not "open"
                    driver.mtu            | big      | the MTU is a number of bytes, got "big"
                    driver.mtu            | 67       | the MTU goes from 68 to 65535 bytes
                    """)
    void what_cannot_be_is_refused_with_a_sentence(String option, String value, String message) {
        assertThatThrownBy(() -> bridge(option, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void isolated_is_of_internal_networks() {
        var options = Map.of("com.docker.network.bridge.gateway_mode_ipv4", "isolated");

        assertThatThrownBy(() -> DriverOptions.of("bridge", options, false)).hasMessageContaining("internal: true");
    }

    @Test
    void macvlan_has_a_parent_a_mode_and_perhaps_a_vlan() {
        var options = DriverOptions.of("macvlan", Map.of("parent", "eth0.10", "macvlan_mode", "private"), false);

        assertThat(options.parent()).contains("eth0.10");
        assertThat(options.vlan()).contains(10);
        assertThat(options.mode()).contains("private");
        assertThat(DriverOptions.of("macvlan", Map.of("parent", "eth0"), false).vlan())
                .isEmpty();
        assertThatThrownBy(() -> DriverOptions.of("macvlan", Map.of(), false))
                .hasMessage(
                        "a network of the driver macvlan needs the option parent: a link of the host, such as eth0");
        assertThatThrownBy(() -> DriverOptions.of("ipvlan", Map.of("parent", "eth0", "ipvlan_mode", "bridge"), false))
                .hasMessage("ipvlan_mode takes l2, l3, l3s, not \"bridge\"");
        assertThatThrownBy(() -> DriverOptions.of("macvlan", Map.of("parent", "eth0.5000"), false))
                .hasMessageContaining("VLANs have the numbers 1 to 4094");
        for (var loopback : List.of("lo", "lo.10")) {
            assertThatThrownBy(() -> DriverOptions.of("macvlan", Map.of("parent", loopback), false))
                    .hasMessage("parent \"" + loopback + "\": the loopback cannot be shared."
                            + " Write a link of the host, such as eth0");
        }
        assertThatThrownBy(() -> DriverOptions.of("macvlam", Map.of(), false))
                .hasMessage("there is no network driver \"macvlam\". Did you mean \"macvlan\"?");
    }
}
