package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.CronExpression;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class CronTest {
    private static final Instant NOW = Instant.parse("2026-12-01T10:00:00.25Z");

    private static Cron utc(String text) {
        return Cron.of(CronExpression.parse(text), ZoneOffset.UTC);
    }

    @Test
    void the_last_time_is_the_newest_that_is_not_in_the_future() {
        var hourly = utc("0 0 * * * ?");

        assertThat(hourly.last(NOW.minusSeconds(7200), NOW)).hasValue(Instant.parse("2026-12-01T10:00:00Z"));
        assertThat(hourly.last(Instant.parse("2026-12-01T10:00:00Z"), NOW)).isEmpty();
        assertThat(hourly.last(NOW, NOW)).isEmpty();
        assertThat(hourly.last(NOW.plusSeconds(7200), NOW)).isEmpty();
    }

    @Test
    @Timeout(30)
    void decades_are_not_walked_through() {
        assertThat(utc("* * * * * ?").last(Instant.EPOCH, NOW)).hasValue(Instant.parse("2026-12-01T10:00:00Z"));
        assertThat(utc("0 30 3 29 2 ?").last(Instant.EPOCH, NOW)).hasValue(Instant.parse("2024-02-29T03:30:00Z"));
    }

    @Test
    void it_is_what_walking_finds_also_where_clocks_change() {
        var random = new Random(7);
        var zone = ZoneId.of("Europe/Berlin");
        var changes = List.of(NOW, Instant.parse("2026-10-25T01:00:00Z"), Instant.parse("2026-03-29T01:00:00Z"));
        for (var text : List.of("0 0/7 * * * ?", "0 30 2 * * ?", "*/13 * 1-3 * * ?", "0 0 12 ? * SUN")) {
            var cron = Cron.of(CronExpression.parse(text), zone);
            for (var i = 0; i < 60; i++) {
                var to = changes.get(i % changes.size()).plusMillis(random.nextInt(-14_400_000, 14_400_000));
                var from = to.minus(Duration.ofMillis(random.nextInt(20 * 3_600_000)));
                assertThat(cron.last(from, to)).as("%s %s %s", text, from, to).isEqualTo(walked(cron, from, to));
            }
        }
    }

    private static Optional<Instant> walked(Cron cron, Instant from, Instant to) {
        var last = Optional.<Instant>empty();
        for (var next = cron.after(from); next.isPresent() && !next.get().isAfter(to); next = cron.after(next.get())) {
            last = next;
        }
        return last;
    }
}
