package dev.lockstep.spec.model;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A signal of Linux.
 *
 * @param number 1 to 64
 */
public record Signal(int number) {
    private static final int SIGRTMIN = 34;
    private static final int SIGRTMAX = 64;
    /** signal(7), the numbers of x86 and ARM. */
    private static final Map<String, Integer> NAMES = Map.ofEntries(
            Map.entry("HUP", 1),
            Map.entry("INT", 2),
            Map.entry("QUIT", 3),
            Map.entry("ILL", 4),
            Map.entry("TRAP", 5),
            Map.entry("ABRT", 6),
            Map.entry("IOT", 6),
            Map.entry("BUS", 7),
            Map.entry("FPE", 8),
            Map.entry("KILL", 9),
            Map.entry("USR1", 10),
            Map.entry("SEGV", 11),
            Map.entry("USR2", 12),
            Map.entry("PIPE", 13),
            Map.entry("ALRM", 14),
            Map.entry("TERM", 15),
            Map.entry("STKFLT", 16),
            Map.entry("CHLD", 17),
            Map.entry("CLD", 17),
            Map.entry("CONT", 18),
            Map.entry("STOP", 19),
            Map.entry("TSTP", 20),
            Map.entry("TTIN", 21),
            Map.entry("TTOU", 22),
            Map.entry("URG", 23),
            Map.entry("XCPU", 24),
            Map.entry("XFSZ", 25),
            Map.entry("VTALRM", 26),
            Map.entry("PROF", 27),
            Map.entry("WINCH", 28),
            Map.entry("IO", 29),
            Map.entry("POLL", 29),
            Map.entry("PWR", 30),
            Map.entry("SYS", 31));

    /** Second names of numbers that have one. */
    private static final Set<String> ALIASES = Set.of("IOT", "CLD", "POLL");

    public Signal {
        if (number < 1 || number > SIGRTMAX) {
            throw new IllegalArgumentException("signal " + number + " is out of range. Signals go from 1 to 64");
        }
    }

    /** The same name for every way to write it: {@code SIGTERM}, {@code SIGRTMIN+3}; the number if there is none. */
    public String canonicalName() {
        if (number >= SIGRTMIN) {
            return number == SIGRTMIN ? "SIGRTMIN" : "SIGRTMIN+" + (number - SIGRTMIN);
        }
        return NAMES.entrySet().stream()
                .filter(name -> name.getValue() == number && !ALIASES.contains(name.getKey()))
                .map(name -> "SIG" + name.getKey())
                .findFirst()
                .orElse(String.valueOf(number));
    }

    /**
     * Reads {@code SIGTERM}, {@code term}, {@code 15}, {@code SIGRTMIN+3}, {@code RTMAX-1}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Signal parse(String text) {
        if (!text.isEmpty() && text.length() < 4 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return new Signal(Integer.parseInt(text));
        }
        var upper = text.toUpperCase(Locale.ROOT);
        var name = upper.startsWith("SIG") ? upper.substring(3) : upper;
        var number = NAMES.get(name);
        if (number != null) {
            return new Signal(number);
        }
        if (name.equals("RTMIN") || name.equals("RTMAX")) {
            return new Signal(name.equals("RTMIN") ? SIGRTMIN : SIGRTMAX);
        }
        if (name.startsWith("RTMIN+") || name.startsWith("RTMAX-")) {
            var offset = name.substring("RTMIN+".length());
            if (!offset.isEmpty() && offset.length() < 3 && offset.chars().allMatch(c -> c >= '0' && c <= '9')) {
                var steps = Integer.parseInt(offset);
                if (steps <= SIGRTMAX - SIGRTMIN) {
                    return new Signal(name.startsWith("RTMIN") ? SIGRTMIN + steps : SIGRTMAX - steps);
                }
            }
        }
        throw new IllegalArgumentException(
                "\"" + text + "\" is no signal. Write a name such as SIGTERM, or a number from 1 to 64");
    }
}
