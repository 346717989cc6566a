package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.model.Durations;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;

/** The moments that {@code docker logs --since} understands. */
final class LogTime {
    private LogTime() {}

    /**
     * Reads RFC 3339, a date or a time of day in the zone of this host, seconds since 1970 with a fraction, or a
     * duration back from now.
     */
    static Instant parse(String text, Instant now, ZoneId zone) throws CommandException {
        try {
            if (text.matches("\\d+(\\.\\d{1,9})?")) {
                var seconds = new BigDecimal(text);
                var whole = seconds.toBigInteger();
                return Instant.ofEpochSecond(
                        whole.longValueExact(),
                        seconds.remainder(BigDecimal.ONE).movePointRight(9).longValue());
            } else if (text.matches("\\d{4}-\\d\\d-\\d\\d")) {
                return LocalDate.parse(text).atStartOfDay(zone).toInstant();
            } else if (text.matches("\\d{4}-.*(Z|[+-]\\d\\d:\\d\\d)")) {
                return OffsetDateTime.parse(text).toInstant();
            } else if (text.matches("\\d{4}-.*")) {
                return LocalDateTime.parse(text).atZone(zone).toInstant();
            }
            return now.minus(Durations.parse(text));
        } catch (DateTimeException | IllegalArgumentException | ArithmeticException e) {
            throw new CommandException(
                    "\"" + Printable.text(text)
                            + "\" is no time: write 10m (back from now), 2026-11-24, 2026-11-24T12:00:00Z or seconds since 1970");
        }
    }
}
