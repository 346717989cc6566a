package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetriesTest {
    private static final Retries RETRIES = new Retries(new RegistrySettings(
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            5,
            Duration.ofMillis(500),
            Duration.ofSeconds(30),
            3,
            Credentials.NONE,
            RegistryHosts.NONE,
            Proxies.NONE,
            new TestTime()));

    @ParameterizedTest
    @CsvSource({
        "1, true,  0,     1, PT0.5S",
        "1, true,  0,     0, PT0.25S",
        "2, true,  0,     1, PT1S",
        "4, true,  0,     1, PT4S",
        "5, true,  0,     1, ",
        "2, false, 0,     1, PT1S",
        "3, false, 0,     1, ",
        "1, true,  7,     1, PT7.125S", // a little later than the others that were told so
        "1, true,  7,     0, PT7.0625S",
        "1, true,  3600,  1, PT30S"
    })
    void pauses_double_up_to_a_limit_and_end(
            int failures, boolean connected, long asked, double chance, Duration expected) {
        assertThat(RETRIES.pause(
                        failures,
                        connected,
                        asked == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(asked)),
                        chance))
                .isEqualTo(Optional.ofNullable(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "120                           | PT2M",
                "' 5 '                         | PT5S",
                "Thu, 01 Jan 2026 00:01:00 GMT | PT1M",
                "Wed, 31 Dec 2025 00:00:00 GMT | PT0S",
                "soon                          | ",
                "-1                            | ",
                "99999999999999                | PT277777H46M39S"
            })
    void what_a_registry_asks_for_is_seconds_or_a_date(String header, Duration expected) {
        assertThat(Retries.retryAfter(Optional.of(header), Instant.parse("2026-01-01T00:00:00Z")))
                .isEqualTo(Optional.ofNullable(expected));
    }

    @Test
    void only_what_may_get_better_is_tried_again() {
        assertThat(Retries.isTransient(503)).isTrue();
        assertThat(Retries.isTransient(429)).isTrue();
        assertThat(Retries.isTransient(404)).isFalse();
        assertThat(Retries.isTransient(403)).isFalse();
    }
}
