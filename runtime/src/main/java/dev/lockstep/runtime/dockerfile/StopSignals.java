package dev.lockstep.runtime.dockerfile;

import java.util.Locale;
import java.util.Set;

/** Names of signals on Linux. */
public final class StopSignals {
    private static final Set<String> NAMES = Set.of(
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
            "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
            "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX");
    private static final int MOST = 15;

    private StopSignals() {}

    /** A number but 0, or a name with or without {@code SIG}, {@code RTMIN+3} and {@code RTMAX-2} too. */
    public static boolean isOne(String text) {
        if (text.matches("[0-9]{1,9}")) {
            return Integer.parseInt(text) > 0;
        }
        var upper = text.toUpperCase(Locale.ROOT);
        var name = upper.startsWith("SIG") ? upper.substring(3) : upper;
        var sign = name.startsWith("RTMIN+") ? '+' : name.startsWith("RTMAX-") ? '-' : '\0';
        if (sign != '\0') {
            var number = name.substring(6);
            return number.matches("[0-9]{1,2}")
                    && Integer.parseInt(number) >= 1
                    && Integer.parseInt(number) <= (sign == '+' ? MOST : MOST - 1);
        }
        return NAMES.contains(name);
    }
}
