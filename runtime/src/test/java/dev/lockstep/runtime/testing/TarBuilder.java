package dev.lockstep.runtime.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Writes tar archives byte by byte, also ones that no tar program would write. Names are one byte per character. */
public final class TarBuilder {
    private static final int BLOCK = 512;

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();

    public TarBuilder directory(String name) {
        return member(new Member(name, '5').mode(0755));
    }

    public TarBuilder file(String name, String content) {
        return file(name, 0644, content.getBytes(StandardCharsets.UTF_8));
    }

    public TarBuilder file(String name, int mode, byte[] content) {
        return member(new Member(name, '0').mode(mode).content(content));
    }

    public TarBuilder symlink(String name, String target) {
        return member(new Member(name, '2').mode(0777).link(target));
    }

    public TarBuilder hardLink(String name, String target) {
        return member(new Member(name, '1').link(target));
    }

    public TarBuilder device(String name, char type, int major, int minor) {
        return member(new Member(name, type).mode(0600).device(major, minor));
    }

    /** Extended records for the next member. */
    public TarBuilder pax(Map<String, String> records) {
        return member(new Member("PaxHeaders", 'x').content(paxRecords(records)));
    }

    /** The bytes of extended records, one byte per character. */
    public static byte[] paxRecords(Map<String, String> records) {
        var text = new StringBuilder();
        records.forEach((key, value) -> {
            var rest = " " + key + "=" + value + "\n";
            var length = rest.length() + 1;
            while ((Integer.toString(length) + rest).length() != length) {
                length++;
            }
            text.append(length).append(rest);
        });
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    public TarBuilder member(Member member) {
        return raw(member.header()).padded(member.content);
    }

    /** Bytes as they are. */
    public TarBuilder raw(byte[] bytes) {
        archive.writeBytes(bytes);
        return this;
    }

    private TarBuilder padded(byte[] content) {
        archive.writeBytes(content);
        archive.writeBytes(new byte[-content.length & (BLOCK - 1)]);
        return this;
    }

    /** The archive with its two zero blocks. */
    public byte[] build() {
        var end = Arrays.copyOf(archive.toByteArray(), archive.size() + 2 * BLOCK);
        return end;
    }

    /** The archive as it is so far, without an end. */
    public byte[] unfinished() {
        return archive.toByteArray();
    }

    public static byte[] gzip(byte[] content) {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** One member, every field as it is wanted. */
    public static final class Member {
        private final byte[] header = new byte[BLOCK];
        private byte[] content = {};

        public Member(String name, char type) {
            text(0, 100, name);
            header[156] = (byte) type;
            text(257, 8, "ustar\00000");
            mode(0644);
            number(108, 8, 0);
            number(116, 8, 0);
            number(124, 12, 0);
            number(136, 12, 1_700_000_000L);
        }

        public Member mode(int mode) {
            return number(100, 8, mode);
        }

        /** Large or negative ids go into base-256. */
        public Member owner(long uid, long gid) {
            return number(108, 8, uid).number(116, 8, gid);
        }

        public Member modified(long seconds) {
            return number(136, 12, seconds);
        }

        public Member link(String target) {
            return text(157, 100, target);
        }

        public Member device(long major, long minor) {
            return number(329, 8, major).number(337, 8, minor);
        }

        public Member content(byte[] bytes) {
            content = bytes.clone();
            return size(bytes.length);
        }

        /** What the header says, true or not. */
        public Member size(long size) {
            return number(124, 12, size);
        }

        public Member text(int offset, int length, String value) {
            var bytes = value.getBytes(StandardCharsets.ISO_8859_1);
            Arrays.fill(header, offset, offset + length, (byte) 0);
            System.arraycopy(bytes, 0, header, offset, Math.min(bytes.length, length));
            return this;
        }

        private Member number(int offset, int length, long value) {
            var octal = Long.toOctalString(value);
            if (value >= 0 && octal.length() < length) {
                return text(offset, length, "0".repeat(length - 1 - octal.length()) + octal);
            }
            for (var i = 0; i < length; i++) {
                var shift = 8 * (length - 1 - i);
                header[offset + i] = (byte) (shift > 63 ? value >> 63 : value >> shift);
            }
            header[offset] = (byte) (value < 0 ? 0xff : header[offset] | 0x80);
            return this;
        }

        private byte[] header() {
            Arrays.fill(header, 148, 156, (byte) ' ');
            var sum = 0;
            for (var b : header) {
                sum += b & 0xff;
            }
            text(148, 8, "%06o\0 ".formatted(sum));
            return header.clone();
        }
    }
}
