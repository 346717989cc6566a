package dev.lockstep.spec.yaml;

import java.math.BigDecimal;

/**
 * A single value.
 *
 * @param kind what YAML 1.2 takes the text for
 * @param text for text its value, for everything else what is written in the file
 * @param inset columns between {@code at} and the first character of {@code text} where the file has the text as it is
 *     on one line (0, or 1 for a quote); −1 where escapes or line breaks stand between
 */
public record YamlScalar(SourcePosition at, Kind kind, String text, int inset) implements YamlNode {
    /** The types of YAML's core schema. */
    public enum Kind {
        NULL("nothing"),
        BOOLEAN("true or false"),
        INTEGER("a number"),
        FLOAT("a number"),
        TEXT("text");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /** Text that nobody wrote as such, for example what a short form stands for. */
    public static YamlScalar text(SourcePosition at, String text) {
        return new YamlScalar(at, Kind.TEXT, text, -1);
    }

    /** An absent value. */
    public static YamlScalar nothing(SourcePosition at) {
        return new YamlScalar(at, Kind.NULL, "", -1);
    }

    @Override
    public YamlScalar movedTo(SourcePosition place) {
        return new YamlScalar(place, kind, text, inset);
    }

    public boolean isNull() {
        return kind == Kind.NULL;
    }

    public boolean isText() {
        return kind == Kind.TEXT;
    }

    public boolean isNumber() {
        return kind == Kind.INTEGER || kind == Kind.FLOAT;
    }

    /** The place of the character at {@code index} of the text, or of the scalar where that cannot be said. */
    public SourcePosition at(int index) {
        return inset < 0 ? at : new SourcePosition(at.file(), at.line(), at.column() + inset + index, at.via());
    }

    /**
     * The value as text, where a mapping of texts is wanted: integers in decimal, {@code true} or {@code false}, the
     * shortest form of other numbers; empty for null.
     */
    public String asText() {
        return switch (kind) {
            case NULL -> "";
            case BOOLEAN -> Boolean.toString(text.equalsIgnoreCase("true"));
            case INTEGER -> Numbers.integer(text).toString();
            case FLOAT -> Numbers.shortest(Numbers.decimal(text));
            case TEXT -> text;
        };
    }

    /** A number's decimal digits, without an exponent. */
    public String digits() {
        return kind == Kind.INTEGER ? asText() : new BigDecimal(asText()).toPlainString();
    }

    @Override
    public String kindInWords() {
        return kind.words;
    }
}
