package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Owner;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    void a_fixed_address_is_taken_from_an_idle_slot_but_not_from_a_running_one() throws NetworkException {
        give("a", 1, "c1", Optional.empty());
        assertThat(give("b", 1, "c2", Optional.of("10.0.0.2"))).hasToString("10.0.0.2");
        attached.add("c2");
        assertThatThrownBy(() -> give("a", 1, "c1", Optional.of("10.0.0.2")))
                .hasMessage("address 10.0.0.2 of network front belongs to b 1 of stack shop");
        assertThat(give("a", 1, "c1", Optional.empty())).hasToString("10.0.0.3");
    }

    @Test
    void fixed_addresses_lie_in_a_configured_subnet() {
        for (var address : List.of("10.0.0.0", "10.0.0.1", "10.0.0.7", "10.0.1.2")) {
            assertThatThrownBy(() -> give("a", 1, "c1", Optional.of(address)))
                    .hasMessageContaining(address + " is no free host address of network front");
        }
        network = network("10.0.0.0/29", Optional.empty(), Optional.empty());
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

    private Ipv4 give(String service, int slot) throws NetworkException {
        return give(service, slot, service + slot, Optional.empty());
    }

    private Ipv4 give(String service, int slot, String container, Optional<String> fixed) throws NetworkException {
        var given = Leases.give(network, key(service, slot), container, fixed.map(Ipv4::parse), attached::contains);
        network = given.network();
        return given.address();
    }

    private static LeaseKey key(String service, int slot) {
        return new LeaseKey("shop", service, slot);
    }

    private static NetworkRecord network(String subnet, Optional<String> range) {
        return network(subnet, Optional.of(Cidr.parse(subnet)), range);
    }

    private static NetworkRecord network(String subnet, Optional<Cidr> configured, Optional<String> range) {
        var effective = Cidr.parse(subnet);
        return new NetworkRecord(
                "0".repeat(64),
                new NetworkSpec(
                        "front",
                        new Owner("here", "shop", Optional.empty()),
                        false,
                        configured,
                        Optional.empty(),
                        range.map(Cidr::parse),
                        Optional.empty(),
                        Map.of(),
                        Map.of()),
                effective,
                effective.first(),
                "ls0000000000000",
                1500,
                Instant.EPOCH,
                Optional.empty(),
                List.of());
    }
}
