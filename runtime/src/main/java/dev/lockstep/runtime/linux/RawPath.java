package dev.lockstep.runtime.linux;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A path or name as Linux knows it: bytes other than NUL, in no particular encoding (path_resolution(7)). Names inside
 * images need not be UTF-8, and a {@code String} or {@code Path} of them would lose bytes.
 *
 * @param latin1 one character per byte, so that equal bytes are equal paths
 */
public record RawPath(String latin1) {
    public RawPath {
        for (var i = 0; i < latin1.length(); i++) {
            var c = latin1.charAt(i);
            if (c == 0 || c > 0xff) {
                throw new IllegalArgumentException("a path is bytes without NUL");
            }
        }
    }

    /** The path whose UTF-8 bytes are those of {@code text}. */
    public static RawPath of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    public static RawPath of(byte[] bytes) {
        return new RawPath(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    public boolean isEmpty() {
        return latin1.isEmpty();
    }

    /** Number of bytes. */
    public int length() {
        return latin1.length();
    }

    /** The bytes with the closing NUL that system calls want. */
    byte[] terminated() {
        var bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** For people: UTF-8 where it is, {@code \xNN} for bytes that are not and for control characters. */
    @Override
    public String toString() {
        var bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            text = latin1;
        }
        var escaped = new StringBuilder(text.length());
        text.chars().forEach(c -> {
            if (Character.isISOControl(c)) {
                escaped.append("\\x%02x".formatted(c));
            } else {
                escaped.append((char) c);
            }
        });
        return escaped.toString();
    }
}
