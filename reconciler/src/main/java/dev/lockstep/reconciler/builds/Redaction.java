package dev.lockstep.reconciler.builds;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** Takes secrets out of what is written down, of a build or a stack; any thread may tell it of further ones. */
public final class Redaction {
    private static final String INSTEAD = "***";
    /** A line of a secret that is shorter, such as a brace, stands everywhere and tells nothing. */
    private static final int SHORTEST_LINE = 4;

    private static final Pattern LOGIN = Pattern.compile("://[^/@\\s\"':]*+:[^/@\\s\"']*+@");

    /** The longest first: one may be part of another. */
    private volatile List<String> secrets = List.of();

    private Redaction() {}

    /**
     * Of these values, wherever they stand in a line, and of each line of those that have several; and of logins in
     * addresses, whoever gave them.
     */
    public static Redaction of(Collection<byte[]> values) {
        var redaction = new Redaction();
        redaction.add(values);
        return redaction;
    }

    /** Of these values as well, from now on. */
    public synchronized void add(Collection<byte[]> values) {
        var all = new ArrayList<>(secrets);
        for (var value : values) {
            var text = new String(value, StandardCharsets.UTF_8).strip();
            var lines = text.lines().map(String::strip).toList();
            if (lines.size() == 1 && !text.isEmpty()) {
                all.add(text);
            } else {
                lines.stream().filter(line -> line.length() >= SHORTEST_LINE).forEach(all::add);
            }
        }
        all.sort(Comparator.comparingInt(String::length).reversed());
        secrets = all.stream().distinct().toList();
    }

    /** The line without them. */
    public String of(String line) {
        var text = line;
        for (var secret : secrets) {
            text = text.replace(secret, INSTEAD);
        }
        return text.contains("://") ? LOGIN.matcher(text).replaceAll("://" + INSTEAD + "@") : text;
    }
}
