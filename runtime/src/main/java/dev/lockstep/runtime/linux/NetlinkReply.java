package dev.lockstep.runtime.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One message from the kernel, read by absolute offsets.
 *
 * @param body what stands behind the 16-byte header, in host order
 */
record NetlinkReply(int type, ByteBuffer body) {
    static final int TYPE_MASK = 0x3fff;

    NetlinkReply(int type, byte[] body) {
        this(type, ByteBuffer.wrap(body).order(ByteOrder.nativeOrder()));
    }

    int u8(int at) {
        return body.get(at) & 0xff;
    }

    int u16BigEndian(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    int s32(int at) {
        return body.getInt(at);
    }

    byte[] bytes(int at, int length) {
        var bytes = new byte[length];
        body.get(at, bytes);
        return bytes;
    }

    /**
     * The attribute of that type among those that stand from {@code at} on, as a reply whose body is its value; empty
     * when there is none.
     */
    Optional<NetlinkReply> attribute(int at, int wanted) {
        var position = at;
        while (position + 4 <= body.limit()) {
            var length = body.getShort(position) & 0xffff;
            if (length < 4 || position + length > body.limit()) {
                return Optional.empty();
            }
            if ((body.getShort(position + 2) & TYPE_MASK) == wanted) {
                return Optional.of(new NetlinkReply(wanted, bytes(position + 4, length - 4)));
            }
            position += (length + 3) & ~3;
        }
        return Optional.empty();
    }

    int size() {
        return body.limit();
    }

    /** The whole body as text, up to a NUL. */
    String text() {
        var end = 0;
        while (end < size() && body.get(end) != 0) {
            end++;
        }
        return new String(bytes(0, end), StandardCharsets.UTF_8);
    }
}
