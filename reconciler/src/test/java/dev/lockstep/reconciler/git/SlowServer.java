package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server on loopback that takes connections and never comes to the point. */
public final class SlowServer implements AutoCloseable {
    /** What it does with a connection. */
    public enum Manner {
        /** Takes it and says nothing. */
        SILENT(""),
        /** Sends a byte of an HTTP header now and then, and never the last. */
        HTTP_TRICKLE("HTTP/1.1 200 OK\r\nX-Slow: "),
        /** Begins a handshake record of 16 KiB (RFC 8446, 5.1) and sends a byte of it now and then. */
        TLS_TRICKLE("\u0016\u0003\u0003@\0\u0002\0?\u00fc\u0003\u0003"),
        /** Sends lines before its version string, as RFC 4253, 4.2 allows, without end. */
        SSH_TRICKLE("wait a moment\r\n"),
        /** Begins a packet line and sends a byte of it now and then. */
        GIT_TRICKLE("0400");

        private final String beginning;

        Manner(String beginning) {
            this.beginning = beginning;
        }
    }

    private static final long BETWEEN_BYTES_MILLIS = 100;

    private final ServerSocket server;
    private final Manner manner;
    private final CountDownLatch over = new CountDownLatch(1);
    private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();

    public SlowServer(Manner manner) throws IOException {
        this.manner = manner;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Waits until a client has let go of a connection; false when none does. */
    public boolean isLetGo() throws InterruptedException {
        return ended.poll(60, TimeUnit.SECONDS) != null;
    }

    private void accept() {
        try {
            while (true) {
                var socket = server.accept();
                Thread.ofVirtual().start(() -> read(socket));
                Thread.ofVirtual().start(() -> talk(socket));
            }
        } catch (IOException e) {
            over.countDown(); // closed
        }
    }

    private void read(Socket socket) {
        try (socket) {
            while (socket.getInputStream().read() >= 0) {
                // Whatever a client says, the answer is the same.
            }
            ended.add("end");
        } catch (IOException e) {
            ended.add(e.toString());
        }
    }

    private void talk(Socket socket) {
        try {
            OutputStream out = socket.getOutputStream();
            out.write(manner.beginning.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            while (!over.await(BETWEEN_BYTES_MILLIS, TimeUnit.MILLISECONDS)) {
                if (manner != Manner.SILENT) {
                    out.write(manner == Manner.SSH_TRICKLE ? '\n' : 'a');
                    out.flush();
                }
            }
            socket.close();
        } catch (IOException e) {
            // The client has gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        over.countDown();
        server.close();
    }
}
