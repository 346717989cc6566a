package dev.lockstep.runtime.linux;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The system's message bus (D-Bus Specification, "Authentication Protocol" and "Message Protocol"), as far as a call
 * needs it whose arguments are strings and whose answer begins with one. A connection per call.
 *
 * @param socket where the bus listens
 */
public record SystemBus(Path socket) {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LARGEST = 1 << 20;
    private static final int CALL = 1;
    private static final int ANSWER = 2;
    private static final int ERROR = 3;
    private static final int HELLO = 1;
    private static final int ASKED = 2;
    private static final List<String> BUS = List.of("org.freedesktop.DBus", "/org/freedesktop/DBus");

    /**
     * A call of a method.
     *
     * @param destination name on the bus
     * @param object path of the object
     * @param type interface that has the method
     * @param arguments all strings
     */
    public record Call(String destination, String object, String type, String method, List<String> arguments) {
        public Call {
            arguments = List.copyOf(arguments);
        }
    }

    private record Message(int type, int answerTo, String error, Optional<String> text) {}

    /**
     * Calls and waits for the answer, ten seconds at most.
     *
     * @return the answer's first value where that is a string
     * @throws IOException when there is no bus, nobody of that name, or the callee refuses; the message says which
     */
    public Optional<String> call(Call call) throws IOException {
        try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                var selector = Selector.open()) {
            channel.configureBlocking(false);
            var line = new Line(channel, channel.register(selector, 0), System.nanoTime() + PATIENCE.toNanos());
            // All at once, as the answers are known: the bus sees from the socket who we are.
            line.write(ByteBuffer.wrap("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".getBytes(StandardCharsets.US_ASCII)));
            line.write(
                    encode(HELLO, new Call(BUS.getFirst(), BUS.getLast(), "org.freedesktop.DBus", "Hello", List.of())));
            line.write(encode(ASKED, call));
            line.readGreeting();
            while (true) {
                var message = line.readMessage();
                if (message.type() == ERROR) {
                    throw new IOException(call.destination() + " refuses " + call.method() + ": " + message.error()
                            + message.text().map(t -> ", " + t).orElse(""));
                }
                if (message.type() == ANSWER && message.answerTo() == ASKED) {
                    return message.text();
                }
            }
        }
    }

    private static ByteBuffer encode(int serial, Call call) {
        var body = new Writer();
        call.arguments().forEach(body::string);
        var fields = new Writer();
        fields.field(1, 'o', call.object());
        fields.field(2, 's', call.type());
        fields.field(3, 's', call.method());
        fields.field(6, 's', call.destination());
        if (!call.arguments().isEmpty()) {
            fields.field(8, 'g', "s".repeat(call.arguments().size()));
        }
        var message = new Writer();
        message.bytes('l', CALL, 0, 1);
        message.number(body.size());
        message.number(serial);
        message.number(fields.size());
        message.append(fields);
        message.align(8);
        message.append(body);
        return ByteBuffer.wrap(message.toByteArray());
    }

    /** Marshals, little end first. Begins at a multiple of 8. */
    private static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        int size() {
            return out.size();
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }

        void bytes(int... values) {
            for (var value : values) {
                out.write(value);
            }
        }

        void align(int boundary) {
            while (out.size() % boundary != 0) {
                out.write(0);
            }
        }

        void number(int value) {
            align(4);
            bytes(value, value >> 8, value >> 16, value >> 24);
        }

        void string(String text) {
            var bytes = text.getBytes(StandardCharsets.UTF_8);
            number(bytes.length);
            out.writeBytes(bytes);
            out.write(0);
        }

        void field(int code, char type, String value) {
            align(8);
            bytes(code, 1, type, 0);
            if (type == 'g') {
                bytes(value.length());
                out.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
                out.write(0);
            } else {
                string(value);
            }
        }

        void append(Writer other) {
            out.writeBytes(other.toByteArray());
        }
    }

    /** The connection with its deadline. */
    private record Line(SocketChannel channel, SelectionKey key, long deadline) {
        void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                if (channel.write(bytes) == 0) {
                    await(SelectionKey.OP_WRITE);
                }
            }
        }

        ByteBuffer read(int length) throws IOException {
            var bytes = ByteBuffer.allocate(length);
            while (bytes.hasRemaining()) {
                var count = channel.read(bytes);
                if (count < 0) {
                    throw new EOFException("the message bus ended the connection");
                }
                if (count == 0) {
                    await(SelectionKey.OP_READ);
                }
            }
            return bytes.flip();
        }

        private void await(int operation) throws IOException {
            var left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
            key.interestOps(operation);
            if (left <= 0 || key.selector().select(left) == 0) {
                throw new IOException("the message bus does not answer");
            }
            key.selector().selectedKeys().clear();
        }

        /** {@code DATA}, then {@code OK} with the bus's id. */
        void readGreeting() throws IOException {
            var text = new StringBuilder();
            while (!text.toString().endsWith("\r\n") || !text.toString().contains("OK ")) {
                text.append((char) read(1).get());
                if (text.length() > 512 || text.toString().contains("REJECTED")) {
                    throw new IOException("the message bus refuses us: " + text);
                }
            }
        }

        Message readMessage() throws IOException {
            var head = read(16);
            var order = head.get(0) == 'B' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            head.order(order);
            var bodyLength = Integer.toUnsignedLong(head.getInt(4));
            var fieldsLength = Integer.toUnsignedLong(head.getInt(12));
            if (bodyLength + fieldsLength > LARGEST) {
                throw new IOException("the message bus sends a message of " + (bodyLength + fieldsLength) + " bytes");
            }
            var fields = read((int) (fieldsLength + 7 & ~7L)).order(order);
            var body = read((int) bodyLength).order(order);
            fields.limit((int) fieldsLength);
            return decode(head.get(1), fields, body);
        }

        private static Message decode(int type, ByteBuffer fields, ByteBuffer body) throws IOException {
            var answerTo = 0;
            var error = "";
            var signature = "";
            try {
                while (fields.hasRemaining()) {
                    align(fields, 8);
                    var code = fields.get();
                    fields.position(fields.position() + 1); // length of the type: always one here
                    var kind = (char) fields.get();
                    fields.position(fields.position() + 1);
                    switch (kind) {
                        case 'u' -> {
                            var value = fields.getInt();
                            answerTo = code == 5 ? value : answerTo;
                        }
                        case 'g' -> {
                            var value = text(fields, fields.get() & 0xff);
                            signature = code == 8 ? value : signature;
                        }
                        case 's', 'o' -> {
                            var value = text(fields, fields.getInt());
                            error = code == 4 ? value : error;
                        }
                        default -> throw new IOException("the message bus sends a header field of type " + kind);
                    }
                }
                return new Message(
                        type,
                        answerTo,
                        error,
                        signature.startsWith("s") ? Optional.of(text(body, body.getInt())) : Optional.empty());
            } catch (BufferUnderflowException | IllegalArgumentException | NegativeArraySizeException e) {
                throw new IOException("the message bus sends a message that cannot be read", e);
            }
        }

        private static void align(ByteBuffer buffer, int boundary) {
            buffer.position(buffer.position() + boundary - 1 & -boundary);
        }

        private static String text(ByteBuffer buffer, int length) {
            var bytes = new byte[Math.min(length, buffer.remaining())];
            buffer.get(bytes);
            buffer.get(); // the closing zero
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
