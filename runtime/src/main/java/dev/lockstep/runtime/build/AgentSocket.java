package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * A socket of a step behind which an SSH agent answers, the host's or our own. Its owner and mode are the step's,
 * whatever those of the agent's own socket are, and it ends with the step.
 */
final class AgentSocket implements AutoCloseable {
    private static final int MODE = 0600;
    /** Connections at a time; more wait. Each costs this process descriptors and memory, and a step may be hostile. */
    static final int AT_ONCE = 32;

    private final ServerSocketChannel server;
    private final SshAgent agent;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final Semaphore places = new Semaphore(AT_ONCE);

    private AgentSocket(ServerSocketChannel server, SshAgent agent) {
        this.server = server;
        this.agent = agent;
    }

    static AgentSocket open(Path socket, SshAgent agent, Mount.Access access) throws IOException {
        if (agent instanceof SshAgent.Socket(var path) && Files.notExists(path)) {
            throw new BuildException("the SSH agent's socket " + path + " is not there");
        }
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket));
            StepMounts.Access.set(socket, access, MODE);
            var opened = new AgentSocket(server, agent);
            Thread.ofVirtual().name("ssh-agent").start(opened::accept);
            return opened;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void accept() {
        try {
            while (true) {
                places.acquireUninterruptibly();
                var step = server.accept();
                open.add(step);
                Thread.ofVirtual().start(() -> attend(step));
            }
        } catch (IOException e) {
            // Closed: the step is over.
        }
    }

    private void attend(SocketChannel step) {
        try {
            connect(step);
        } finally {
            open.remove(step);
            places.release();
        }
    }

    private void connect(SocketChannel step) {
        switch (agent) {
            case SshAgent.Socket(var path) -> connect(step, path);
            case SshAgent.Keys(var keys) -> {
                try (step) {
                    new SshKeyAgent(keys).serve(Channels.newInputStream(step), Channels.newOutputStream(step));
                } catch (IOException e) {
                    // The step is over, or has closed its side in the middle of a question.
                }
            }
        }
    }

    private void connect(SocketChannel step, Path path) {
        try (step;
                var host = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            open.add(host);
            try {
                var back = Thread.ofVirtual().start(() -> pass(host, step));
                pass(step, host);
                back.join();
            } finally {
                open.remove(host);
            }
        } catch (IOException e) {
            // The agent is gone; the step sees its socket closed.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pass(SocketChannel from, SocketChannel to) {
        var buffer = ByteBuffer.allocate(16 * 1024);
        try {
            while (from.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
                buffer.clear();
            }
            to.shutdownOutput();
        } catch (IOException e) {
            // One of the two has gone, and so does the other.
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            for (var channel : open) {
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
