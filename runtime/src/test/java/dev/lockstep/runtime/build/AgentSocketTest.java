package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.dockerfile.Mount;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class AgentSocketTest {
    /** A length of one, and the request for all keys (draft-miller-ssh-agent, 3.5). */
    private static final byte[] WHICH_KEYS = {0, 0, 0, 1, 11};

    @TempDir
    Path directory;

    private static void ask(SocketChannel connection) throws IOException {
        connection.write(ByteBuffer.wrap(WHICH_KEYS));
    }

    private static void requireAnswer(SocketChannel connection) throws IOException {
        var in = new DataInputStream(Channels.newInputStream(connection));
        assertThat(in.readNBytes(in.readInt())).containsExactly(12, 0, 0, 0, 0);
    }

    @Test
    @Timeout(60)
    void a_step_that_connects_without_end_is_served_a_few_at_a_time() throws Exception {
        var socket = directory.resolve("agent");
        var access = new Mount.Access(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
        var served = new ArrayList<SocketChannel>();
        try (var _ = AgentSocket.open(socket, new SshAgent.Keys(List.of()), access)) {
            for (var i = 0; i < AgentSocket.AT_ONCE; i++) {
                var connection = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                served.add(connection);
                ask(connection);
                requireAnswer(connection);
            }
            try (var more = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                ask(more);
                for (var connection : served) {
                    ask(connection);
                    requireAnswer(connection);
                }
                more.configureBlocking(false);
                assertThat(more.read(ByteBuffer.allocate(1))).as("has to wait").isZero();
                more.configureBlocking(true);

                served.getFirst().close();

                requireAnswer(more);
            }
        } finally {
            for (var connection : served) {
                connection.close();
            }
        }
    }
}
