package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworksTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    [] => {"default": null}
                    [n, m] => {"m": null, "n": null}
                    {n: } => {"n": null}
                    {n: {aliases: [a, b], ipv4_address: 172.28.0.5, ipv6_address: "fd00:0::1", link_local_ips: [169.254.8.8], mac_address: 02:42:AC:11:65:43, driver_opts: {a: 1}, priority: 5, gw_priority: -1, interface_name: eth7}} => {"n": {"priority": 5, "gw_priority": -1, "aliases": ["a", "b"], "interface_name": "eth7", "ipv4_address": "172.28.0.5", "ipv6_address": "fd00:0::1", "link_local_ips": ["169.254.8.8"], "mac_address": "02:42:AC:11:65:43", "driver_opts": {"a": "1"}}}
                    """)
    void of_a_service_are_printed_in_their_long_form(String networks, String json) throws IOException {
        printed("networks: " + networks, "networks", json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    n => 1:36: services.a.networks: must be a list, not "n"
                    [n, n] => 1:40: services.a.networks: items at 0 and 1 are equal: "n". Remove one of them
                    [nn] => 1:37: services.a.networks.nn: refers to undefined network "nn". Did you mean "n"?
                    {n: {aliases: x}} => 1:50: services.a.networks.n.aliases: must be a list, not "x"
                    {n: {aliasess: [x]}} => 1:41: services.a.networks.n.aliasess: unknown key. Did you mean "aliases"?
                    {n: {priority: high}} => 1:51: services.a.networks.n.priority: must be a whole number, not "high"
                    {n: {driver_opts: {a: true}}} => 1:58: services.a.networks.n.driver_opts.a: must be text or a number. Write it in quotes: "true"
                    """)
    void of_a_service_are_refused_with_their_place(String networks, String problem) throws IOException {
        refused("networks: " + networks, problem);
    }

    @Test
    void addresses_that_are_none_are_printed_and_not_run() throws IOException {
        var file = service(
                "networks: {n: {ipv4_address: here, ipv6_address: 10.0.0.1, mac_address: x, link_local_ips: [y]}}");
        assertThat(file.errors()).isEmpty();
        assertThat(file.strict())
                .contains(
                        "compose.yaml:1:55: services.a.networks.n.ipv4_address: \"here\" is no IP address",
                        "compose.yaml:1:75: services.a.networks.n.ipv6_address: \"10.0.0.1\" is no IPv6 address",
                        "compose.yaml:1:98: services.a.networks.n.mac_address: \"x\" is no MAC address. Write it as"
                                + " 02:42:ac:11:00:03");
        stays(file);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    {} => {"name": "p_n", "ipam": {}}
                    {name: x, driver: bridge, driver_opts: {a: 1}, attachable: true, internal: true, enable_ipv4: false, enable_ipv6: false, labels: [a]} => {"name": "x", "driver": "bridge", "driver_opts": {"a": "1"}, "ipam": {}, "internal": true, "attachable": true, "labels": {"a": ""}, "enable_ipv4": false, "enable_ipv6": false}
                    {ipam: {driver: d, config: [{subnet: 172.28.0.0/16, ip_range: 172.28.5.0/24, gateway: 172.28.5.254, aux_addresses: {h: 172.28.1.5}}], options: {foo: bar}}} => {"name": "p_n", "ipam": {"driver": "d", "config": [{"subnet": "172.28.0.0/16", "gateway": "172.28.5.254", "ip_range": "172.28.5.0/24", "aux_addresses": {"h": "172.28.1.5"}}], "options": {"foo": "bar"}}}
                    {external: true} => {"name": "n", "ipam": {}, "external": true}
                    {external: true, name: x} => {"name": "x", "ipam": {}, "external": true}
                    {external: {name: x}} => {"name": "x", "ipam": {}, "external": true}
                    """)
    void of_the_project_are_printed_in_their_long_form(String network, String json) throws IOException {
        var file = file("services: {a: {image: i, networks: [n]}}\nnetworks: {n: " + network + "}");
        assertThat(file.errors()).isEmpty();
        assertThat(file.json().path("networks").path("n")).isEqualTo(OneFile.parse(json));
        stays(file);
    }

    @Test
    void of_others_can_only_be_named() throws IOException {
        var file = file("""
                services: {a: {image: i, networks: [n, m]}}
                networks: {n: {external: true, driver: d}, m: {external: {name: x}, name: y}}
                """);
        assertThat(file.errors())
                .containsExactly(
                        "compose.yaml:2:58: networks.m.external: name and external.name conflict. Write name only");
        assertThat(file.warnings())
                .containsExactly(
                        "compose.yaml:2:32: networks.n.driver: has no effect: the network is external, others decide"
                                + " about it",
                        "compose.yaml:2:48: networks.m.external: external.name is deprecated. Write external: true and"
                                + " name: beside it");
    }

    @Test
    void ranges_that_are_none_are_printed_and_not_run() throws IOException {
        var file = file("""
                services: {a: {image: i, networks: [n]}}
                networks: {n: {ipam: {config: [{subnet: 10.0.0.0/33, gateway: g, aux_addresses: {h: x}}]}}}
                """);
        assertThat(file.errors()).isEmpty();
        assertThat(file.strict())
                .contains(
                        "compose.yaml:2:41: networks.n.ipam.config[0].subnet: prefix /33 is out of range",
                        "compose.yaml:2:63: networks.n.ipam.config[0].gateway: \"g\" is no IP address",
                        "compose.yaml:2:85: networks.n.ipam.config[0].aux_addresses.h: \"x\" is no IP address");
        stays(file);
    }
}
