package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SubnetsTest {
    private static final List<Cidr> POOL = List.of(Cidr.parse("172.28.0.0/16"));

    @Test
    void the_first_subnet_of_the_pool_that_overlaps_nothing_is_chosen() {
        assertThat(choose()).contains(Cidr.parse("172.28.0.0/24"));
        assertThat(choose("172.28.0.0/24", "172.28.1.7/32")).contains(Cidr.parse("172.28.2.0/24"));
    }

    @Test
    void a_large_range_in_the_way_is_passed_at_once() {
        assertThat(choose("172.28.0.0/17")).contains(Cidr.parse("172.28.128.0/24"));
    }

    @Test
    void a_pool_that_is_covered_as_a_whole_has_none() {
        assertThat(choose("172.16.0.0/12", "10.0.0.0/8")).isEmpty();
        assertThat(choose("0.0.0.0/2", "128.0.0.0/2")).isEmpty();
    }

    @Test
    void the_pool_is_used_to_its_last_subnet() {
        var taken = new ArrayList<Subnets.Taken>();
        for (var i = 0; i < 256; i++) {
            var chosen = Subnets.choose(POOL, 24, taken);
            assertThat(chosen).isPresent();
            assertThat(Subnets.obstacle(chosen.get(), taken)).isEmpty();
            taken.add(new Subnets.Taken(chosen.get(), "network " + i, false));
        }
        assertThat(Subnets.choose(POOL, 24, taken)).isEmpty();
    }

    @Test
    void ranges_in_any_order_within_each_other_or_of_another_family_are_passed() {
        assertThat(choose("172.28.3.0/24", "172.28.0.0/23", "172.28.2.7/32", "172.28.1.0/24", "172.28.2.128/25"))
                .contains(Cidr.parse("172.28.4.0/24"));
        assertThat(choose("fd00::/8", "172.28.0.9/32", "172.16.0.0/15", "172.28.9.0/24"))
                .contains(Cidr.parse("172.28.1.0/24"));
    }

    /** Of many networks, each is made beside all that are there. */
    @Test
    void a_pool_that_is_nearly_full_is_gone_through_once() {
        var first = Cidr.parse("fd00::/64");
        var taken = new ArrayList<Subnets.Taken>();
        for (var i = 0; i < 65_535; i++) {
            var base = new IpAddress(AddressFamily.IPV6, first.base().high() + i, 0);
            taken.add(new Subnets.Taken(new Cidr(base, 64), "network " + i, false));
        }
        assertThat(assertTimeoutPreemptively(
                        Duration.ofSeconds(10), () -> Subnets.choose(List.of(Cidr.parse("fd00::/48")), 64, taken)))
                .contains(Cidr.parse("fd00:0:0:ffff::/64"));
    }

    @Test
    void the_obstacle_is_named() {
        var taken = List.of(new Subnets.Taken(Cidr.parse("10.0.0.0/8"), "the route 10.0.0.0/8 of eth0", true));
        assertThat(Subnets.obstacle(Cidr.parse("10.1.0.0/16"), taken))
                .get()
                .extracting(Subnets.Taken::by)
                .isEqualTo("the route 10.0.0.0/8 of eth0");
        assertThat(Subnets.obstacle(Cidr.parse("11.0.0.0/16"), taken)).isEmpty();
    }

    private static Optional<Cidr> choose(String... taken) {
        return Subnets.choose(
                POOL,
                24,
                Stream.of(taken)
                        .map(t -> new Subnets.Taken(Cidr.parse(t), t, true))
                        .toList());
    }
}
