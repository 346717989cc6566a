package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of {@code format1} were written by the last Lockstep whose networks had one range of IPv4 addresses. */
class OneFamilyTest {
    private static final String ROOT = "db69a0a7f76c8a7e4f2508c3f7ced435";

    @TempDir
    Path directory;

    private NetworkFiles files;

    @BeforeEach
    void aRootWithThem() throws IOException {
        var state = Files.createDirectory(directory.resolve("state"));
        var run = Files.createDirectory(directory.resolve("run"));
        Files.writeString(
                state.resolve("root.json"),
                "{\"format\":1,\"root\":\"" + ROOT + "\",\"record\":{\"id\":\"" + ROOT + "\"}}");
        for (var network : List.of("front", "back")) {
            copy(
                    "network-" + network,
                    state.resolve("networks").resolve(network).resolve("record.json"));
        }
        copy("attachment", run.resolve("networks/containers/web.json"));
        files = new NetworkFiles(Root.open(state, run));
    }

    private static void copy(String name, Path target) throws IOException {
        Files.createDirectories(target.getParent());
        try (var content = OneFamilyTest.class.getResourceAsStream("/format1/" + name + ".json")) {
            Files.copy(content, target);
        }
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text);
    }

    @Test
    void a_network_whose_range_was_asked_for_keeps_it_and_its_leases() throws IOException {
        var network = files.network("shop_front").orElseThrow();

        var range = Cidr.parse("10.77.0.0/24");
        var dynamic = Cidr.parse("10.77.0.64/26");
        assertThat(network.spec().subnets())
                .containsExactly(new SubnetSpec(range, Optional.of(ip("10.77.0.254")), Optional.of(dynamic), Map.of()));
        assertThat(network.subnets()).containsExactly(new Subnet(range, ip("10.77.0.254"), dynamic, List.of()));
        assertThat(network.spec().families()).containsExactly(AddressFamily.IPV4);
        assertThat(network.spec().isBridge()).isTrue();
        assertThat(network.lastGiven()).isEmpty();
        assertThat(network.leases()).extracting(Lease::address).containsExactly(ip("10.77.0.9"));
    }

    @Test
    void a_network_with_a_range_of_the_pool_keeps_that_one() throws IOException {
        var network = files.network("shop_back").orElseThrow();

        var range = Cidr.parse("172.28.0.0/24");
        assertThat(network.spec().subnets()).isEmpty();
        assertThat(network.subnets()).containsExactly(new Subnet(range, ip("172.28.0.1"), range, List.of()));
        assertThat(network.mtu()).isEqualTo(1400);
        assertThat(network.lastGiven()).containsExactly(ip("172.28.0.3"));
        assertThat(network.leases()).hasSize(2);
    }

    @Test
    void a_container_that_runs_stays_where_it_is() throws IOException {
        var attachment = files.attachments().getFirst();

        assertThat(attachment.request().networks())
                .containsExactly(
                        new AttachmentSpec("shop_front", List.of("www"), List.of(ip("10.77.0.9")), 0),
                        new AttachmentSpec("shop_back", List.of(), List.of(), 5));
        assertThat(attachment.endpoints()).extracting(Endpoint::network).containsExactly("shop_back", "shop_front");
        assertThat(attachment.endpoints().getFirst().addresses())
                .containsExactly(new EndpointAddress(ip("172.28.0.3"), Cidr.parse("172.28.0.0/24"), ip("172.28.0.1")));
    }
}
