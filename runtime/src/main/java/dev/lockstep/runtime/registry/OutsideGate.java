package dev.lockstep.runtime.registry;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only way out of a fetch that others have asked for: a proxy within this process, of SOCKS and of HTTP. The JDK's
 * HTTP looks names up by itself and tells nobody where it connects to; this looks them up once, and what it has judged
 * is what it connects to, after a redirect as before it.
 */
public final class OutsideGate implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutsideGate.class);
    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration AFTER_FAILURE = Duration.ofMillis(50);
    private static final int BUFFER = 64 * 1024;

    private final ServerSocket server;
    private final Judge judge;
    private final Set<Socket> open = new HashSet<>();
    /** By host and port. */
    private final Map<String, IOException> troubles = new HashMap<>();

    private Optional<String> refusal = Optional.empty();
    private boolean closed;

    /** Says of an address why it is not connected to. */
    @FunctionalInterface
    public interface Judge {
        /**
         * Empty when it may be.
         *
         * @param host that was asked for, in lower case, and has this address
         */
        Optional<String> refusal(String host, int port, InetAddress address) throws IOException;
    }

    /** What was asked for is not connected to. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String why) {
            super(why);
        }
    }

    /** Opens it for one fetch, or for as many as one judge is for. */
    public OutsideGate(Judge judge) throws IOException {
        this.judge = judge;
        this.server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        start("outside-gate", this::accept);
    }

    /** To give to what connects. */
    public Proxy proxy() {
        return new Proxy(Proxy.Type.SOCKS, address());
    }

    /** The same for a client that knows proxies of HTTP alone. */
    Proxy webProxy() {
        return new Proxy(Proxy.Type.HTTP, address());
    }

    private InetSocketAddress address() {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    /** Why the last connection to there did not come about, if it did not. */
    synchronized Optional<IOException> trouble(URI uri) {
        var https = "https".equalsIgnoreCase(uri.getScheme());
        var port = uri.getPort() >= 0 ? uri.getPort() : https ? 443 : 80;
        var host = uri.getHost().replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT);
        return Optional.ofNullable(troubles.get(host + " " + port));
    }

    private synchronized void trouble(GateRequest request, IOException why) {
        troubles.put(request.host() + " " + request.port(), why);
        if (why instanceof RefusedException refused) {
            refusal = Optional.ofNullable(refused.getMessage());
        }
    }

    private synchronized void noTrouble(GateRequest request) {
        troubles.remove(request.host() + " " + request.port());
    }

    private synchronized void forget(Socket socket) {
        open.remove(socket);
    }

    /** The last refusal, a sentence without its beginning: {@code HOST is 127.0.0.1, an address of this host}. */
    public synchronized Optional<String> refusal() {
        return refusal;
    }

    private static void start(String name, Runnable work) {
        Thread.ofPlatform().daemon().name(name).start(work);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var client = server.accept();
                if (keep(client)) {
                    start("outside-gate-out", () -> serve(client));
                }
            } catch (IOException e) {
                // The client has gone again, or this process has no file to spare: the next one may fare better.
                if (!server.isClosed()) {
                    LOG.debug("no connection to the gate", e);
                    LockSupport.parkNanos(AFTER_FAILURE.toNanos());
                }
            }
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
            var wanted = GateRequest.read(in, client);
            try (var there = connect(wanted)) {
                noTrouble(wanted);
                if (!keep(there)) {
                    return;
                }
                try {
                    wanted.answer(client.getOutputStream(), GateRequest.Outcome.DONE);
                    wanted.begin(there.getOutputStream());
                    start("outside-gate-in", () -> pass(client, there, wanted.body()));
                    // An HTTP server has said all when it ends, whatever is still asked.
                    pass(there, client, Optional.empty());
                } finally {
                    forget(there);
                }
            } catch (RefusedException e) {
                trouble(wanted, e);
                wanted.answer(client.getOutputStream(), GateRequest.Outcome.FORBIDDEN);
            } catch (NoConnectionException e) {
                trouble(wanted, e.why);
                wanted.answer(client.getOutputStream(), GateRequest.Outcome.UNREACHABLE);
            }
        } catch (IOException e) {
            LOG.debug("connection through the gate ended", e);
        } finally {
            forget(client);
        }
    }

    /** Where nobody answers. */
    private static final class NoConnectionException extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient IOException why;

        NoConnectionException(IOException why) {
            super(why);
            this.why = why;
        }
    }

    /** What is judged is what is connected to. */
    private Socket connect(GateRequest wanted) throws IOException {
        List<InetAddress> addresses;
        try {
            addresses = wanted.addresses();
        } catch (UnknownHostException e) {
            throw new NoConnectionException(e);
        }
        var why = refused(wanted, addresses);
        if (why.isPresent()) {
            throw new RefusedException(why.get());
        }
        try {
            return connect(addresses, wanted.port());
        } catch (IOException e) {
            throw new NoConnectionException(e);
        }
    }

    /** One that is refused is enough: who gives a name such an address means no good by it. */
    private Optional<String> refused(GateRequest wanted, List<InetAddress> addresses) throws IOException {
        for (var address : addresses) {
            var why = judge.refusal(wanted.host(), wanted.port(), address);
            if (why.isPresent()) {
                var text = address.getHostAddress();
                return Optional.of(
                        wanted.literal().isPresent()
                                ? text + " is " + why.get()
                                : wanted.host() + " is " + text + ", " + why.get());
            }
        }
        return Optional.empty();
    }

    private static Socket connect(List<InetAddress> addresses, int port) throws IOException {
        var failures = new ArrayList<IOException>();
        for (var address : addresses) {
            var socket = new Socket(Proxy.NO_PROXY);
            try {
                socket.connect(new InetSocketAddress(address, port), (int) CONNECT.toMillis());
                return socket;
            } catch (IOException e) {
                socket.close();
                failures.add(e);
            }
        }
        throw failures.isEmpty() ? new UnknownHostException("it has no address") : failures.getFirst();
    }

    /**
     * All that one says, to the other; its end too.
     *
     * @param most so many bytes are for the other: who says more means somebody else, and is not heard
     */
    private static void pass(Socket from, Socket to, Optional<Long> most) {
        try {
            if (most.isPresent()) {
                copy(from.getInputStream(), to.getOutputStream(), most.get());
                if (from.getInputStream().read() >= 0) {
                    from.close();
                }
            } else {
                from.getInputStream().transferTo(to.getOutputStream());
                to.shutdownOutput();
            }
        } catch (IOException e) {
            LOG.trace("one side has gone", e);
        }
    }

    private static void copy(InputStream in, OutputStream out, long bytes) throws IOException {
        var buffer = new byte[BUFFER];
        for (var left = bytes; left > 0; ) {
            var read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                return;
            }
            out.write(buffer, 0, read);
            left -= read;
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
