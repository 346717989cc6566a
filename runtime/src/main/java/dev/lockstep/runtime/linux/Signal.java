package dev.lockstep.runtime.linux;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A signal; numbers are equal on x86-64 and arm64 (signal(7)).
 *
 * @param number 1 to 64
 */
public record Signal(int number) {
    /** Asks a process to end. */
    public static final Signal TERM = new Signal(15);

    /** Ends a process. */
    public static final Signal KILL = new Signal(9);

    private static final List<String> NAMES = List.of(
            "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
            "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM",
            "PROF", "WINCH", "IO", "PWR", "SYS");
    private static final Pattern REALTIME = Pattern.compile("RT(MIN|MAX)(?:([+-])(\\d{1,2}))?");

    /** As glibc has it: the kernel's first two are its own. */
    private static final int RTMIN = 34;

    private static final int RTMAX = 64;

    public Signal {
        if (number < 1 || number > RTMAX) {
            throw new IllegalArgumentException("signals go from 1 to 64, got " + number);
        }
    }

    /**
     * Reads a name with or without {@code SIG}, in any case, a number, or {@code SIGRTMIN+3}.
     *
     * @throws IllegalArgumentException when there is no such signal
     */
    public static Signal parse(String text) {
        var upper = text.strip().toUpperCase(Locale.ROOT);
        if (upper.matches("\\d{1,3}")) {
            return new Signal(Integer.parseInt(upper));
        }
        var name = upper.startsWith("SIG") ? upper.substring(3) : upper;
        var known = NAMES.indexOf(name);
        if (known > 0) {
            return new Signal(known);
        }
        var realtime = REALTIME.matcher(name);
        if (realtime.matches()) {
            var offset = realtime.group(3) == null ? 0 : Integer.parseInt(realtime.group(3));
            var base = realtime.group(1).equals("MIN") ? RTMIN : RTMAX;
            var number = "-".equals(realtime.group(2)) ? base - offset : base + offset;
            if (number >= RTMIN && number <= RTMAX) {
                return new Signal(number);
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" is not a signal");
    }

    /** {@code SIGTERM}, {@code SIGRTMIN+3}; the number for the two that glibc keeps for itself. */
    @Override
    public String toString() {
        if (number < NAMES.size()) {
            return "SIG" + NAMES.get(number);
        }
        return number < RTMIN ? String.valueOf(number) : number == RTMIN ? "SIGRTMIN" : "SIGRTMIN+" + (number - RTMIN);
    }
}
