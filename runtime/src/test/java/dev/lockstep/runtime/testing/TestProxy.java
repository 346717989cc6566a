package dev.lockstep.runtime.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A proxy on the loopback that leads to one server, whatever name it is asked for. */
public final class TestProxy implements AutoCloseable {
    private final ServerSocket socket;
    private final int target;
    private final Optional<String> account;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<String> heads = new CopyOnWriteArrayList<>();

    private TestProxy(ServerSocket socket, int target, Optional<String> account) {
        this.socket = socket;
        this.target = target;
        this.account = account;
    }

    /**
     * Starts it.
     *
     * @param target port on 127.0.0.1
     * @param account value of {@code Proxy-Authorization} that it wants
     */
    public static TestProxy start(int target, Optional<String> account) throws IOException {
        var socket = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        var proxy = new TestProxy(socket, target, account);
        var _ = proxy.threads.submit(() -> {
            while (!socket.isClosed()) {
                var client = socket.accept();
                var _ = proxy.threads.submit(() -> proxy.handle(client));
            }
            return true;
        });
        return proxy;
    }

    /** {@code 127.0.0.1:PORT}. */
    public String host() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    /** Line and headers of every request so far. */
    public List<String> heads() {
        return List.copyOf(heads);
    }

    private boolean handle(Socket client) throws Exception {
        try (client;
                var server = new Socket(InetAddress.ofLiteral("127.0.0.1"), target)) {
            var head = head(client.getInputStream());
            heads.add(head);
            if (account.isPresent() && !head.contains("\r\nProxy-Authorization: " + account.get() + "\r\n")) {
                answer(client, "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"");
                return false;
            }
            if (head.startsWith("CONNECT ")) {
                answer(client, "200 Connected");
            } else {
                // Enough for requests without a body: the whole address goes to the server, which takes it too.
                server.getOutputStream()
                        .write(head.replaceFirst("http://[^/]*", "")
                                .replaceFirst("(?i)\r\nproxy-authorization: [^\r]*", "")
                                .getBytes(ISO_8859_1));
            }
            var back = threads.submit(() -> server.getInputStream().transferTo(client.getOutputStream()));
            client.getInputStream().transferTo(server.getOutputStream());
            server.shutdownOutput();
            back.get();
            return true;
        }
    }

    private static void answer(Socket client, String status) throws IOException {
        var end = status.startsWith("200") ? "" : "Content-Length: 0\r\n";
        client.getOutputStream().write(("HTTP/1.1 " + status + "\r\n" + end + "\r\n").getBytes(ISO_8859_1));
        client.getOutputStream().flush();
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        threads.shutdownNow();
    }
}
