package dev.lockstep.spec.yaml;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.yaml.snakeyaml.reader.StreamReader;

/** Bytes of a file as text: UTF-8, or what a byte order mark says. */
public final class TextDecoder {
    private TextDecoder() {}

    /**
     * The text of a YAML file, without a byte order mark; empty, with the problem told, if the bytes are none, or one
     * of the characters may not be there or hides others.
     */
    static Optional<String> yaml(String file, byte[] bytes, Problems problems) {
        return decode(file, bytes, problems, StreamReader::isPrintable, "YAML");
    }

    /** The same for other files, which may have every character but U+0000 and those that hide others. */
    public static Optional<String> plain(String file, byte[] bytes, Problems problems) {
        return decode(file, bytes, problems, c -> c != 0, "text");
    }

    private static Optional<String> decode(
            String file, byte[] bytes, Problems problems, IntPredicate allowed, String what) {
        var charset = charset(bytes);
        var in = ByteBuffer.wrap(bytes);
        var decoder = charset.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
        var out = CharBuffer.allocate((int) (bytes.length * (double) decoder.maxCharsPerByte()) + 1);
        var result = decoder.decode(in, out, true);
        out.flip();
        var text = out.toString();
        if (result.isError()) {
            problems.error(
                    placeOf(file, text, text.length()),
                    "",
                    "the file is not " + charset.name() + " text from here on. Save it as UTF-8");
            return Optional.empty();
        }
        var plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
        var bad = firstRefused(plain, allowed);
        if (bad < 0) {
            return Optional.of(plain);
        }
        var c = plain.codePointAt(bad);
        problems.error(
                placeOf(file, plain, bad),
                "",
                isHiding(c)
                        ? String.format(
                                "the character U+%04X changes the order in which the text after it is shown, so that"
                                        + " nobody sees what the file says. Remove it, or write \"\\u%04X\" in double"
                                        + " quotes",
                                c, c)
                        : String.format("the character U+%04X is not allowed in %s", c, what));
        return Optional.empty();
    }

    private static Charset charset(byte[] bytes) {
        if (bytes.length >= 2 && bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF) {
            return StandardCharsets.UTF_16BE;
        }
        if (bytes.length >= 2 && bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE) {
            return StandardCharsets.UTF_16LE;
        }
        return StandardCharsets.UTF_8;
    }

    /** Index of the first character that may not be there; −1 if there is none. */
    private static int firstRefused(String text, IntPredicate allowed) {
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c >= ' ' && c < 0x7F || c == '\n') {
                continue;
            }
            var point = text.codePointAt(i);
            if (isHiding(point) || !allowed.test(point)) {
                return i;
            }
            if (Character.isSupplementaryCodePoint(point)) {
                i++;
            }
        }
        return -1;
    }

    /** Bidirectional embeddings, overrides and isolates. */
    private static boolean isHiding(int c) {
        return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    }

    /** The place of the character at {@code index}. */
    static SourcePosition placeOf(String file, String text, int index) {
        var line = 1;
        var start = 0;
        for (var i = 0; i < index && i < text.length(); i++) {
            if (text.charAt(i) == '\n') {
                line++;
                start = i + 1;
            }
        }
        return new SourcePosition(file, line, text.codePointCount(start, Math.min(index, text.length())) + 1);
    }
}
