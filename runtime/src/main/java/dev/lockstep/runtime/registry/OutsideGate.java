package dev.lockstep.runtime.registry;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only way out of a fetch that others have asked for: a SOCKS server (RFC 1928) within this process. The JDK's HTTP
 * looks names up by itself and tells nobody where it connects to; this looks them up once, and what it has judged is
 * what it connects to, after a redirect as before it.
 */
public final class OutsideGate implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutsideGate.class);
    private static final Duration CONNECT = Duration.ofSeconds(30);

    private static final int VERSION = 5;
    private static final int TO_CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final int DONE = 0;
    private static final int FORBIDDEN = 2;
    private static final int UNREACHABLE = 4;
    private static final int NOT_DONE = 7;

    private final ServerSocket server;
    private final Judge judge;
    private final List<Socket> open = new ArrayList<>();
    private Optional<String> refusal = Optional.empty();
    private boolean closed;

    /** Says of an address why it is not connected to. */
    @FunctionalInterface
    public interface Judge {
        /** Empty when it may be. */
        Optional<String> refusal(InetAddress address) throws IOException;
    }

    /** Opens it for one fetch. */
    public OutsideGate(Judge judge) throws IOException {
        this.judge = judge;
        this.server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        start("outside-gate", this::accept);
    }

    /** To give to what connects. */
    public Proxy proxy() {
        return new Proxy(Proxy.Type.SOCKS, new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
    }

    /** The last refusal, a sentence without its beginning: {@code HOST is 127.0.0.1, an address of this host}. */
    public synchronized Optional<String> refusal() {
        return refusal;
    }

    private static void start(String name, Runnable work) {
        Thread.ofPlatform().daemon().name(name).start(work);
    }

    private void accept() {
        try {
            while (true) {
                var client = server.accept();
                if (keep(client)) {
                    start("outside-gate-out", () -> serve(client));
                }
            }
        } catch (IOException e) {
            LOG.trace("gate is closed", e);
        }
    }

    /** What is open when this closes is closed with it. */
    private synchronized boolean keep(Socket socket) throws IOException {
        if (closed) {
            socket.close();
            return false;
        }
        open.add(socket);
        return true;
    }

    private void serve(Socket client) {
        try (client) {
            var in = new DataInputStream(client.getInputStream());
            greet(in, client);
            var wanted = wanted(in);
            if (wanted.isEmpty()) {
                answer(client, NOT_DONE);
                return;
            }
            var addresses = addresses(wanted.get());
            if (addresses.isEmpty()) {
                answer(client, UNREACHABLE);
                return;
            }
            var why = refused(wanted.get().host(), addresses);
            if (why.isPresent()) {
                synchronized (this) {
                    refusal = why;
                }
                answer(client, FORBIDDEN);
                return;
            }
            try (var there = connect(addresses, wanted.get().port())) {
                if (!keep(there)) {
                    return;
                }
                answer(client, DONE);
                start("outside-gate-in", () -> pass(client, there));
                // An HTTP server has said all when it ends, whatever is still asked.
                pass(there, client);
            }
        } catch (IOException e) {
            LOG.debug("connection through the gate ended", e);
        }
    }

    private record Wanted(String host, Optional<InetAddress> literal, int port) {}

    private static void greet(DataInputStream in, Socket client) throws IOException {
        if (in.readUnsignedByte() != VERSION) {
            throw new IOException("no SOCKS 5");
        }
        in.readNBytes(in.readUnsignedByte());
        client.getOutputStream().write(new byte[] {VERSION, 0});
    }

    private static Optional<Wanted> wanted(DataInputStream in) throws IOException {
        in.readByte();
        var command = in.readUnsignedByte();
        in.readByte();
        var literal = Optional.<InetAddress>empty();
        var host = "";
        switch (in.readUnsignedByte()) {
            case IPV4 -> literal = Optional.of(InetAddress.getByAddress(in.readNBytes(4)));
            case IPV6 -> literal = Optional.of(InetAddress.getByAddress(in.readNBytes(16)));
            case NAME -> host = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
            default -> {
                return Optional.empty();
            }
        }
        var port = in.readUnsignedShort();
        return command == TO_CONNECT
                ? Optional.of(
                        new Wanted(literal.map(InetAddress::getHostAddress).orElse(host), literal, port))
                : Optional.empty();
    }

    private static List<InetAddress> addresses(Wanted wanted) {
        try {
            return wanted.literal().isPresent()
                    ? List.of(wanted.literal().get())
                    : List.of(InetAddress.getAllByName(wanted.host()));
        } catch (UnknownHostException e) {
            return List.of();
        }
    }

    /** One that is refused is enough: who gives a name such an address means no good by it. */
    private Optional<String> refused(String host, List<InetAddress> addresses) throws IOException {
        for (var address : addresses) {
            var why = judge.refusal(address);
            if (why.isPresent()) {
                var text = address.getHostAddress();
                return Optional.of(
                        host.equals(text) ? text + " is " + why.get() : host + " is " + text + ", " + why.get());
            }
        }
        return Optional.empty();
    }

    private static Socket connect(List<InetAddress> addresses, int port) throws IOException {
        var failure = new IOException("no address can be connected to");
        for (var address : addresses) {
            var socket = new Socket(Proxy.NO_PROXY);
            try {
                socket.connect(new InetSocketAddress(address, port), (int) CONNECT.toMillis());
                return socket;
            } catch (IOException e) {
                socket.close();
                failure.addSuppressed(e);
            }
        }
        throw failure;
    }

    private static void answer(Socket client, int code) throws IOException {
        client.getOutputStream().write(new byte[] {VERSION, (byte) code, 0, IPV4, 0, 0, 0, 0, 0, 0});
    }

    /** All that one says, to the other; its end too. */
    private static void pass(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            LOG.trace("one side has gone", e);
        }
    }

    @Override
    public void close() throws IOException {
        List<Socket> sockets;
        synchronized (this) {
            closed = true;
            sockets = List.copyOf(open);
        }
        server.close();
        for (var socket : sockets) {
            socket.close();
        }
    }
}
