package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.NginxFront;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestAuthority;
import dev.lockstep.runtime.testing.TestImage;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Registries that somebody else named: asked through a gate alone, in plain text and by TLS. */
class GatedRegistryIT {
    @TempDir
    Path directory;

    private final List<String> judged = new CopyOnWriteArrayList<>();
    private ImageStore store;

    @BeforeEach
    void open() throws Exception {
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
    }

    /** 127.0.0.2 is what must not be reached. */
    private OutsideGate gate() throws IOException {
        return new OutsideGate((host, port, address) -> {
            judged.add(host + ":" + port + " " + address.getHostAddress());
            return address.getHostAddress().equals("127.0.0.2") ? Optional.of("refused by the test") : Optional.empty();
        });
    }

    private RegistryClient client(OutsideGate gate) {
        return new RegistryClient(
                store,
                RegistrySettings.anonymous()
                        .with(Credentials.NONE, new RegistryHosts(Map.of(), List.of(directory.resolve("certs.d"))))
                        .through(gate));
    }

    @Test
    void images_are_pushed_and_pulled_through_it_in_plain_text_and_by_tls() throws Exception {
        var authority = TestAuthority.create(directory.resolve("authority"));
        var image = PushIT.big();
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var front = NginxFront.start(directory, authority, registry.host());
                var gate = gate();
                var client = client(gate)) {
            Files.copy(
                    authority.certificate(),
                    Files.createDirectories(directory.resolve("certs.d/" + front.host()))
                            .resolve("ca.crt"));
            for (var host : List.of(registry.host(), front.host())) {
                judged.clear();
                var reference = ImageReference.parse(host + "/team/app:1");
                PushIT.keep(store, image);
                PushIT.name(store, reference, image.manifest());
                client.push(reference, Progress.NONE);
                for (var blob : image.blobs()) {
                    Files.delete(store.blobs().path(blob.digest()));
                }
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
                assertThat(judged).isNotEmpty().allMatch(line -> line.startsWith(host + " 127.0.0.1"));
            }
        }
    }

    @Test
    void neither_a_name_nor_a_redirect_leads_to_what_is_refused() throws Exception {
        var image = TestImage.unnamed().file("a", "x").command("x");
        try (var registry = FakeRegistry.start();
                var inside = new ServerSocket();
                var gate = gate();
                var client = client(gate)) {
            inside.bind(new InetSocketAddress("127.0.0.2", 0));
            inside.setSoTimeout(1);
            var there = "127.0.0.2:" + inside.getLocalPort();
            refused(client, there + "/app:1", "registry " + there + " is not asked: 127.0.0.2 is refused by the test");
            registry.serve("app", "1", image);
            registry.when("/blobs/", 99, FakeRegistry.status(307, "Location", "http://" + there + "/secret"));
            refused(
                    client,
                    registry.host() + "/app:1",
                    "registry " + registry.host() + " is not asked: 127.0.0.2 is refused by the test");
            assertThatThrownBy(inside::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    private static void refused(RegistryClient client, String reference, String why) {
        assertThatThrownBy(() -> client.pull(ImageReference.parse(reference), Progress.NONE, LayerIntake.NONE))
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.DENIED))
                .hasMessage(why);
    }

    @Test
    void one_that_nobody_answers_for_is_said_as_without_a_gate() throws Exception {
        // Nobody is given that port, so nobody else's server can have come up at it.
        var nobody = "127.0.0.3:1";
        try (var gate = gate();
                var client = client(gate)) {
            assertThatThrownBy(() -> client.resolve(ImageReference.parse(nobody + "/app:1")))
                    .hasMessage("registry " + nobody + " is not reachable: connection refused");
            assertThatThrownBy(() -> client.resolve(ImageReference.parse("no-such-host.invalid/app:1")))
                    .hasMessage("registry no-such-host.invalid is not reachable: its name is unknown");
        }
    }

    /** A server that keeps its connection open against what it is asked for would hear what is said to others. */
    @Test
    void one_connection_carries_one_request_in_plain_text() throws Exception {
        try (var server = new ServerSocket(0);
                var gate = gate();
                var client = new Socket()) {
            client.connect(gate.webProxy().address());
            client.getOutputStream()
                    .write(("POST http://127.0.0.1:" + server.getLocalPort()
                                    + "/one?q HTTP/1.1\r\nHost: a\r\nProxy-Authorization: x\r\n"
                                    + "Content-Length: 3\r\n\r\nabcGET http://b.example/two HTTP/1.1\r\n"
                                    + "Authorization: secret\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            try (var there = server.accept()) {
                var expected = "POST /one?q HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
                var in = new DataInputStream(there.getInputStream());
                assertThat(new String(in.readNBytes(expected.length()), StandardCharsets.US_ASCII))
                        .isEqualTo(expected);
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            }
        }
    }
}
