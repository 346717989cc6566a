package dev.lockstep.reconciler.agent;

import dev.lockstep.spec.settings.Window;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/**
 * When a stack may be changed: while one of its windows is open. A window is open for its whole duration as time
 * passes, also over a change of the clocks.
 *
 * @param windows by name; none: always
 */
record ChangeTimes(Map<String, Window> windows) {
    private static final DateTimeFormatter SHOWN = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm");

    /** A window's next beginning. */
    record Opening(String window, Instant at, ZoneId zone) {
        /** For people, by the window's own clocks. */
        String sentence() {
            return "waiting for window " + window + ", which opens next "
                    + SHOWN.format(ZonedDateTime.ofInstant(at, zone)) + " " + zone.getId();
        }
    }

    boolean isOpen(Instant now) {
        return windows.isEmpty() || windows.values().stream().anyMatch(window -> isOpen(window, now));
    }

    private static boolean isOpen(Window window, Instant now) {
        return Cron.of(window.opens(), window.zone())
                .after(now.minus(window.duration()))
                .filter(opened -> !opened.isAfter(now))
                .isPresent();
    }

    /** The one that opens first; empty when none ever does. */
    Optional<Opening> next(Instant now) {
        return windows.entrySet().stream()
                .flatMap(entry ->
                        Cron.of(entry.getValue().opens(), entry.getValue().zone())
                                .after(now)
                                .map(at -> new Opening(
                                        entry.getKey(), at, entry.getValue().zone()))
                                .stream())
                .min(Comparator.comparing(Opening::at));
    }
}
