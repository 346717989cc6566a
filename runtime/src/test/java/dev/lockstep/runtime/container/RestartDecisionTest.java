package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.container.RestartDecision.Restart;
import dev.lockstep.runtime.container.RestartDecision.Stay;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartDecisionTest {
    private static RestartDecision decide(RestartPolicy.Condition condition, int code, int inARow, boolean byUser) {
        return RestartDecision.decide(
                new RestartPolicy(condition, 3, true), code, Duration.ofSeconds(1), Duration.ZERO, inARow, byUser);
    }

    @ParameterizedTest
    @CsvSource({
        "NO, 0, false", "NO, 1, false",
        "ALWAYS, 0, true", "ALWAYS, 1, true",
        "UNLESS_STOPPED, 0, true", "UNLESS_STOPPED, 255, true",
        "ON_FAILURE, 0, false", "ON_FAILURE, 137, true"
    })
    void each_policy_looks_at_the_exit_code_in_its_way(RestartPolicy.Condition condition, int code, boolean restart) {
        assertThat(decide(condition, code, 0, false)).isInstanceOf(restart ? Restart.class : Stay.class);
    }

    @Test
    void nothing_that_was_stopped_by_hand_starts_again() {
        assertThat(decide(RestartPolicy.Condition.ALWAYS, 1, 0, true)).isEqualTo(new Stay("it was stopped by hand"));
    }

    @Test
    void on_failure_gives_up_after_its_number_of_starts() {
        assertThat(decide(RestartPolicy.Condition.ON_FAILURE, 1, 2, false)).isInstanceOf(Restart.class);
        assertThat(decide(RestartPolicy.Condition.ON_FAILURE, 1, 3, false))
                .isEqualTo(new Stay("it failed after 3 automatic starts, the limit of its policy"));
    }

    @Test
    void the_delay_doubles_up_to_a_minute_and_a_long_run_resets_it() {
        var delay = Duration.ZERO;
        var brief = Duration.ofSeconds(9);
        for (var expected : new long[] {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000}) {
            delay = RestartDecision.nextDelay(delay, brief);
            assertThat(delay).isEqualTo(Duration.ofMillis(expected));
        }
        assertThat(RestartDecision.nextDelay(delay, Duration.ofSeconds(10))).isEqualTo(Duration.ofMillis(100));
    }
}
