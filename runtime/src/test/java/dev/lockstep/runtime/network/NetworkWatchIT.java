package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel tells of what is taken from networks, and what is missing is put back with packets flowing. */
class NetworkWatchIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration SILENCE = Duration.ofMillis(300);

    @TempDir
    Path directory;

    private PrivateHost host;
    private Networks networks;
    private NetworkWatch watch;
    private Attached web;

    @BeforeEach
    void aHostBesideAFirewall() throws IOException {
        host = new PrivateHost(directory);
        networks = host.networks;
        // As Docker's: what is forwarded is dropped, and one chain is asked before.
        host.nft("""
                {"nftables":[{"add":{"table":{"family":"ip","name":"filter"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"DOCKER-USER"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"FORWARD","type":"filter","hook":"forward",
                "prio":0,"policy":"drop"}}},
                {"add":{"rule":{"family":"ip","table":"filter","chain":"FORWARD","expr":
                [{"jump":{"target":"DOCKER-USER"}}]}}}]}""");
        networks.create(NetworkSpec.plain("front", new Owner("here", "", Optional.empty())));
        web = networks.attach(new AttachRequest(
                "c1",
                new LeaseKey("", "web", 1),
                List.of(new AttachmentSpec("front", List.of(), List.of(), 0)),
                List.of("web"),
                List.of()));
        host.serve(web.namespace(), "web", 80);
        networks.publish(
                "c1", List.of(new PublishedPort(Optional.empty(), Optional.of(8080), 80, TransportProtocol.TCP)));
        watch = networks.watch();
        assertThat(networks.mend()).isEmpty();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        watch.close();
        host.stopServing();
        networks.detach("c1");
        networks.remove("front");
        assertThat(host.linkNames()).containsExactly("ext0", "ext1", "lo");
        host.close();
    }

    private void isMended(String what) throws IOException {
        assertThat(watch.awaitLoss(PATIENCE)).as(what).isTrue();
        assertThat(networks.mend()).containsExactly("network front: " + what + " had been taken away and put back");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        // Of its own changes it hears too, and finds nothing to be done.
        watch.awaitLoss(SILENCE);
        assertThat(networks.mend()).isEmpty();
    }

    @Test
    void rules_bridges_and_exceptions_that_somebody_takes_are_heard_of_and_put_back() throws IOException {
        host.deleteRules();
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).doesNotStartWith("web");
        isMended("its rules");

        host.nft("{\"nftables\":[{\"flush\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_" + host.root.shortId()
                + "\"}}}]}");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).doesNotStartWith("web");
        isMended("its rules");

        host.nft("{\"nftables\":[{\"flush\":{\"chain\":{\"family\":\"ip\",\"table\":\"filter\","
                + "\"name\":\"DOCKER-USER\"}}}]}");
        isMended("its rules");

        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink(networks.find("front").orElseThrow().bridge());
            }
        });
        isMended("its bridge");

        host.namespaces.home(() -> {
            Sysctls.write("net/ipv4/ip_forward", "0");
            return Optional.empty();
        });
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).doesNotStartWith("web");
        isMended("the host's forwarding");

        // What does not concern us is not heard of.
        host.nft("{\"nftables\":[{\"add\":{\"table\":{\"family\":\"inet\",\"name\":\"theirs\"}}},"
                + "{\"delete\":{\"table\":{\"family\":\"inet\",\"name\":\"theirs\"}}}]}");
        assertThat(watch.awaitLoss(SILENCE)).isFalse();
    }

    @Test
    void a_set_or_map_alone_that_somebody_empties_is_heard_of_and_put_back() throws IOException {
        flush("set", "bridges");
        isMended("its rules");
        flush("map", "net_in");
        isMended("its rules");
        flush("map", "pub4any");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).doesNotStartWith("web");
        isMended("published ports");

        // What goes with every container is not worth a look.
        watch.awaitLoss(SILENCE);
        networks.publish("c1", List.of());
        assertThat(watch.awaitLoss(SILENCE)).isFalse();
    }

    private void flush(String kind, String name) throws IOException {
        host.nft("{\"nftables\":[{\"flush\":{\"" + kind + "\":{\"family\":\"inet\",\"table\":\"lockstep_"
                + host.root.shortId() + "\",\"name\":\"" + name + "\"}}}]}");
    }

    @Test
    void what_is_missing_of_a_container_is_heard_of_and_left_to_who_has_it() throws IOException {
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink(web.endpoints().getFirst().hostLink());
            }
        });
        assertThat(watch.awaitLoss(PATIENCE)).isTrue();
        assertThat(networks.mend()).isEmpty();
        assertThat(networks.observe().container("c1").orElseThrow().missingNetworks())
                .containsExactly("front");
    }
}
