package dev.lockstep.reconciler.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Spans of time as people read them. */
final class Spans {
    private Spans() {}

    /** Docker's words: {@code About a minute}, {@code 3 hours}. */
    static String words(Duration span) {
        var seconds = span.toSeconds();
        var hours = (span.toMinutes() + 30) / 60;
        if (seconds < 1) {
            return "Less than a second";
        } else if (seconds < 60) {
            return seconds == 1 ? "1 second" : seconds + " seconds";
        } else if (span.toMinutes() < 60) {
            return span.toMinutes() == 1 ? "About a minute" : span.toMinutes() + " minutes";
        } else if (hours < 48) {
            return hours == 1 ? "About an hour" : hours + " hours";
        } else if (hours < 24 * 7 * 2) {
            return hours / 24 + " days";
        } else if (hours < 24 * 30 * 2) {
            return hours / 24 / 7 + " weeks";
        } else if (hours < 24 * 365 * 2) {
            return hours / 24 / 30 + " months";
        }
        return span.toHours() / 24 / 365 + " years";
    }

    /** {@code 3 hours ago}. */
    static String ago(Instant then, Instant now) {
        return words(Duration.between(then, now)) + " ago";
    }

    /** {@code 0.06 s}, as progress shows it. */
    static String precise(Duration took) {
        var seconds = took.toMillis() / 1000.0;
        return String.format(Locale.ROOT, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
    }

    /** {@code 60 s} or {@code 5 min}: a setting, in a sentence. */
    static String round(Duration setting) {
        return setting.toSeconds() % 60 == 0 && setting.toMinutes() >= 2
                ? setting.toMinutes() + " min"
                : setting.toSeconds() + " s";
    }
}
