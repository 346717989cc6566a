package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoDurationTest {
    /** By what Go documents of Duration.String. */
    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT0.000000007S, 7ns",
        "PT0.0000015S, 1.5µs",
        "PT0.3S, 300ms",
        "PT0.0005S, 500µs",
        "PT1S, 1s",
        "PT1.5S, 1.5s",
        "PT30S, 30s",
        "PT1M, 1m0s",
        "PT1M30S, 1m30s",
        "PT2H, 2h0m0s",
        "PT1H1M1.25S, 1h1m1.25s"
    })
    void it_is_spelled_as_in_dockers_messages(Duration duration, String text) {
        assertThat(GoDuration.of(duration)).isEqualTo(text);
    }
}
