package dev.lockstep.reconciler.git;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/** A proxy on loopback that wants an account, and leads everybody to one port of this host. */
final class TestProxy implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final String account;
    private final List<String> heads = Collections.synchronizedList(new ArrayList<>());

    private TestProxy(ServerSocket server, int target, String account) {
        this.server = server;
        this.target = target;
        this.account = account;
    }

    static TestProxy start(int target, String userAndPassword) throws IOException {
        var proxy = new TestProxy(
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress()),
                target,
                "Proxy-Authorization: Basic "
                        + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8)));
        Thread.ofVirtual().start(proxy::accept);
        return proxy;
    }

    int port() {
        return server.getLocalPort();
    }

    /** What it was asked, each with its headers. */
    List<String> heads() {
        return List.copyOf(heads);
    }

    private void accept() {
        try {
            while (true) {
                var client = server.accept();
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client) {
            var head = head(client.getInputStream());
            heads.add(head);
            if (!head.contains(account + "\r\n")) {
                client.getOutputStream().write("""
                                HTTP/1.1 407 No\r
                                Proxy-Authenticate: Basic realm="p"\r
                                Content-Length: 0\r
                                Connection: close\r
                                \r
                                """.getBytes(StandardCharsets.US_ASCII));
                return;
            }
            lead(client, head);
        } catch (IOException e) {
            // Whoever asked is told by the end of the connection.
        }
    }

    private void lead(Socket client, String head) throws IOException {
        try (var origin = new Socket(InetAddress.getLoopbackAddress(), target)) {
            if (head.startsWith("CONNECT ")) {
                client.getOutputStream().write("HTTP/1.1 200 Go\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            } else {
                origin.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            }
            Thread.ofVirtual().start(() -> copy(client, origin));
            copy(origin, client);
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            // over
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            var next = in.read();
            if (next < 0) {
                throw new EOFException();
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
