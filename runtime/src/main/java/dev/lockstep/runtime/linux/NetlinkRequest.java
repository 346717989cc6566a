package dev.lockstep.runtime.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Builds one netlink message: a 16-byte header, a fixed part, attributes of {@code u16 length, u16 type, value} padded
 * to four bytes (netlink(7)). Numbers are in host order, but for addresses and ports. The sequence number is filled in
 * when the message is sent.
 */
final class NetlinkRequest {
    static final int REQUEST = 1;
    static final int ACK = 4;
    static final int EXCL = 0x200;
    static final int CREATE = 0x400;
    static final int DUMP = 0x300;
    static final int NESTED = 0x8000;

    private static final int FLAGS = 6;

    private final ByteBuffer buffer = ByteBuffer.allocate(1024).order(ByteOrder.nativeOrder());
    private final Deque<Integer> open = new ArrayDeque<>();
    private String what = "";
    private Set<Integer> tolerated = Set.of();

    NetlinkRequest(int type, int flags) {
        buffer.putInt(0)
                .putShort((short) type)
                .putShort((short) (REQUEST | flags))
                .putInt(0)
                .putInt(0);
    }

    NetlinkRequest u8(int value) {
        buffer.put((byte) value);
        return this;
    }

    NetlinkRequest u16(int value) {
        buffer.putShort((short) value);
        return this;
    }

    NetlinkRequest u32(int value) {
        buffer.putInt(value);
        return this;
    }

    NetlinkRequest zeros(int count) {
        buffer.put(new byte[count]);
        return this;
    }

    NetlinkRequest attribute(int type, byte[] value) {
        buffer.putShort((short) (4 + value.length)).putShort((short) type).put(value);
        while ((buffer.position() & 3) != 0) {
            buffer.put((byte) 0);
        }
        return this;
    }

    NetlinkRequest attribute(int type, int value) {
        return attribute(
                type,
                ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array());
    }

    /** The text with its NUL. */
    NetlinkRequest attribute(int type, String text) {
        return attribute(type, Libc.bytes(text));
    }

    /** The text without a NUL, as {@code IFLA_IFALIAS} wants it. */
    NetlinkRequest attributeWithoutNul(int type, String text) {
        return attribute(type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Begins an attribute that contains others, until {@link #end}. */
    NetlinkRequest begin(int type) {
        open.push(buffer.position());
        buffer.putShort((short) 0).putShort((short) type);
        return this;
    }

    NetlinkRequest end() {
        int at = open.pop();
        buffer.putShort(at, (short) (buffer.position() - at));
        return this;
    }

    /** How many bytes can still be put in. */
    int room() {
        return buffer.remaining();
    }

    /** Says what it is about, for messages that are sent beside others. */
    NetlinkRequest about(String subject) {
        what = subject;
        return this;
    }

    /** Errors that mean that what is asked for is so already. */
    NetlinkRequest tolerating(Integer... errnos) {
        tolerated = Set.of(errnos);
        return this;
    }

    /** What it is about; empty when it does not say. */
    String what() {
        return what;
    }

    boolean tolerates(int errno) {
        return tolerated.contains(errno);
    }

    /** Whether an answer is asked for also when all goes well, beside what the message itself asks for. */
    NetlinkRequest acknowledged(boolean wanted) {
        var flags = buffer.getShort(FLAGS);
        buffer.putShort(FLAGS, (short) (wanted ? flags | ACK : flags & ~ACK));
        return this;
    }

    /** The finished message. */
    byte[] bytes(int sequence) {
        var length = buffer.position();
        buffer.putInt(0, length).putInt(8, sequence);
        var bytes = new byte[length];
        buffer.get(0, bytes);
        return bytes;
    }
}
