package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A name server that does not start keeps nobody from going, and what cannot be made leaves nothing. */
class NoNameServerIT {
    @TempDir
    Path directory;

    /** How often it is not there when it is asked for. */
    private final AtomicInteger missing = new AtomicInteger();

    private PrivateHost host;
    private Networks networks;

    @BeforeEach
    void makeHost() throws IOException {
        host = new PrivateHost(directory, NetworkSettings.ForeignFirewall.OPEN, this::program);
        networks = host.networks;
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        try {
            host.assertNothingStays();
        } finally {
            host.close();
        }
    }

    private Path program() throws IOException {
        if (missing.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            throw new IOException("aardvark-dns is not installed");
        }
        return PrivateHost.aardvark();
    }

    @Test
    void containers_and_networks_go_without_it() throws IOException {
        var front = networks.create(OnPrivateHost.network("front"));
        networks.create(OnPrivateHost.network("back"));
        attach("c1", "front");
        attach("c2", "front");
        networks.publish("c1", List.of(OnPrivateHost.tcp(8080, 80)));
        missing.set(Integer.MAX_VALUE);
        kill();

        networks.answer("c1", false);
        networks.updateAttachments(OnPrivateHost.request("c2", "c2", "front").withNetworks(List.of()));
        networks.detach("c1");
        networks.detach("c2");
        assertThat(networks.attached("c1")).isEmpty();
        assertThat(networks.namespace("c1")).doesNotExist();
        networks.cleanUp(_ -> true);
        networks.remove("front");
        assertThat(networks.list()).extracting(NetworkRecord::name).containsExactly("back");
        assertThat(host.linkNames()).doesNotContain(front.bridge());
        networks.remove("back");
    }

    @Test
    void a_network_that_cannot_be_made_without_it_leaves_nothing() throws IOException {
        networks.create(OnPrivateHost.network("front"));
        missing.set(Integer.MAX_VALUE);
        kill();

        assertThatThrownBy(() -> networks.create(OnPrivateHost.network("back")))
                .hasMessageContaining("aardvark-dns is not installed");
        assertThat(networks.list()).extracting(NetworkRecord::name).containsExactly("front");
        networks.remove("front");
    }

    @Test
    void a_network_whose_replacement_fails_is_as_it_was_with_its_containers_and_ports() throws IOException {
        networks.create(OnPrivateHost.network("front", "10.77.2.0/24"));
        attach("c1", "front");
        networks.publish("c1", List.of(OnPrivateHost.tcp(8080, 80)));
        missing.set(1); // the server ends with the only network, and the new one starts it

        assertThatThrownBy(() -> networks.replace(OnPrivateHost.network("front", "10.77.3.0/24")))
                .hasMessageContaining("aardvark-dns is not installed")
                .hasNoSuppressedExceptions();

        assertThat(networks.find("front").orElseThrow().spec())
                .isEqualTo(OnPrivateHost.network("front", "10.77.2.0/24"));
        assertThat(OnPrivateHost.address(networks.attached("c1").orElseThrow())).startsWith("10.77.2.");
        assertThat(networks.published("c1")).containsExactly(OnPrivateHost.tcp(8080, 80));
        assertThat(networks.observe("c1").orElseThrow().intact()).isTrue();
        networks.detach("c1");
        networks.remove("front");
    }

    @Test
    void one_whose_port_somebody_took_while_it_was_dead_answers_at_another() throws IOException {
        var front = networks.create(OnPrivateHost.network("front"));
        var web = attach("c1", "front");
        var port = host.names.port();
        kill();
        host.serve(host.home(), "somebody", port);

        assertThat(networks.mendNames()).isTrue();

        assertThat(host.names.port()).isNotEqualTo(port);
        await().untilAsserted(() -> assertThat(host.resolve(
                        web.namespace(), front.gateways().getFirst().toString(), "c1"))
                .hasSize(1));
        assertThat(networks.observe("c1").orElseThrow().intact()).isTrue();
        networks.detach("c1");
        networks.remove("front");
    }

    /** As whoever is killed between the start of a server and the moment that its pid is known leaves it. */
    @Test
    void one_that_was_left_half_started_ends_before_the_next() throws IOException {
        var front = networks.create(OnPrivateHost.network("front"));
        var web = attach("c1", "front");
        var port = host.names.port();
        kill();
        var stray = stray(port);

        assertThat(networks.mendNames()).isTrue();

        assertThat(stray.isAlive()).isFalse();
        assertThat(host.names.port()).isEqualTo(port);
        assertThat(host.resolve(web.namespace(), front.gateways().getFirst().toString(), "c1"))
                .hasSize(1);
        networks.detach("c1");

        kill();
        var last = stray(port);
        networks.remove("front");
        assertThat(last.isAlive()).isFalse();
    }

    /** A server that listens at that port and whose pid stands nowhere. */
    private ProcessIdentity stray(int port) throws IOException {
        var directory = host.root.run().resolve("dns");
        var zones = host.names.zonesDirectory();
        Files.writeString(directory.resolve("starting"), "");
        var code = host.namespaces.home(() -> ProcessSpawner.reap(ProcessSpawner.spawn(new ProcessSpawner.Command(
                List.of(PrivateHost.aardvark().toString(), "-c", zones.toString(), "-p", String.valueOf(port), "run"),
                List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
                new ProcessSpawner.Stream.Nothing(),
                new ProcessSpawner.Stream.Nothing(),
                new ProcessSpawner.Stream.Nothing(),
                List.of()))));
        assertThat(code).isZero();
        var stray = ProcessIdentity.of(host.names.pid().orElseThrow()).orElseThrow();
        Files.delete(zones.resolve("aardvark.pid"));
        return stray;
    }

    private Attached attach(String container, String network) throws IOException {
        return networks.attach(OnPrivateHost.request(container, container, network));
    }

    private void kill() throws IOException {
        var pid = host.names.pid().orElseThrow();
        try (var server = Pidfd.open(ProcessIdentity.of(pid).orElseThrow()).orElseThrow()) {
            assertThat(server.send(Signal.KILL)).isTrue();
        }
        await().until(() -> host.names.pid().isEmpty());
    }
}
