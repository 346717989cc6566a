package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Conntrack;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which flows end when published ports change: those that must not go on, and no others. */
class FlowsTest {
    private static final IpAddress WEB = IpAddress.parse("172.30.1.2");
    private static final IpAddress NEXT = IpAddress.parse("172.30.1.3");
    private static final IpAddress GATEWAY = IpAddress.parse("172.30.1.1");
    private static final IpAddress LAN = IpAddress.parse("192.168.7.1");
    private static final IpAddress OTHER_LAN = IpAddress.parse("10.9.0.1");
    private static final Set<IpAddress> HERE = Set.of(LAN, OTHER_LAN, GATEWAY);

    private static Publication published(IpAddress container, Optional<IpAddress> at, TransportProtocol protocol) {
        return new Publication("c", container, new PublishedPort(at, Optional.of(8080), 80, protocol));
    }

    private static Conntrack.Flow flow(
            TransportProtocol protocol, IpAddress to, int port, IpAddress answers, int answersFrom) throws Exception {
        return new Conntrack.Flow(
                protocol.number(),
                InetAddress.getByAddress(to.bytes()),
                port,
                InetAddress.getByAddress(answers.bytes()),
                answersFrom);
    }

    private static boolean isStale(Conntrack.Flow flow, List<Publication> gone, List<Publication> added) {
        return Flows.isStale(flow, gone, added, HERE);
    }

    @Test
    void what_came_through_a_port_that_is_taken_back_is_cut() throws Exception {
        var tcp = TransportProtocol.TCP;
        var everywhere = List.of(published(WEB, Optional.empty(), tcp));
        var here = List.of(published(WEB, Optional.of(LAN), tcp));
        var through = flow(tcp, LAN, 8080, WEB, 80);
        assertThat(isStale(through, everywhere, List.of())).isTrue();
        assertThat(isStale(through, here, List.of())).isTrue();
        assertThat(isStale(through, everywhere, List.of(published(NEXT, Optional.empty(), tcp))))
                .isTrue();

        // Of another address of the host, which stays published; or still led the same way.
        assertThat(isStale(flow(tcp, OTHER_LAN, 8080, WEB, 80), here, List.of()))
                .isFalse();
        assertThat(isStale(through, everywhere, here)).isFalse();
        assertThat(isStale(flow(tcp, OTHER_LAN, 8080, WEB, 80), everywhere, here))
                .isTrue();
        // By another port of the same number inside, or straight from a neighbour.
        assertThat(isStale(flow(tcp, LAN, 8080, WEB, 81), everywhere, List.of()))
                .isFalse();
        assertThat(isStale(flow(tcp, WEB, 80, WEB, 80), everywhere, List.of())).isFalse();
        var same = List.of(new Publication(
                "c", WEB, new PublishedPort(Optional.empty(), Optional.of(8080), 8080, TransportProtocol.TCP)));
        assertThat(isStale(flow(tcp, WEB, 8080, WEB, 8080), same, List.of())).isFalse();
    }

    @Test
    void at_the_containers_own_address_what_a_router_led_there_is_cut() throws Exception {
        var routed = List.of(new Publication(
                "c", WEB, new PublishedPort(Optional.empty(), Optional.of(8080), 80, TransportProtocol.TCP), true));
        assertThat(isStale(flow(TransportProtocol.TCP, WEB, 80, WEB, 80), routed, List.of()))
                .isTrue();
        assertThat(isStale(flow(TransportProtocol.TCP, WEB, 81, WEB, 81), routed, List.of()))
                .isFalse();
    }

    @Test
    void udp_that_came_before_begins_anew_where_the_port_is_published() throws Exception {
        var udp = TransportProtocol.UDP;
        var everywhere = List.of(published(WEB, Optional.empty(), udp));
        var here = List.of(published(WEB, Optional.of(LAN), udp));
        assertThat(isStale(flow(udp, LAN, 8080, LAN, 8080), List.of(), here)).isTrue();
        assertThat(isStale(flow(udp, LAN, 8080, NEXT, 80), List.of(), everywhere))
                .isTrue();
        assertThat(isStale(flow(udp, OTHER_LAN, 8080, OTHER_LAN, 8080), List.of(), here))
                .isFalse();
        assertThat(isStale(flow(udp, LAN, 8080, WEB, 80), List.of(), everywhere))
                .isFalse();
    }

    /** Its answer is still to come: who asks would wait for seconds. */
    @Test
    void a_question_for_names_goes_on_when_somebody_publishes_its_port() throws Exception {
        var names = List.of(new Publication(
                "c", WEB, new PublishedPort(Optional.empty(), Optional.of(53), 53, TransportProtocol.UDP)));
        assertThat(isStale(flow(TransportProtocol.UDP, GATEWAY, 53, GATEWAY, 5533), List.of(), names))
                .isFalse();
        assertThat(isStale(flow(TransportProtocol.UDP, LAN, 53, LAN, 53), List.of(), names))
                .isTrue();
    }
}
