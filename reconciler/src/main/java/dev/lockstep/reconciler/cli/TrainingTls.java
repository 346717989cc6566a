package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.MediaType;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * What registries are in the world: TLS and HTTP/2. Says of every tag that it stands for one digest, and has nothing
 * else, so that only who has that image is content; its certificate is trusted by nobody. No more of RFC 9113 than that
 * takes.
 */
final class TrainingTls implements AutoCloseable {
    /** Of a key that lives as long as the training. */
    private static final String PASSWORD = "training";

    /** An empty line, as four bytes in one number. */
    private static final int END_OF_HEAD = '\r' << 24 | '\n' << 16 | '\r' << 8 | '\n';

    private static final int PREFACE = 24;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int ACKNOWLEDGED = 1;
    private static final int END_OF_STREAM_AND_HEADERS = 5;

    private final SSLServerSocket socket;
    private final Digest digest;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().name("train-tls").daemon().factory());

    private TrainingTls(SSLServerSocket socket, Digest digest) {
        this.socket = socket;
        this.digest = digest;
    }

    /** @param directory for its key */
    static TrainingTls start(Path directory, Digest digest) throws IOException {
        SSLContext context;
        try {
            context = context(directory);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
        var socket = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 0, InetAddress.getLoopbackAddress());
        var parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        socket.setSSLParameters(parameters);
        var server = new TrainingTls(socket, digest);
        server.threads.execute(server::accept);
        return server;
    }

    /** What signs a certificate is no part of Java's API; the JDK's tool is. */
    private static SSLContext context(Path directory) throws IOException, GeneralSecurityException {
        var keys = directory.resolve("training.p12");
        var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        var options = "-genkeypair -alias training -keyalg EC -validity 2 -dname CN=127.0.0.1 -ext SAN=ip:127.0.0.1"
                + " -storetype PKCS12 -storepass " + PASSWORD + " -keystore";
        var command = new ArrayList<>(List.of(keytool));
        command.addAll(List.of(options.split(" ", -1)));
        command.add(keys.toString());
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException("keytool ended with " + process.exitValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(KeyStore.getInstance(keys.toFile(), PASSWORD.toCharArray()), PASSWORD.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), null, null);
        return context;
    }

    /** As references name it. */
    String host() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    /** An image that it has, for who has it already. */
    ImageReference present() {
        return ImageReference.parse(host() + "/present:1");
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                var connection = (SSLSocket) socket.accept();
                threads.execute(() -> serve(connection));
            } catch (IOException e) {
                // Closed, which the next look shows.
            }
        }
    }

    private void serve(SSLSocket connection) {
        try (connection) {
            connection.startHandshake();
            var in = new DataInputStream(connection.getInputStream());
            if (connection.getApplicationProtocol().equals("h2")) {
                in.skipNBytes(PREFACE);
                send(connection, SETTINGS, 0, 0, new byte[0]);
                while (true) {
                    answer(connection, in);
                }
            }
            // The question is how it speaks: one request is all that comes.
            var last = 0;
            do {
                last = last << 8 | in.readUnsignedByte();
            } while (last != END_OF_HEAD);
            connection
                    .getOutputStream()
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // It goes when it has what it wanted, or does not trust us.
        }
    }

    /** Reads a frame (RFC 9113, 4.1), and answers where one is due. */
    private void answer(SSLSocket connection, DataInputStream in) throws IOException {
        var length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        var type = in.readUnsignedByte();
        var flags = in.readUnsignedByte();
        var stream = in.readInt();
        in.skipNBytes(length);
        if (type == HEADERS) {
            var headers = new ByteArrayOutputStream();
            headers.write(0x88); // ":status: 200" (RFC 7541, A)
            literal(headers, "docker-content-digest", digest.toString());
            literal(headers, "content-type", MediaType.OCI_MANIFEST);
            send(connection, HEADERS, END_OF_STREAM_AND_HEADERS, stream, headers.toByteArray());
        } else if (type == SETTINGS && flags != ACKNOWLEDGED) {
            send(connection, SETTINGS, ACKNOWLEDGED, 0, new byte[0]);
        }
    }

    /** A field that is in no table (RFC 7541, 6.2.2); neither is longer than 126. */
    private static void literal(ByteArrayOutputStream to, String name, String value) {
        to.write(0);
        for (var text : new String[] {name, value}) {
            to.write(text.length());
            to.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static void send(SSLSocket to, int type, int flags, int stream, byte[] payload) throws IOException {
        var frame = new ByteArrayOutputStream();
        for (var number : new int[] {payload.length >> 16, payload.length >> 8, payload.length, type, flags}) {
            frame.write(number);
        }
        for (var shift = 24; shift >= 0; shift -= 8) {
            frame.write(stream >> shift);
        }
        frame.writeBytes(payload);
        to.getOutputStream().write(frame.toByteArray());
        to.getOutputStream().flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        threads.shutdownNow();
    }
}
