package dev.lockstep.runtime.network;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a name server says (RFC 1035), as far as tests look at it.
 *
 * @param code 0, or why there is nothing; 3 is NXDOMAIN
 * @param records of the type that was asked for: addresses, or names without the last dot
 */
record DnsMessage(int code, List<String> records) {
    static final int A = 1;
    static final int PTR = 12;
    static final int AAAA = 28;

    private static final int HEADER = 12;

    /** A question for one record. */
    static byte[] question(String name, int type) {
        var question = new ByteArrayOutputStream();
        question.writeBytes(new byte[] {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        for (var label : List.of(name.split("\\.", -1))) {
            question.write(label.length());
            question.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        question.writeBytes(new byte[] {0, 0, (byte) type, 0, 1});
        return question.toByteArray();
    }

    /** The name whose PTR an address has. */
    static String reverse(String address) {
        var bytes = IpAddress.parse(address).bytes();
        var labels = new ArrayList<String>();
        for (var b : bytes) {
            if (bytes.length == 4) {
                labels.addFirst(String.valueOf(b & 255));
            } else {
                labels.addFirst(Integer.toHexString(b >> 4 & 15));
                labels.addFirst(Integer.toHexString(b & 15));
            }
        }
        return String.join(".", labels) + (bytes.length == 4 ? ".in-addr.arpa" : ".ip6.arpa");
    }

    /** An answer to that question: one IPv4 address, or that there is no such name. */
    static byte[] answer(byte[] question, boolean known, byte[] address) {
        var end = HEADER;
        while (question[end] != 0) {
            end += question[end] + 1;
        }
        var answer = ByteBuffer.allocate(end + 5 + 16);
        answer.put(question, 0, end + 5);
        answer.put(2, (byte) 0x81).put(3, (byte) (known ? 0x80 : 0x83)).putShort(6, (short) (known ? 1 : 0));
        // No record but the one: the question's own options are not repeated.
        answer.putInt(8, 0);
        if (known) {
            answer.putShort((short) 0xc00c).putShort((short) A).putShort((short) 1);
            answer.putInt(1).putShort((short) 4).put(address);
        }
        return Arrays.copyOf(answer.array(), answer.position());
    }

    /** Reads an answer to {@link #question}. */
    static DnsMessage parse(byte[] message, int type) {
        var buffer = ByteBuffer.wrap(message);
        var records = new ArrayList<String>();
        var answers = buffer.getShort(6);
        name(buffer.position(HEADER));
        buffer.position(buffer.position() + 4);
        for (var i = 0; i < answers; i++) {
            name(buffer);
            var of = buffer.getShort();
            buffer.position(buffer.position() + 6);
            var length = buffer.getShort();
            var next = buffer.position() + length;
            if (of == type && type == PTR) {
                records.add(name(buffer));
            } else if (of == type) {
                records.add(IpAddress.of(Arrays.copyOfRange(message, next - length, next))
                        .toString());
            }
            buffer.position(next);
        }
        return new DnsMessage(message[3] & 15, records.stream().sorted().toList());
    }

    private static String name(ByteBuffer buffer) {
        var labels = new ArrayList<String>();
        while (true) {
            var length = buffer.get() & 255;
            if (length == 0) {
                return String.join(".", labels);
            }
            if (length >= 0xc0) {
                var rest = buffer.duplicate().position((length & 0x3f) << 8 | buffer.get() & 255);
                labels.add(name(rest));
                return String.join(".", labels);
            }
            var label = new byte[length];
            buffer.get(label);
            labels.add(new String(label, StandardCharsets.US_ASCII));
        }
    }
}
