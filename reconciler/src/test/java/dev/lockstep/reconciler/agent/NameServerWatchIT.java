package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NameServerWatchIT {
    @TempDir
    Path directory;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private Engine engine;
    private Networks networks;

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "h", Optional.of(Path.of("/l")), false));
        networks = engine.networks();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        networks.remove("front");
        assertThat(networks.nameServers()).isEmpty();
        engine.close();
    }

    private void kill() throws IOException {
        try (var server = networks.nameServers().getFirst()) {
            assertThat(server.send(Signal.KILL)).isTrue();
        }
    }

    private boolean runs() throws IOException {
        var servers = networks.nameServers();
        servers.forEach(Pidfd::close);
        return !servers.isEmpty();
    }

    @Test
    void a_name_server_that_dies_is_started_again_also_one_that_was_started_meanwhile() throws IOException {
        try (var _ = NameServerWatch.start(networks, said::add)) {
            // There was none when the watch began.
            networks.create(NetworkSpec.plain("front", new Owner("h", "", Optional.empty())));
            assertThat(runs()).isTrue();

            for (var times = 1; times <= 2; times++) {
                kill();
                var expected = times;
                await().until(() -> said.size() == expected);
                await().until(this::runs);
            }
        }
        assertThat(said).allMatch("a name server of containers had ended and was started again"::equals);
        assertThat(networks.observe().networks()).allMatch(n -> n.names());

        // Nobody watches any more: it is seen, and an apply would put it back.
        kill();
        await().until(() -> !runs());
        assertThat(networks.observe().networks()).noneMatch(n -> n.names());
        networks.ensure("front");
        assertThat(runs()).isTrue();
    }
}
