package dev.lockstep.spec.interpolate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the variables that a text asks for, without replacing them: what {@code config --variables} lists. */
public final class VariableForms {
    private VariableForms() {}

    /**
     * One use of a variable.
     *
     * @param required an error if it is missing
     * @param defaultValue what stands for it when it is missing, as written; empty if there is nothing
     * @param alternative what stands for it when it is set, as written; empty for its own value
     * @param offset index of its {@code $} in the text
     */
    public record Use(String name, boolean required, String defaultValue, String alternative, int offset) {}

    /**
     * Every use in order of their places, those inside of operands too. Forms that do not exist are passed over, and so
     * is what is nested deeper than {@link Interpolation} goes.
     */
    public static List<Use> in(String text) {
        var uses = new ArrayList<Optional<Use>>();
        var open = new ArrayDeque<Brace>();
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            var next = i + 1 < text.length() ? text.charAt(i + 1) : ' ';
            if (c == '}' && !open.isEmpty()) {
                var brace = open.pop();
                if (brace.isForm && open.size() <= Interpolation.DEEPEST) {
                    uses.set(brace.place, form(text, brace.at, i));
                }
            } else if (c == '{') {
                open.push(new Brace(i, false, 0));
            } else if (c == '$' && next == '$') {
                i++;
            } else if (c == '$' && next == '{') {
                open.push(new Brace(i, true, uses.size()));
                uses.add(Optional.empty());
                i++;
            } else if (c == '$' && Interpolation.startsName(next)) {
                var end = Interpolation.endOfName(text, i + 1, text.length());
                uses.add(Optional.of(new Use(text.substring(i + 1, end), false, "", "", i)));
            }
        }
        return uses.stream().flatMap(Optional::stream).toList();
    }

    /**
     * A brace that is not closed yet.
     *
     * @param at its index, or of the {@code $} before it
     * @param isForm whether there is one
     * @param place of the form among the uses
     */
    private record Brace(int at, boolean isForm, int place) {}

    private static Optional<Use> form(String text, int start, int close) {
        var nameEnd = Interpolation.endOfName(text, start + 2, close);
        if (nameEnd == start + 2 || !Interpolation.startsName(text.charAt(start + 2))) {
            return Optional.empty();
        }
        var name = text.substring(start + 2, nameEnd);
        var form = text.substring(nameEnd, close);
        var operator = form.startsWith(":") ? form.substring(1) : form;
        var operand = operator.isEmpty() ? "" : operator.substring(1);
        return switch (operator.isEmpty() ? ' ' : operator.charAt(0)) {
            case '-' -> Optional.of(new Use(name, false, operand, "", start));
            case '+' -> Optional.of(new Use(name, false, "", operand, start));
            case '?' -> Optional.of(new Use(name, true, "", "", start));
            default -> form.isEmpty() ? Optional.of(new Use(name, false, "", "", start)) : Optional.empty();
        };
    }
}
