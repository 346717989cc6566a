package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.settings.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When windows are open. */
class ChangeTimesTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static Window window(String opens, String duration) {
        return new Window(CronExpression.parse(opens), Duration.parse(duration), BERLIN);
    }

    /**
     * In Berlin clocks go from 2:00 to 3:00 on 2027-03-28 (01:00 UTC) and from 3:00 to 2:00 on 2026-10-25 (01:00 UTC).
     */
    @ParameterizedTest(name = "{0} for {1} at {2}: {3}")
    @CsvSource({
        "0 0 2 ? * *, PT3H, 2026-11-30T00:59:59Z, false",
        "0 0 2 ? * *, PT3H, 2026-11-30T01:00:00Z, true",
        "0 0 2 ? * *, PT3H, 2026-11-30T03:59:59Z, true",
        "0 0 2 ? * *, PT3H, 2026-11-30T04:00:00Z, false",
        // summer time
        "0 0 2 ? * *, PT3H, 2026-07-01T00:00:00Z, true",
        "0 0 2 ? * MON-FRI, PT1H, 2026-11-28T01:30:00Z, false",
        "0 0 23 ? * FRI, P2D, 2026-11-29T12:00:00Z, true",
        // the hour is left out: the clocks show 1:59, then 3:00
        "0 30 2 ? * *, PT1H, 2027-03-28T00:45:00Z, false",
        "0 30 2 ? * *, PT1H, 2027-03-28T01:15:00Z, false",
        "0 30 1 ? * *, PT2H, 2027-03-28T02:29:59Z, true",
        "0 30 1 ? * *, PT2H, 2027-03-28T02:30:00Z, false",
        // the hour comes twice
        "0 30 1 ? * *, PT2H, 2026-10-25T01:29:59Z, true",
        "0 30 1 ? * *, PT2H, 2026-10-25T01:30:00Z, false",
    })
    void a_window_is_open_for_its_time(String opens, String duration, Instant now, boolean open) {
        assertThat(new ChangeTimes(Map.of("w", window(opens, duration))).isOpen(now))
                .isEqualTo(open);
    }

    @Test
    void an_hour_that_comes_twice_opens_a_window_once() {
        var cron = Cron.of(CronExpression.parse("0 30 2 ? * *"), BERLIN);
        var first = cron.after(Instant.parse("2026-10-24T12:00:00Z")).orElseThrow();

        assertThat(first).isBetween(Instant.parse("2026-10-25T00:30:00Z"), Instant.parse("2026-10-25T01:30:00Z"));
        assertThat(cron.after(first)).contains(Instant.parse("2026-10-26T01:30:00Z"));
    }

    @Test
    void an_hour_that_is_left_out_opens_none() {
        assertThat(Cron.of(CronExpression.parse("0 30 2 ? * *"), BERLIN).after(Instant.parse("2027-03-27T12:00:00Z")))
                .contains(Instant.parse("2027-03-29T00:30:00Z"));
    }

    @Test
    void any_open_window_will_do_and_the_next_one_is_told_by_its_own_clocks() {
        var windows = new LinkedHashMap<String, Window>();
        windows.put("night", window("0 0 2 ? * *", "PT1H"));
        windows.put("noon", window("0 0 12 ? * *", "PT1H"));
        var times = new ChangeTimes(windows);

        assertThat(times.isOpen(Instant.parse("2026-11-30T01:10:00Z"))).isTrue();
        assertThat(times.isOpen(Instant.parse("2026-11-30T11:10:00Z"))).isTrue();
        assertThat(times.next(Instant.parse("2026-11-30T03:00:00Z")))
                .map(ChangeTimes.Opening::sentence)
                .contains("waiting for window noon, which opens next 2026-11-30 12:00 Europe/Berlin");
        assertThat(new ChangeTimes(Map.of("w", window("0 0 2 1 1 ? 2020", "PT1H")))
                        .next(Instant.parse("2026-11-30T03:00:00Z")))
                .isEmpty();
        assertThat(new ChangeTimes(Map.of()).isOpen(Instant.EPOCH)).isTrue();
    }
}
