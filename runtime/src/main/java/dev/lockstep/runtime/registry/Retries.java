package dev.lockstep.runtime.registry;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** When to ask again, and how long to wait before. Pure. */
final class Retries {
    /** Tries of a server that nobody listens at: it will hardly start within seconds. */
    private static final int UNREACHABLE_ATTEMPTS = 3;

    private final RegistrySettings settings;

    Retries(RegistrySettings settings) {
        this.settings = settings;
    }

    static boolean isTransient(int status) {
        return switch (status) {
            case 408, 429, 500, 502, 503, 504 -> true;
            default -> false;
        };
    }

    /**
     * The pause before the next try, or empty when there should be none.
     *
     * @param failures so far, at least 1
     * @param asked what the registry asks for
     * @param chance from 0 to 1: clients that failed together must not come back together
     */
    Optional<Duration> pause(int failures, boolean connected, Optional<Duration> asked, double chance) {
        var attempts = connected ? settings.attempts() : Math.min(settings.attempts(), UNREACHABLE_ATTEMPTS);
        if (failures >= attempts) {
            return Optional.empty();
        }
        var backoff = settings.backoff().multipliedBy(1L << Math.min(failures - 1, 16));
        var jittered = Duration.ofMillis((long) (backoff.toMillis() * (0.5 + chance / 2)));
        var longest = settings.longestPause();
        // Later than it asks for, if by little: it has told the others the same.
        var pause = asked.map(a -> a.compareTo(longest) > 0 ? longest : a.plus(jittered.dividedBy(4)))
                .filter(a -> a.compareTo(jittered) > 0)
                .orElse(jittered);
        return Optional.of(pause.compareTo(longest) > 0 ? longest : pause);
    }

    /** Reads {@code Retry-After}: seconds or a date (RFC 9110, 10.2.3). */
    static Optional<Duration> retryAfter(Optional<String> header, Instant now) {
        return header.map(String::strip).flatMap(text -> {
            if (text.matches("[0-9]{1,1000}")) {
                // More than a year is for ever.
                return Optional.of(Duration.ofSeconds(text.length() > 9 ? 999_999_999 : Long.parseLong(text)));
            }
            try {
                var until = Duration.between(
                        now,
                        ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                                .toInstant());
                return Optional.of(until.isNegative() ? Duration.ZERO : until);
            } catch (DateTimeParseException e) {
                return Optional.empty();
            }
        });
    }
}
