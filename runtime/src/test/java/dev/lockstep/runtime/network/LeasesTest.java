package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Owner;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LeasesTest {
    private final Set<String> attached = new HashSet<>();
    private NetworkRecord network = network("10.0.0.0/29", Optional.empty());

    @Test
    void addresses_are_given_in_turn_and_never_the_networks_own() throws NetworkException {
        assertThat(give("a", 1)).hasToString("10.0.0.2");
        assertThat(give("a", 2)).hasToString("10.0.0.3");
        assertThat(give("a", 3)).hasToString("10.0.0.4");
        assertThat(give("a", 4)).hasToString("10.0.0.5");
        assertThat(give("a", 5)).hasToString("10.0.0.6");
        assertThatThrownBy(() -> give("a", 6)).hasMessage("network front has no free address left in 10.0.0.0/29");
    }

    @Test
    void the_next_address_comes_behind_the_last_one_given_not_the_lowest_free_one() throws NetworkException {
        give("a", 1);
        give("a", 2);
        network = Leases.release(network, key("a", 1));
        assertThat(give("b", 1)).hasToString("10.0.0.4");
        give("b", 2);
        give("b", 3);
        assertThat(give("b", 4)).hasToString("10.0.0.2");
    }

    @Test
    void a_slot_keeps_its_address_and_a_successor_beside_the_living_gets_its_own() throws NetworkException {
        var first = give("a", 1, "old", Optional.empty());
        attached.add("old");
        var second = give("a", 1, "young", Optional.empty());
        assertThat(second).isNotEqualTo(first);
        attached.add("young");
        attached.remove("old");
        assertThat(give("a", 1, "young", Optional.empty())).isEqualTo(second);
        assertThat(network.leases()).hasSize(1);
        attached.clear();
        assertThat(give("a", 1, "third", Optional.empty())).isEqualTo(second);
    }

    @Test
    void only_who_had_the_slot_or_the_address_is_looked_for() throws NetworkException {
        give("a", 1);
        give("b", 1);
        give("c", 1);
        var asked = new ArrayList<String>();
        Leases.give(network, key("a", 1), "young", List.of(), container -> !asked.add(container));
        assertThat(asked).containsExactly("a1");
        asked.clear();
        Leases.give(
                network,
                key("b", 1),
                "young",
                List.of(IpAddress.parse("10.0.0.4")),
                container -> !asked.add(container));
        assertThat(asked).containsExactly("b1", "c1");
    }

    @Test
    void a_fixed_address_is_taken_from_an_idle_slot_but_not_from_a_running_one() throws NetworkException {
        give("a", 1, "c1", Optional.empty());
        assertThat(give("b", 1, "c2", Optional.of("10.0.0.2"))).hasToString("10.0.0.2");
        attached.add("c2");
        assertThatThrownBy(() -> give("a", 1, "c1", Optional.of("10.0.0.2")))
                .hasMessage("address 10.0.0.2 of network front belongs to b 1 of stack shop; ask for another one, or"
                        + " remove the container that has it");
        assertThat(give("a", 1, "c1", Optional.empty())).hasToString("10.0.0.3");
    }

    @Test
    void fixed_addresses_lie_in_a_configured_subnet() {
        for (var address : List.of("10.0.0.0", "10.0.0.1", "10.0.0.7", "10.0.1.2")) {
            assertThatThrownBy(() -> give("a", 1, "c1", Optional.of(address)))
                    .hasMessageContaining(address + " is no free host address of network front");
        }
        network = network(List.of(SubnetSpec.of(Cidr.parse("10.0.0.0/29"))), List.of());
        assertThatThrownBy(() -> give("a", 1, "c1", Optional.of("10.0.0.3")))
                .hasMessageContaining("has no configured subnet");
    }

    @Test
    void dynamic_addresses_come_from_the_range_fixed_ones_from_anywhere() throws NetworkException {
        network = network("10.0.0.0/24", Optional.of("10.0.0.128/30"));
        assertThat(give("a", 1)).hasToString("10.0.0.128");
        assertThat(give("a", 2, "c2", Optional.of("10.0.0.9"))).hasToString("10.0.0.9");
        assertThat(give("a", 3)).hasToString("10.0.0.129");
    }

    @Test
    void a_network_of_both_families_gives_one_address_of_each_and_the_slot_keeps_both() throws NetworkException {
        network = network(both(), both());
        assertThat(all("a", 1, "c1")).hasToString("[10.0.0.2, fd00:1::1]");
        assertThat(all("a", 2, "c2", "fd00:1::9")).hasToString("[10.0.0.3, fd00:1::9]");
        attached.add("c1");
        assertThat(all("a", 1, "c3")).hasToString("[10.0.0.4, fd00:1::2]");
        attached.clear();
        assertThat(all("a", 1, "c1")).hasToString("[10.0.0.2, fd00:1::1]");
        network = Leases.release(network, key("a", 1));
        assertThat(network.leases()).extracting(Lease::address).hasToString("[10.0.0.3, fd00:1::9]");
        assertThat(all("b", 1, "c4")).hasToString("[10.0.0.5, fd00:1::3]");
    }

    @Test
    void a_gateway_elsewhere_and_reserved_addresses_are_not_given_out() throws NetworkException {
        network = network(both(), both());
        assertThatThrownBy(() -> all("a", 7, "c7", "fd00:1::ff"))
                .hasMessage("address fd00:1::ff is no free host address of network front (fd00:1::/64, gateway"
                        + " fd00:1::ff)");
        // Docker has it so too: "Address already in use".
        assertThatThrownBy(() -> all("a", 1, "c1", "10.0.0.6"))
                .hasMessage(
                        "address 10.0.0.6 is no free host address of network front (10.0.0.0/29, gateway 10.0.0.1)");
        for (var slot = 2; slot < 5; slot++) {
            all("a", slot, "c" + slot);
        }
        assertThat(all("a", 5, "c5")).hasToString("[10.0.0.5, fd00:1::4]");
        assertThatThrownBy(() -> all("a", 6, "c6")).hasMessage("network front has no free address left in 10.0.0.0/29");
    }

    @Test
    void a_second_range_of_a_family_is_used_when_the_first_is_full() throws NetworkException {
        var two = List.of(SubnetSpec.of(Cidr.parse("10.0.0.0/30")), SubnetSpec.of(Cidr.parse("10.0.9.0/30")));
        network = network(two, two);
        assertThat(all("a", 1, "c1")).hasToString("[10.0.0.2]");
        assertThat(all("a", 2, "c2")).hasToString("[10.0.9.2]");
        assertThatThrownBy(() -> all("a", 3, "c3"))
                .hasMessage("network front has no free address left in 10.0.0.0/30, 10.0.9.0/30");
    }

    @Test
    void a_range_of_2_to_the_64_is_left_at_its_end_and_begun_again() throws NetworkException {
        network = network("fd00:1::/64", Optional.of("fd00:1::ffff:ffff:ffff:fffe/127"));
        assertThat(give("a", 1)).hasToString("fd00:1::ffff:ffff:ffff:fffe");
        assertThat(give("a", 2)).hasToString("fd00:1::ffff:ffff:ffff:ffff");
        assertThatThrownBy(() -> give("a", 3)).hasMessageContaining("no free address");
        network = Leases.release(network, key("a", 1));
        assertThat(give("a", 4)).hasToString("fd00:1::ffff:ffff:ffff:fffe");
    }

    @Test
    void an_address_of_a_family_that_the_network_does_not_have_is_refused() {
        assertThatThrownBy(() -> all("a", 1, "c1", "fd00::5"))
                .hasMessage(
                        "network front has no configured IPv6 subnet, so fd00::5 cannot be asked for there; give the"
                                + " network a subnet");
    }

    private static List<SubnetSpec> both() {
        return List.of(
                new SubnetSpec(
                        Cidr.parse("10.0.0.0/29"),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of("router", IpAddress.parse("10.0.0.6"))),
                new SubnetSpec(
                        Cidr.parse("fd00:1::/64"),
                        Optional.of(IpAddress.parse("fd00:1::ff")),
                        Optional.empty(),
                        Map.of()));
    }

    private IpAddress give(String service, int slot) throws NetworkException {
        return give(service, slot, service + slot, Optional.empty());
    }

    private IpAddress give(String service, int slot, String container, Optional<String> fixed) throws NetworkException {
        return all(service, slot, container, fixed.stream().toArray(String[]::new))
                .getFirst();
    }

    private List<IpAddress> all(String service, int slot, String container, String... fixed) throws NetworkException {
        var given = Leases.give(
                network,
                key(service, slot),
                container,
                Stream.of(fixed).map(IpAddress::parse).toList(),
                attached::contains);
        network = given.network();
        return given.addresses().stream().map(EndpointAddress::address).toList();
    }

    private static LeaseKey key(String service, int slot) {
        return new LeaseKey("shop", service, slot);
    }

    private static NetworkRecord network(String subnet, Optional<String> range) {
        var spec = new SubnetSpec(Cidr.parse(subnet), Optional.empty(), range.map(Cidr::parse), Map.of());
        return network(List.of(spec), List.of(spec));
    }

    private static NetworkRecord network(List<SubnetSpec> effective, List<SubnetSpec> configured) {
        return new NetworkRecord(
                "0".repeat(64),
                new NetworkSpec(
                        "front",
                        new Owner("here", "shop", Optional.empty()),
                        false,
                        effective.stream().anyMatch(s -> s.range().family() == AddressFamily.IPV4),
                        effective.stream().anyMatch(s -> s.range().family() == AddressFamily.IPV6),
                        configured,
                        Optional.empty(),
                        Map.of(),
                        Map.of()),
                effective.stream().map(SubnetSpec::settled).toList(),
                "ls0000000000000",
                1500,
                Instant.EPOCH,
                List.of(),
                List.of());
    }
}
