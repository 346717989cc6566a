package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks beside the routes, the addresses and the settings that the host had before. */
class NetworksOnHostIT extends OnPrivateHost {
    @Test
    void a_subnet_that_overlaps_a_route_an_address_or_a_network_is_refused_by_name() throws IOException {
        networks.create(network("front", "10.77.0.0/16"));
        assertThatThrownBy(() -> networks.create(network("back", "10.77.3.0/24")))
                .isInstanceOf(NetworkException.class)
                .hasMessage("network back: subnet 10.77.3.0/24 overlaps network front (10.77.0.0/16)");
        assertThatThrownBy(() -> networks.create(network("back", "203.0.0.0/16")))
                .isInstanceOf(NetworkException.class)
                .hasMessage("network back: subnet 203.0.0.0/16 overlaps the address 203.0.113.1/24 of ext0");
        assertThatThrownBy(() -> networks.create(network("front"))).hasMessage("network front exists already");
        assertThat(networks.list()).extracting(NetworkRecord::name).containsExactly("front");
    }

    /** A container that answers the host's names, with an address that the host knows. */
    @Test
    void the_hosts_name_server_may_be_in_a_network_that_is_asked_for_and_in_no_other() throws IOException {
        networks.create(network("dns", "172.28.0.0/24"));
        assertThat(networks.observe().overlaps())
                .containsExactly("network dns: its subnet 172.28.0.0/24 overlaps the name server 172.28.0.53 of this"
                        + " host; what is meant for one of them goes to the other");
        ip("link", "delete", networks.find("dns").orElseThrow().bridge());

        // As after a reboot.
        var server = new AttachmentSpec("dns", List.of(), List.of(IpAddress.parse("172.28.0.53")), 0);
        networks.attach(
                new AttachRequest("c1", new LeaseKey("shop", "dns", 1), List.of(server), List.of("dns"), List.of()));
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::bridge);
        assertThat(networks.observe().overlaps()).isEmpty();
        assertThat(networks.create(network("front")).subnets())
                .noneMatch(s -> s.range().contains(IpAddress.parse("172.28.0.53")));
    }

    @Test
    void two_roots_choose_different_subnets_and_know_each_others_ports(@TempDir Path second) throws IOException {
        try (var other = host.otherRoot(second)) {
            var ours = networks.create(network("front"));
            var theirs = other.create(network("front"));
            try {
                assertThat(theirs.subnets()).isNotEqualTo(ours.subnets());
                attach("c1", "web", "front");
                networks.publish("c1", List.of(tcp(8080, 80)));
                other.attach(request("c1", "web", "front"));
                assertThatThrownBy(() -> other.publish("c1", List.of(tcp("127.0.0.1", 8080, 80))))
                        .isInstanceOf(PortConflictException.class)
                        .hasMessageContaining("another Lockstep root")
                        .hasMessageContaining("lockstep_" + host.root.shortId());
                assertThat(other.cleanUp(Set.of("c1")::contains)).isZero();
                assertThat(networks.observe().container("c1").orElseThrow().intact())
                        .isTrue();
            } finally {
                other.detach("c1");
                other.remove("front");
            }
        }
    }

    @Test
    void a_host_that_did_not_forward_does_not_become_a_router() throws IOException {
        assertThat(host.namespaces.home(() -> Sysctls.read("net/ipv4/ip_forward")))
                .contains("0");
        networks.create(network("front"));
        assertThat(host.namespaces.home(() -> Sysctls.read("net/ipv4/ip_forward")))
                .contains("1");
        assertThat(networks.hostChanges().made()).anyMatch(s -> s.startsWith("net.ipv4.ip_forward was 0 and is 1"));
        assertThat(networks.hostChanges().wanted()).isEmpty();
        var listing = host.nft("{\"nftables\":[{\"list\":{\"chain\":{\"family\":\"inet\",\"table\":\"lockstep_"
                + host.root.shortId() + "\",\"name\":\"forward\"}}}]}");
        assertThat(listing).contains("forwarding was off before").contains("@guarded");
    }

    /** Links made while forwarding is on were made by somebody who knows it; that it was off for a while is no news. */
    @Test
    void forwarding_that_somebody_turned_off_comes_back_and_guards_no_link_made_since() throws IOException {
        host.namespaces.home(() -> {
            Sysctls.write("net/ipv6/conf/ext0/accept_ra", "1");
            return Optional.empty();
        });
        networks.create(dual("front", false));
        var made = networks.hostChanges().made();
        assertThat(made).hasSize(2).allMatch(s -> s.contains("ext0, ext1 do not forward to each other"));
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                links.createBridge("vpn0", new byte[] {2, 0, 0, 0, 0, 9}, 1500, "made by who knows");
            }
            Sysctls.write("net/ipv4/ip_forward", "0");
            Sysctls.write("net/ipv6/conf/all/forwarding", "0");
            return Optional.empty();
        });

        networks.ensure("front");

        assertThat(host.namespaces.home(() -> Sysctls.read("net/ipv4/ip_forward")))
                .contains("1");
        assertThat(ipv6("all/forwarding")).isEqualTo("1");
        assertThat(ipv6("ext0/accept_ra")).isEqualTo("2");
        assertThat(networks.hostChanges().made()).isEqualTo(made);
        for (var set : List.of("guarded4", "guarded6")) {
            assertThat(host.nft("{\"nftables\":[{\"list\":{\"set\":{\"family\":\"inet\",\"table\":\"lockstep_"
                            + host.root.shortId() + "\",\"name\":\"" + set + "\"}}}]}"))
                    .contains("ext0", "ext1")
                    .doesNotContain("vpn0");
        }
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink("vpn0");
            }
        });
    }

    @Test
    void listings_have_protocols_as_numbers_so_that_no_file_of_the_host_can_change_them() throws IOException {
        networks.create(network("front"));
        attach("c1", "web", "front");
        networks.publish("c1", List.of(tcp(8080, 80), udp(53, 53)));
        var listing = host.nft("{\"nftables\":[{\"list\":{\"map\":{\"family\":\"inet\",\"table\":\"lockstep_"
                + host.root.shortId() + "\",\"name\":\"pub4any\"}}}]}");
        assertThat(listing).contains("[6, 8080]").contains("[17, 53]");
        assertThat(networks.observe().containers().values())
                .singleElement()
                .satisfies(c -> assertThat(c.missingPorts()).isEmpty());
    }

    @Test
    void forwarding_of_ipv6_comes_with_the_first_network_that_needs_it_and_goes_with_the_last() throws IOException {
        host.namespaces.home(() -> {
            Sysctls.write("net/ipv6/conf/ext0/accept_ra", "1");
            Sysctls.write("net/ipv6/conf/ext1/accept_ra", "0");
            return Optional.empty();
        });
        networks.create(network("front"));
        assertThat(ipv6("all/forwarding")).isEqualTo("0");

        networks.create(dual("six", false));
        assertThat(ipv6("all/forwarding")).isEqualTo("1");
        // A router does not listen to others, unless it is told to: the host would lose its way out.
        assertThat(ipv6("ext0/accept_ra")).isEqualTo("2");
        assertThat(ipv6("ext1/accept_ra")).isEqualTo("0");
        assertThat(networks.hostChanges().made())
                .anyMatch(s -> s.startsWith("net.ipv6.conf.all.forwarding was 0 and is 1")
                        && s.contains("ext0, ext1 do not forward to each other")
                        && s.contains("accept_ra of ext0"));
        networks.create(dual("seven", false));
        networks.remove("six");
        assertThat(ipv6("all/forwarding")).isEqualTo("1");
        networks.remove("seven");
        assertThat(ipv6("all/forwarding")).isEqualTo("0");
        assertThat(ipv6("ext0/accept_ra")).isEqualTo("1");

        networks.create(dual("six", false));
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.createBridge("vpn0", new byte[] {2, 0, 0, 0, 0, 9}, 1500, "made by who knows");
            }
        });
        networks.remove("six");
        assertThat(ipv6("all/forwarding")).isEqualTo("1");
        assertThat(ipv6("ext0/accept_ra")).isEqualTo("2");
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink("vpn0");
            }
        });
    }

    @Test
    void in_a_container_ipv6_is_on_where_a_network_has_it_and_nowhere_else() throws IOException {
        networks.create(dual("six", false));
        networks.create(network("front"));
        networks.create(dual("vault", true));
        var web = networks.attach(new AttachRequest(
                "c1",
                new LeaseKey("shop", "web", 1),
                List.of(
                        new AttachmentSpec("front", List.of(), List.of(), 10),
                        new AttachmentSpec("six", List.of(), List.of(), 5),
                        new AttachmentSpec("vault", List.of(), List.of(), 0)),
                List.of("web"),
                List.of()));
        host.serve(host.outside, "::", "outside", 80);
        var inside = host.namespaces.inside(
                web.namespace(),
                () -> List.of(
                        Sysctls.read("net/ipv6/conf/lo/disable_ipv6").orElseThrow(),
                        Sysctls.read("net/ipv6/conf/eth0/disable_ipv6").orElseThrow(),
                        Sysctls.read("net/ipv6/conf/eth1/disable_ipv6").orElseThrow(),
                        Sysctls.read("net/ipv6/conf/default/disable_ipv6").orElseThrow(),
                        Sysctls.read("net/ipv6/conf/eth1/accept_ra").orElseThrow()));
        assertThat(inside).containsExactly("0", "1", "0", "1", "0");
        // Each family has its own way out.
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + PrivateHost.OWN);
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE6, 80)).isEqualTo("outside " + PrivateHost.OWN6);
        // And published ports lead where it has the family.
        host.serve(web.namespace(), "::", "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(host.tcp(host.outside, PrivateHost.OWN6, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE6);

        networks.updateAttachments(request("c1", "web", "front"));
        assertThat(host.tcp(host.outside, PrivateHost.OWN6, 8080)).isEqualTo("ConnectException");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
    }

    @Test
    void a_route_that_comes_later_and_overlaps_a_network_is_reported() throws IOException {
        networks.create(network("front", "10.77.0.0/24"));
        networks.create(dual("six", false));
        assertThat(networks.hostChanges().overlaps()).isEmpty();
        assertThat(networks.observe().overlaps()).isEmpty();
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                var ext = links.index("ext0");
                links.addAddress(
                        ext,
                        IpAddress.parse("10.77.0.200").bytes(),
                        25,
                        IpAddress.parse("10.77.0.255").bytes());
                return Optional.empty();
            }
        });
        assertThat(networks.observe().overlaps())
                .containsExactly("network front: its subnet 10.77.0.0/24 overlaps the address 10.77.0.200/25 of ext0;"
                        + " what is meant for one of them goes to the other");
        assertThat(networks.hostChanges().overlaps()).hasSize(1);
    }

    /** OpenVPN: redirect-gateway def1 ipv6. */
    @Test
    void routes_of_a_vpn_that_takes_everything_are_in_nobodys_way() throws IOException {
        for (var range :
                new String[] {"0.0.0.0/1", "128.0.0.0/1", "::/3", "2000::/4", "3000::/4", "fc00::/7", "10.88.0.0/16"}) {
            ip("route", "add", range, "dev", "ext0");
        }
        networks.create(network("front", "10.77.0.0/24"));
        networks.create(dual("six", false));
        assertThat(networks.observe().overlaps()).isEmpty();
        ip("link", "delete", networks.find("front").orElseThrow().bridge());

        var web = attach("c1", "web", "front");
        assertThat(address(web)).isEqualTo("10.77.0.2");
        assertThatThrownBy(() -> networks.create(network("back", "10.88.1.0/24")))
                .hasMessage("network back: subnet 10.88.1.0/24 overlaps the route 10.88.0.0/16 of ext0 of this host");

        // One of all private addresses: that of the bridge is more exact.
        ip("route", "add", "10.0.0.0/8", "dev", "ext0");
        ip("link", "delete", networks.find("front").orElseThrow().bridge());
        networks.ensure("front");
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::bridge);
        assertThat(networks.observe().overlaps())
                .singleElement()
                .asString()
                .startsWith(
                        "network front: its subnet 10.77.0.0/24 overlaps the route 10.0.0.0/8 of ext0 of this host;");
    }

    private void ip(String... words) throws IOException {
        host.namespaces.home(() -> {
            var command = Stream.concat(Stream.of("ip"), Stream.of(words)).toList();
            var ended = new ProcessBuilder(command).inheritIO().start().onExit().join();
            assertThat(ended.exitValue()).as("%s", command).isZero();
            return Optional.empty();
        });
    }

    private String ipv6(String path) throws IOException {
        return host.namespaces.home(() -> Sysctls.read("net/ipv6/conf/" + path)).orElseThrow();
    }
}
