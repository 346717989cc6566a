package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.settings.HousekeepingEntry;
import java.text.ParseException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HousekeepingScheduleTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static org.quartz.CronExpression cron(String text) throws ParseException {
        var standard = HousekeepingEntry.DEFAULT;
        return HousekeepingSchedule.cron(new HousekeepingEntry(
                Optional.of(CronExpression.parse(text)),
                Optional.of(BERLIN),
                standard.keepAge(),
                standard.keep(),
                standard.disk()));
    }

    private static Instant at(String local) {
        return LocalDateTime.parse(local).atZone(BERLIN).toInstant();
    }

    @ParameterizedTest
    @CsvSource({
        // last, now, missed
        "2026-06-01T03:30, 2026-06-02T03:29, false",
        "2026-06-01T03:30, 2026-06-02T03:30, true",
        "2026-06-01T03:30, 2026-07-01T12:00, true",
        "2026-06-01T12:00, 2026-06-01T23:00, false",
        // The clock was set back: what was done lies in the future, and nothing is due before that.
        "2026-06-05T03:30, 2026-06-01T12:00, false",
        // The nights in which clocks change.
        "2026-03-28T03:30, 2026-03-29T03:30, true",
        "2026-10-24T03:30, 2026-10-25T03:30, true",
    })
    void what_was_due_while_nobody_was_there_is_missed(String last, String now, boolean missed) throws ParseException {
        assertThat(HousekeepingSchedule.isMissed(cron("0 30 3 * * ?"), at(last), at(now)))
                .isEqualTo(missed);
    }

    private static List<Instant> times(String cron, String from, int number) throws ParseException {
        var times = new ArrayList<Instant>();
        var at = Date.from(at(from));
        for (var i = 0; i < number; i++) {
            at = cron(cron).getTimeAfter(at);
            times.add(at.toInstant());
        }
        return times;
    }

    @Test
    void a_time_that_clocks_skip_is_left_out() throws ParseException {
        // On 29 March 2026 there is no 02:30 in Berlin: 02:00 is 03:00.
        assertThat(times("0 30 2 * * ?", "2026-03-28T12:00", 2))
                .containsExactly(at("2026-03-30T02:30"), at("2026-03-31T02:30"));
    }

    @Test
    void a_time_that_clocks_have_twice_comes_once() throws ParseException {
        // On 25 October 2026 there are two 02:30 in Berlin.
        assertThat(times("0 30 2 * * ?", "2026-10-24T12:00", 2))
                .satisfiesExactly(
                        first -> assertThat(first)
                                .isBetween(
                                        Instant.parse("2026-10-25T00:30:00Z"), Instant.parse("2026-10-25T01:30:00Z")),
                        second -> assertThat(second).isEqualTo(at("2026-10-26T02:30")));
    }
}
