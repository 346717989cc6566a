package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Json;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkSpecTest {
    @Test
    void names_that_cannot_be_files_are_refused() {
        for (var name : new String[] {"", "a/b", "..", "-a", "a b", "a%int", "a:b"}) {
            assertThatThrownBy(() -> spec(name, "10.0.0.0/24", "", "", Map.of()))
                    .hasMessageContaining("invalid network name");
        }
    }

    @Test
    void a_name_that_the_name_server_has_for_a_file_of_its_own_is_refused() {
        assertThatThrownBy(() -> spec("aardvark.pid", "10.0.0.0/24", "", "", Map.of()))
                .hasMessage("a network cannot be called \"aardvark.pid\": the name server keeps its pid in the file of"
                        + " that name");
        assertThat(spec("aardvark.pid2", "10.0.0.0/24", "", "", Map.of()).name())
                .isEqualTo("aardvark.pid2");
    }

    @Test
    void gateway_and_range_lie_in_the_subnet() {
        assertThatThrownBy(() -> spec("n", "10.0.0.0/24", "10.0.1.1", "", Map.of()))
                .hasMessage("gateway 10.0.1.1 is no host address of 10.0.0.0/24");
        assertThatThrownBy(() -> spec("n", "10.0.0.0/24", "10.0.0.255", "", Map.of()))
                .hasMessageContaining("is no host address");
        assertThatThrownBy(() -> spec("n", "10.0.0.0/24", "", "10.0.1.0/28", Map.of()))
                .hasMessage("ip_range 10.0.1.0/28 is not inside 10.0.0.0/24");
        assertThatThrownBy(() -> spec("n", "10.0.0.0/31", "", "", Map.of())).hasMessageContaining("/30 or larger");
        assertThatThrownBy(() -> SubnetSpec.of(Cidr.parse("fd00::/127"))).hasMessageContaining("/126 or larger");
        assertThatThrownBy(() -> new SubnetSpec(
                        Cidr.parse("fd00::/64"),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of("router", IpAddress.parse("fd01::1"))))
                .hasMessage("aux address fd01::1 is not inside fd00::/64");
    }

    @Test
    void ranges_are_of_families_that_the_network_has_and_do_not_overlap() {
        var owner = new Owner("here", "shop", Optional.empty());
        var four = SubnetSpec.of(Cidr.parse("10.0.0.0/24"));
        var six = SubnetSpec.of(Cidr.parse("fd00::/64"));
        assertThatThrownBy(() -> spec(owner, true, false, List.of(six)))
                .hasMessage("network n has a subnet fd00::/64 and no IPv6 addresses");
        assertThatThrownBy(() -> spec(owner, false, true, List.of(four))).hasMessageContaining("no IPv4 addresses");
        assertThatThrownBy(() -> spec(owner, false, false, List.of())).hasMessageContaining("neither family");
        assertThatThrownBy(
                        () -> spec(owner, true, true, List.of(six, SubnetSpec.of(Cidr.parse("fd00::8000:0:0:0/65")))))
                .hasMessageContaining("overlaps another one of it");
        assertThat(spec(owner, true, true, List.of(six, four)).families()).hasSize(2);
    }

    private static NetworkSpec spec(Owner owner, boolean ipv4, boolean ipv6, List<SubnetSpec> subnets) {
        return new NetworkSpec("n", owner, false, ipv4, ipv6, subnets, Optional.empty(), Map.of(), Map.of());
    }

    @Test
    void driver_options_without_effect_are_refused_and_the_mtu_is_one_with() {
        assertThatThrownBy(() -> spec("n", "", "", "", Map.of("com.docker.network.bridge.nmae", "x")))
                .hasMessageContaining(
                        "has no option \"com.docker.network.bridge.nmae\". Did you mean \"com.docker.network.bridge.name\"?");
        assertThat(spec("n", "", "", "", Map.of("com.docker.network.driver.mtu", "1400"))
                        .mtu())
                .contains(1400);
        assertThatThrownBy(() -> spec("n", "", "", "", Map.of("com.docker.network.driver.mtu", "big")))
                .hasMessageContaining("\"big\"");
    }

    /** As Docker 26.1.5 answers {@code docker run -p}: it starts, and nothing listens for internal and macvlan. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bridge  | false |                                                   | IPv4 IPv6",
                "bridge  | true  |                                                   |",
                "bridge  | false | com.docker.network.bridge.gateway_mode_ipv4=routed          | IPv6",
                "bridge  | false | com.docker.network.bridge.gateway_mode_ipv6=routed          | IPv4",
                "bridge  | false | com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected | IPv4 IPv6",
                "macvlan | false | parent=eth0                                       |",
                "ipvlan  | false | parent=eth0                                       |",
            })
    void ports_of_the_host_lead_to_containers_in_these_families(
            String driver, boolean internal, @Nullable String option, @Nullable String families) {
        var options =
                option == null ? Map.<String, String>of() : Map.of(option.split("=", 2)[0], option.split("=", 2)[1]);
        var spec = new NetworkSpec(
                "n",
                new Owner("here", "shop", Optional.empty()),
                internal,
                true,
                true,
                List.of(),
                Optional.empty(),
                options,
                Map.of(),
                driver,
                false);
        assertThat(spec.translated().stream().map(AddressFamily::toString).collect(Collectors.joining(" ")))
                .isEqualTo(families == null ? "" : families);
    }

    @Test
    void is_read_from_json_as_it_was_written() throws IOException {
        var json = Json.mapper();
        var spec = spec("n", "10.0.0.0/24", "10.0.0.9", "10.0.0.64/26", Map.of());
        assertThat(json.readValue(json.writeValueAsString(spec), NetworkSpec.class))
                .isEqualTo(spec);
        assertThat(json.writeValueAsString(spec)).contains("\"range\":\"10.0.0.0/24\"");
    }

    private static NetworkSpec spec(
            String name, String subnet, String gateway, String range, Map<String, String> options) {
        return new NetworkSpec(
                name,
                new Owner("here", "shop", Optional.empty()),
                false,
                true,
                false,
                present(subnet)
                        .map(s -> new SubnetSpec(
                                Cidr.parse(s),
                                present(gateway).map(IpAddress::parse),
                                present(range).map(Cidr::parse),
                                Map.of()))
                        .stream()
                        .toList(),
                Optional.empty(),
                options,
                Map.of());
    }

    private static Optional<String> present(String text) {
        return Optional.of(text).filter(t -> !t.isEmpty());
    }
}
