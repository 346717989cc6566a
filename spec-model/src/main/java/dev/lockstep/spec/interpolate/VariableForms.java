package dev.lockstep.spec.interpolate;

import java.util.ArrayList;
import java.util.List;

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

    /** Every use in order of their places, those inside of operands too; forms that do not exist are passed over. */
    public static List<Use> in(String text) {
        var uses = new ArrayList<Use>();
        for (var i = 0; i + 1 < text.length(); i++) {
            if (text.charAt(i) != '$') {
                continue;
            }
            var next = text.charAt(i + 1);
            if (next == '$') {
                i++;
            } else if (next == '{') {
                braced(text, i, uses);
            } else if (Interpolation.startsName(next)) {
                var end = Interpolation.endOfName(text, i + 1, text.length());
                uses.add(new Use(text.substring(i + 1, end), false, "", "", i));
            }
        }
        return List.copyOf(uses);
    }

    /** Operands are not skipped: the scan goes on behind the name and finds the variables in them. */
    private static void braced(String text, int start, List<Use> uses) {
        var nameEnd = Interpolation.endOfName(text, start + 2, text.length());
        var close = Interpolation.matchingBrace(text, start + 1, text.length());
        if (close < 0 || nameEnd == start + 2 || !Interpolation.startsName(text.charAt(start + 2))) {
            return;
        }
        var name = text.substring(start + 2, nameEnd);
        var form = text.substring(nameEnd, close);
        var operator = form.startsWith(":") ? form.substring(1) : form;
        var operand = operator.isEmpty() ? "" : operator.substring(1);
        switch (operator.isEmpty() ? ' ' : operator.charAt(0)) {
            case '-' -> uses.add(new Use(name, false, operand, "", start));
            case '+' -> uses.add(new Use(name, false, "", operand, start));
            case '?' -> uses.add(new Use(name, true, "", "", start));
            default -> {
                if (form.isEmpty()) {
                    uses.add(new Use(name, false, "", "", start));
                }
            }
        }
    }
}
