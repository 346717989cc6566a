package dev.lockstep.runtime.network;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** A message bus with firewalld's zones on it: as much of both as one call needs. */
final class FakeBus implements AutoCloseable {
    private final Path socket;
    private final ServerSocketChannel server;
    private final Map<String, String> zoneOf = new ConcurrentSkipListMap<>();

    private FakeBus(Path socket, ServerSocketChannel server) {
        this.socket = socket;
        this.server = server;
    }

    static FakeBus at(Path socket) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        var bus = new FakeBus(socket, server);
        Thread.ofPlatform().daemon().start(bus::serve);
        return bus;
    }

    /** Interfaces with their zones. */
    Map<String, String> zones() {
        return Map.copyOf(zoneOf);
    }

    private void serve() {
        while (server.isOpen()) {
            try (var client = server.accept()) {
                converse(client);
            } catch (IOException e) {
                // The client is done, or the test.
            }
        }
    }

    private void converse(SocketChannel client) throws IOException {
        var greeting = new StringBuilder();
        while (!greeting.toString().endsWith("BEGIN\r\n")) {
            greeting.append((char) read(client, 1).get());
        }
        write(client, "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n".getBytes(StandardCharsets.US_ASCII));
        // What a bus sends unasked, before the answers.
        write(client, message(4, 0, "org.freedesktop.DBus", ":1.7"));
        while (true) {
            var head = read(client, 16);
            var serial = head.getInt(8);
            var fields = StandardCharsets.UTF_8
                    .decode(read(client, head.getInt(12) + 7 & ~7))
                    .toString();
            var body = read(client, head.getInt(4));
            var words = new ArrayList<String>();
            while (body.hasRemaining()) {
                body.position(body.position() + 3 & ~3);
                words.add(word(body));
            }
            write(client, message(2, serial, "", answer(fields, words)));
        }
    }

    private String answer(String fields, List<String> words) {
        if (fields.contains("getZoneOfInterface")) {
            return zoneOf.getOrDefault(words.getFirst(), "");
        }
        if (fields.contains("addInterface")) {
            zoneOf.put(words.getLast(), words.getFirst());
        } else if (fields.contains("removeInterface")) {
            zoneOf.remove(words.getLast(), words.getFirst());
        }
        return words.isEmpty() ? ":1.7" : words.getFirst();
    }

    private static String word(ByteBuffer from) {
        var bytes = new byte[from.getInt()];
        from.get(bytes);
        from.get();
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Header fields: the call answered, or a sender; and the signature of one string. */
    private static byte[] message(int type, int answerTo, String sender, String text) {
        var out = new ByteArrayOutputStream();
        var words = text.getBytes(StandardCharsets.UTF_8);
        var from = sender.getBytes(StandardCharsets.UTF_8);
        var fields = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        if (answerTo != 0) {
            fields.put(new byte[] {5, 1, 'u', 0}).putInt(answerTo);
        } else {
            fields.put(new byte[] {7, 1, 's', 0}).putInt(from.length).put(from).put((byte) 0);
            fields.position(fields.position() + 7 & ~7);
        }
        fields.put(new byte[] {8, 1, 'g', 0, 1, 's', 0});
        var head = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        head.put(new byte[] {'l', (byte) type, 0, 1}).putInt(words.length + 5).putInt(99);
        head.putInt(fields.position());
        out.writeBytes(head.array());
        out.write(fields.array(), 0, fields.position() + 7 & ~7);
        out.writeBytes(ByteBuffer.allocate(words.length + 5)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(words.length)
                .put(words)
                .array());
        return out.toByteArray();
    }

    private static ByteBuffer read(SocketChannel client, int length) throws IOException {
        var bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new IOException("end");
            }
        }
        return bytes.flip();
    }

    private static void write(SocketChannel client, byte[] bytes) throws IOException {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            client.write(buffer);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }
}
