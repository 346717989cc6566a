package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortsTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    [80, "81/UDP"] => [{"mode": "ingress", "target": 80, "protocol": "tcp"}, {"mode": "ingress", "target": 81, "protocol": "udp"}]
                    ["8000-9000:80"] => [{"mode": "ingress", "target": 80, "published": "8000-9000", "protocol": "tcp"}]
                    ["90-91:80-81"] => [{"mode": "ingress", "target": 80, "published": "90", "protocol": "tcp"}, {"mode": "ingress", "target": 81, "published": "91", "protocol": "tcp"}]
                    ["[::1]:6001:6001", "127.0.0.1::80"] => [{"mode": "ingress", "host_ip": "::1", "target": 6001, "published": "6001", "protocol": "tcp"}, {"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "protocol": "tcp"}]
                    ["80:80", {target: 80, published: 80}, {target: "80", published: "80", protocol: tcp}] => [{"mode": "ingress", "target": 80, "published": "80", "protocol": "tcp"}]
                    [{target: 80, published: "", host_ip: "", mode: "", protocol: "", name: ""}] => [{"mode": "ingress", "target": 80, "protocol": "tcp"}]
                    [{name: web, target: 80, published: "100-110", host_ip: 127.0.0.1, mode: host, protocol: udp, app_protocol: http}] => [{"name": "web", "mode": "host", "host_ip": "127.0.0.1", "target": 80, "published": "100-110", "protocol": "udp", "app_protocol": "http"}]
                    """)
    void are_printed_in_their_long_form(String ports, String json) throws IOException {
        printed("ports: " + ports, "ports", json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    {target: 80} => 1:33: services.a.ports: must be a list, not a mapping
                    [1.5] => 1:34: services.a.ports[0]: must be a port such as "8080:80", or a mapping, not a number
                    [abc] => 1:34: services.a.ports[0]: "abc" is not a port. Write a number from 1 to 65535
                    ["80:70000"] => 1:34: services.a.ports[0]: port 70000 is out of range. Ports go up to 65535
                    ["80-82:90-91"] => 1:34: services.a.ports[0]: the ranges 80-82 and 90-91 have different lengths, so their ports cannot be paired
                    [{published: 80}] => 1:34: services.a.ports[0]: has no target. Write the container's port: target: 80
                    [{target: 80, host_ip: 300.0.0.1}] => 1:56: services.a.ports[0].host_ip: "300.0.0.1" is no IP address
                    [{target: 80, mode: guest}] => 1:53: services.a.ports[0].mode: "guest" is not a mode. Write ingress or host
                    [{target: 80, protocol: icmp}] => 1:57: services.a.ports[0].protocol: "icmp" is not a protocol. Write tcp, udp or sctp
                    [{targt: 80}] => 1:35: services.a.ports[0].targt: unknown key. Did you mean "target"?
                    """)
    void are_refused_with_their_place(String ports, String problem) throws IOException {
        refused("ports: " + ports, problem);
    }

    @Test
    void a_few_lines_cannot_ask_for_millions_of_ports() throws IOException {
        var ranges = "\"1-65535\", \"1-65535/udp\", \"1-65535/sctp\"";
        assertThat(service("ports: [" + ranges + "]").errors())
                .containsExactly("compose.yaml:1:45: services.a.ports: publishes more than 65536 ports");
    }
}
