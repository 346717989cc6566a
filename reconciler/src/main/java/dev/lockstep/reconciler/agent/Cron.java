package dev.lockstep.reconciler.agent;

import dev.lockstep.spec.model.CronExpression;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Date;
import java.util.Optional;
import java.util.TimeZone;

/**
 * Points in time as Quartz finds them: by the clocks of a zone. A time that the clocks leave out when they go forward
 * is left out; one that they show twice comes once.
 */
public final class Cron {
    private static final Duration APART = Duration.ofSeconds(1);

    private final org.quartz.CronExpression expression;

    private Cron(org.quartz.CronExpression expression) {
        this.expression = expression;
    }

    /**
     * By the clocks of a zone.
     *
     * @throws IllegalArgumentException when Quartz does not take what our reader took
     */
    public static Cron of(CronExpression expression, ZoneId zone) {
        try {
            var quartz = new org.quartz.CronExpression(expression.text());
            quartz.setTimeZone(TimeZone.getTimeZone(zone));
            return new Cron(quartz);
        } catch (ParseException e) {
            throw new IllegalArgumentException("\"" + expression + "\" is no cron expression: " + e.getMessage(), e);
        }
    }

    /** The first such time after that one; empty when there is none any more. */
    public Optional<Instant> after(Instant time) {
        return Optional.ofNullable(expression.getTimeAfter(Date.from(time))).map(Date::toInstant);
    }

    /** The last such time that is after {@code from} and not after {@code to}; decades between them cost no more. */
    Optional<Instant> last(Instant from, Instant to) {
        var last = after(from).filter(time -> !time.isAfter(to));
        if (last.isEmpty()) {
            return last;
        }
        // The latest moment after which one comes in time; they are seconds apart at least.
        var early = from;
        var late = to;
        while (Duration.between(early, late).compareTo(APART) > 0) {
            var middle = early.plus(Duration.between(early, late).dividedBy(2));
            var next = after(middle).filter(time -> !time.isAfter(to));
            if (next.isPresent()) {
                early = middle;
                last = next;
            } else {
                late = middle;
            }
        }
        return last;
    }
}
