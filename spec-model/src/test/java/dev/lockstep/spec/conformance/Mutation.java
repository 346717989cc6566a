package dev.lockstep.spec.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Spoils text: a few random changes of lines, characters and words that mean something to a reader of Compose files.
 */
final class Mutation {
    private static final List<String> WORDS = List.of(
            "${X",
            "${X:-",
            "}",
            "$$",
            "$",
            "${",
            "${A:?m}",
            "&a ",
            "*a",
            "<<: ",
            "<<: *a",
            "!reset ",
            "!override ",
            "!!str ",
            "? ",
            ": ",
            "- ",
            "---\n",
            "...\n",
            "|\n",
            ">-\n",
            "#",
            "\"",
            "'",
            "{",
            "[",
            "]",
            ",",
            "\t",
            "\0",
            "\uFEFF",
            "\u202E",
            "null",
            "~",
            "true",
            "no",
            "0x10",
            "0123",
            "1e999",
            ".nan",
            ".inf",
            "-1",
            "99999999999999999999",
            "2001-01-01",
            "12:30:45",
            "include: [compose.yaml]\n",
            "extends: a",
            "services:\n",
            "x-a: ",
            "x-lockstep: ",
            "\ud83d\ude00",
            "\ud800",
            "\r\n",
            "80-90:80-91/udp",
            "10x",
            "1.5h3q",
            "service:a",
            "=",
            "\\",
            "%YAML 9.9\n");

    private final Random chance;

    Mutation(Random chance) {
        this.chance = chance;
    }

    /** The text after one to four changes; {@code other} lends lines. */
    String of(String text, String other) {
        var mutated = text;
        for (var changes = 1 + chance.nextInt(4); changes > 0; changes--) {
            mutated = switch (chance.nextInt(8)) {
                case 0 -> withoutRange(mutated);
                case 1 -> twice(mutated);
                case 2, 3 -> insert(mutated, WORDS.get(chance.nextInt(WORDS.size())));
                case 4 -> replaceWord(mutated);
                case 5 -> spliced(mutated, other);
                case 6 -> indented(mutated);
                default -> insert(mutated, Character.toString(chance.nextInt(0x3000)));
            };
        }
        return mutated;
    }

    private String withoutRange(String text) {
        var from = chance.nextInt(text.length() + 1);
        var to = Math.min(text.length(), from + 1 + chance.nextInt(20));
        return text.substring(0, from) + text.substring(to);
    }

    private String twice(String text) {
        var lines = lines(text);
        var line = chance.nextInt(lines.size());
        lines.add(chance.nextInt(lines.size() + 1), lines.get(line));
        return String.join("\n", lines);
    }

    private String insert(String text, String word) {
        var at = chance.nextInt(text.length() + 1);
        return text.substring(0, at) + word + text.substring(at);
    }

    private String replaceWord(String text) {
        var from = chance.nextInt(text.length() + 1);
        while (from < text.length() && !Character.isLetterOrDigit(text.charAt(from))) {
            from++;
        }
        var to = from;
        while (to < text.length() && Character.isLetterOrDigit(text.charAt(to))) {
            to++;
        }
        return text.substring(0, from) + WORDS.get(chance.nextInt(WORDS.size())) + text.substring(to);
    }

    private String spliced(String text, String other) {
        var lines = lines(text);
        var others = lines(other);
        var from = chance.nextInt(others.size());
        var to = Math.min(others.size(), from + 1 + chance.nextInt(5));
        lines.addAll(chance.nextInt(lines.size() + 1), others.subList(from, to));
        return String.join("\n", lines);
    }

    private String indented(String text) {
        var lines = lines(text);
        var at = chance.nextInt(lines.size());
        var line = lines.get(at);
        lines.set(at, chance.nextBoolean() ? "  " + line : line.stripLeading());
        return String.join("\n", lines);
    }

    private static List<String> lines(String text) {
        return new ArrayList<>(List.of(text.split("\n", -1)));
    }
}
