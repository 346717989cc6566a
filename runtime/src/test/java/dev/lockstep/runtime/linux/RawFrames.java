package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Ethernet frames as a container with NET_RAW sends them: with whatever in them it likes (packet(7)). */
public final class RawFrames implements AutoCloseable {
    private static final int AF_PACKET = 17;
    private static final int SOCKADDR_LL = 20;

    private final Fd socket;

    private RawFrames(Fd socket) {
        this.socket = socket;
    }

    /** On a link of the calling thread's namespace. */
    public static RawFrames on(int link) throws LinuxException {
        var number = Libc.check(
                SocketLibrary.socket(AF_PACKET, SocketLibrary.SOCK_RAW | SocketLibrary.SOCK_CLOEXEC, 0),
                "socket",
                "packets");
        var frames = new RawFrames(new Fd(number, "packets"));
        var address = ByteBuffer.allocate(SOCKADDR_LL).order(ByteOrder.nativeOrder());
        address.putShort((short) AF_PACKET).putShort((short) 0).putInt(link);
        Libc.check(SocketLibrary.bind(number, address.array(), SOCKADDR_LL), "bind", "packets");
        return frames;
    }

    /** Sends one. */
    public void send(byte[] frame) throws LinuxException {
        try (var memory = new Memory(frame.length)) {
            memory.write(0, frame, 0, frame.length);
            Libc.check(SocketLibrary.send(socket.number(), Libc.address(memory), frame.length, 0), "send", "frame");
        }
    }

    /** An Ethernet frame. */
    public static byte[] ethernet(byte[] to, byte[] from, int type, byte[] payload) {
        return ByteBuffer.allocate(14 + payload.length)
                .put(to)
                .put(from)
                .putShort((short) type)
                .put(payload)
                .array();
    }

    /**
     * The same frame with tags for no VLAN, number 0, which say how urgent it is (IEEE 802.1Q): who gets it takes them
     * off and has the frame.
     *
     * @param types of the tags, the outer first
     */
    public static byte[] tagged(byte[] frame, List<Integer> types) {
        var tagged = ByteBuffer.allocate(frame.length + 4 * types.size()).put(frame, 0, 12);
        types.forEach(type -> tagged.putShort(type.shortValue()).putShort((short) 0));
        return tagged.put(frame, 12, frame.length - 12).array();
    }

    /** An IP packet of either family with a UDP datagram in it. */
    public static byte[] udp(byte[] from, byte[] to, int port, byte[] text) {
        var datagram = ByteBuffer.allocate(8 + text.length)
                .putShort((short) 40000)
                .putShort((short) port)
                .putShort((short) (8 + text.length))
                .putShort((short) 0)
                .put(text);
        return ip(from, to, 17, datagram.array(), 6);
    }

    /** An IPv6 packet that says: the address {@code target} has that hardware address (RFC 4861, 4.4). */
    public static byte[] advertisement(byte[] from, byte[] to, byte[] target, byte[] mac) {
        var message = ByteBuffer.allocate(32)
                .putInt(136 << 24)
                .putInt(0x60000000) // solicited, override
                .put(target)
                .put((byte) 2)
                .put((byte) 1)
                .put(mac);
        return ip(from, to, 58, message.array(), 2);
    }

    /** An ARP answer that says: {@code address} has that hardware address. */
    public static byte[] arp(byte[] address, byte[] mac, byte[] to, byte[] toMac) {
        return ByteBuffer.allocate(28)
                .putShort((short) 1)
                .putShort((short) 0x800)
                .put((byte) 6)
                .put((byte) 4)
                .putShort((short) 2)
                .put(mac)
                .put(address)
                .put(toMac)
                .put(to)
                .array();
    }

    private static byte[] ip(byte[] from, byte[] to, int protocol, byte[] payload, int checksumAt) {
        var pseudo = ByteBuffer.allocate(from.length * 2 + 8 + payload.length)
                .put(from)
                .put(to)
                .putInt(payload.length)
                .putInt(protocol)
                .put(payload);
        ByteBuffer.wrap(payload).putShort(checksumAt, checksum(pseudo.array()));
        if (from.length == 16) {
            return ByteBuffer.allocate(40 + payload.length)
                    .putInt(0x60000000)
                    .putShort((short) payload.length)
                    .put((byte) protocol)
                    .put((byte) 255)
                    .put(from)
                    .put(to)
                    .put(payload)
                    .array();
        }
        var packet = ByteBuffer.allocate(20 + payload.length)
                .putShort((short) 0x4500)
                .putShort((short) (20 + payload.length))
                .putInt(0)
                .put((byte) 64)
                .put((byte) protocol)
                .putShort((short) 0)
                .put(from)
                .put(to);
        packet.putShort(10, checksum(Arrays.copyOf(packet.array(), 20)));
        return packet.put(payload).array();
    }

    private static short checksum(byte[] bytes) {
        var sum = 0;
        for (var i = 0; i < bytes.length; i += 2) {
            sum += ((bytes[i] & 255) << 8) | (i + 1 < bytes.length ? bytes[i + 1] & 255 : 0);
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (short) ~sum;
    }

    @Override
    public void close() {
        socket.close();
    }
}
