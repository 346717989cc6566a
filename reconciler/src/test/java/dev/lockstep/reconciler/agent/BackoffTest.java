package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void agents_that_begin_together_ask_at_different_times_within_a_tenth_of_the_interval() {
        var firsts = new ArrayList<Duration>();
        var chance = new Random(1);
        for (var agent = 0; agent < 50; agent++) {
            firsts.add(new Backoff(chance).first(MINUTE));
        }

        assertThat(firsts).allSatisfy(first -> assertThat(first).isBetween(Duration.ZERO, Duration.ofSeconds(6)));
        // In each second of the six some, and in none half of them.
        assertThat(firsts.stream().map(Duration::toSeconds).distinct()).hasSize(6);
        assertThat(firsts.stream().filter(f -> f.toSeconds() == 0)).hasSizeLessThan(25);
        assertThat(new Backoff(new Random(1)).first(Duration.ofDays(1))).isLessThanOrEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void a_remote_is_left_alone_as_long_as_it_asks_and_never_shorter_than_without_its_word() {
        var backoff = new Backoff(new Random(1));

        assertThat(backoff.failed(Optional.of(Duration.ofSeconds(100))))
                .isBetween(Duration.ofSeconds(100), Duration.ofSeconds(110));
        for (var failure = 0; failure < 20; failure++) {
            backoff.failed(Optional.empty());
        }
        assertThat(backoff.failed(Optional.of(Duration.ofSeconds(1)))).isGreaterThan(Duration.ofMinutes(2));
        backoff.succeeded(MINUTE);
        assertThat(backoff.failed(Optional.empty())).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }
}
