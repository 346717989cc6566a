package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What docker compose 2.26.1 with Docker 26.1.5 shows in {@code ps}, and in {@code ps --format json}. */
class ShownPortsTest {
    private static PublishedPort published(String address, int outside, int inside, TransportProtocol protocol) {
        return new PublishedPort(Optional.of(IpAddress.parse(address)), Optional.of(outside), inside, protocol);
    }

    @Test
    void what_an_image_exposes_is_shown_unless_it_is_published() {
        assertThat(new ShownPorts(List.of(), Set.of("90/udp", "80/tcp")).text()).isEqualTo("80/tcp, 90/udp");

        var ports = new ShownPorts(
                List.of(published("0.0.0.0", 32770, 80, TransportProtocol.TCP)), Set.of("80/tcp", "90/udp"));
        assertThat(ports.text()).isEqualTo("90/udp, 0.0.0.0:32770->80/tcp");
        assertThat(ports.all())
                .containsExactly(
                        new ShownPorts.Port("0.0.0.0", 32770, 80, "tcp"), new ShownPorts.Port("", 0, 90, "udp"));
        assertThat(new ShownPorts(List.of(), Set.of("rubbish", "80")).text()).isEqualTo("80/tcp");
    }

    @Test
    void neighbours_are_one_range_where_both_sides_have_the_same_numbers() {
        var ports = new ShownPorts(
                List.of(
                        published("0.0.0.0", 9000, 9000, TransportProtocol.TCP),
                        published("0.0.0.0", 9001, 9001, TransportProtocol.TCP),
                        published("0.0.0.0", 9002, 9002, TransportProtocol.TCP),
                        published("0.0.0.0", 90, 90, TransportProtocol.UDP)),
                Set.of("80/tcp", "81/tcp", "82/tcp"));
        assertThat(ports.text()).isEqualTo("80-82/tcp, 0.0.0.0:90->90/udp, 0.0.0.0:9000-9002->9000-9002/tcp");

        // Each time that a range ends it is shown, and those that are open at the end after all of these.
        assertThat(new ShownPorts(
                                List.of(
                                        published("127.0.0.1", 7001, 7001, TransportProtocol.TCP),
                                        published("0.0.0.0", 32772, 9000, TransportProtocol.TCP)),
                                Set.of("80/tcp", "81/tcp", "82/udp", "90/udp", "8000/tcp"))
                        .text())
                .isEqualTo("82/udp, 80-81/tcp, 8000/tcp, 90/udp, 127.0.0.1:7001->7001/tcp, 0.0.0.0:32772->9000/tcp");
    }

    @Test
    void an_ipv6_address_has_brackets_in_the_text_alone() {
        var ports = new ShownPorts(List.of(published("::", 90, 90, TransportProtocol.TCP)), Set.of());

        assertThat(ports.text()).isEqualTo("[::]:90->90/tcp");
        assertThat(ports.all().getFirst().url()).isEqualTo("::");
    }

    @Test
    void a_place_is_written_one_way_whichever_command_asks() {
        assertThat(ShownPorts.Port.of(published("::1", 8090, 90, TransportProtocol.TCP))
                        .place())
                .isEqualTo("[::1]:8090");
        assertThat(ShownPorts.Port.of(new PublishedPort(Optional.empty(), Optional.of(8090), 90, TransportProtocol.TCP))
                        .place())
                .isEqualTo("0.0.0.0:8090");
        assertThat(new ShownPorts(List.of(published("::1", 8090, 90, TransportProtocol.TCP)), Set.of())
                        .place(90, "tcp"))
                .contains("[::1]:8090");
    }

    /** Recorded from {@code docker compose port} 2.26.1; its exit codes are 0, 0, 1 and 1. */
    @Test
    void a_port_that_is_only_exposed_is_found_nowhere_and_is_no_mistake() {
        var ports = new ShownPorts(List.of(published("0.0.0.0", 8090, 90, TransportProtocol.TCP)), Set.of("80/tcp"));

        assertThat(ports.place(90, "tcp")).contains("0.0.0.0:8090");
        assertThat(ports.place(80, "tcp")).contains(":0");
        assertThat(ports.place(81, "tcp")).isEmpty();
        assertThat(ports.place(80, "udp")).isEmpty();
    }
}
