package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.container.RestartDecision.Restart;
import dev.lockstep.runtime.container.RestartDecision.Stay;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartDecisionTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    /** A container that has ended after a run of that length. */
    private static Life ended(Duration ran, Duration delay, int startsInARow, boolean byUser) {
        return new Life(
                Optional.of(START),
                Optional.of(new ExitOutcome(1, START.plus(ran), false, false)),
                true,
                byUser,
                startsInARow,
                startsInARow,
                delay,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static RestartDecision decide(RestartPolicy.Condition condition, int code, int inARow, boolean byUser) {
        return RestartDecision.decide(
                new RestartPolicy(condition, 3, true),
                code,
                ended(Duration.ofSeconds(1), Duration.ZERO, inARow, byUser));
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

    @Test
    void an_automatic_start_that_fails_is_due_again_after_a_longer_pause_however_long_the_run_before() {
        var life = ended(Duration.ofHours(1), Duration.ZERO, 0, false);
        var policy = new RestartPolicy(RestartPolicy.Condition.ON_FAILURE, 3, true);
        for (var expected : new long[] {100, 200, 400}) {
            var pause = Duration.ofMillis(expected);
            assertThat(RestartDecision.decide(policy, 1, life)).isEqualTo(new Restart(pause));
            life = life.startedAgain(START.plus(Duration.ofHours(2)), pause, RestartDecision.failedStarts(policy, life))
                    .failedToStart(life, "a port is taken");
            assertThat(life.wanted()).isTrue();
            assertThat(life.exit()).isPresent();
        }
        assertThat(RestartDecision.decide(policy, 1, life)).isInstanceOf(Stay.class);
    }

    @Test
    void a_start_by_hand_that_fails_is_not_tried_again_and_what_the_next_boot_owes_stays() {
        var stopped = ended(Duration.ofHours(1), Duration.ZERO, 0, false).stopping("boot");
        var failed = stopped.startedByHand(START).failedToStart(stopped, "a port is taken");
        assertThat(failed.wanted()).isFalse();
        assertThat(failed.stoppedInBoot()).contains("boot");
    }

    private static final Duration WINDOW = Duration.ofSeconds(5);

    private static RestartDecision deployed(RestartPolicy.Condition condition, Duration delay, Life life) {
        return RestartDecision.decide(
                new RestartPolicy(condition, 2, true, Optional.of(delay), Optional.of(WINDOW)), 0, life);
    }

    @Test
    void a_delay_that_is_asked_for_does_not_grow() {
        var delay = Duration.ofSeconds(7);
        for (var starts = 0; starts < 2; starts++) {
            assertThat(deployed(
                            RestartPolicy.Condition.ALWAYS, delay, ended(Duration.ofSeconds(1), delay, starts, false)))
                    .isEqualTo(new Restart(delay));
        }
        // None at all would keep a processor busy with nothing else.
        assertThat(deployed(
                        RestartPolicy.Condition.ALWAYS,
                        Duration.ZERO,
                        ended(Duration.ofSeconds(1), Duration.ZERO, 0, false)))
                .isEqualTo(new Restart(RestartDecision.SHORTEST));
    }

    @Test
    void starts_that_lasted_for_the_window_do_not_count_towards_the_limit() {
        var delay = Duration.ofSeconds(1);
        var brief = ended(WINDOW.minusMillis(1), delay, 2, false);
        var lasting = ended(WINDOW, delay, 2, false);
        assertThat(deployed(RestartPolicy.Condition.ALWAYS, delay, brief)).isInstanceOf(Stay.class);
        assertThat(deployed(RestartPolicy.Condition.ALWAYS, delay, lasting)).isEqualTo(new Restart(delay));
        // The first run was nobody's automatic start.
        assertThat(RestartDecision.failedStarts(
                        new RestartPolicy(
                                RestartPolicy.Condition.ALWAYS, 2, true, Optional.empty(), Optional.of(WINDOW)),
                        ended(WINDOW, Duration.ZERO, 0, false)))
                .isZero();
        // One success forgives one start, and not those before it.
        var policy =
                new RestartPolicy(RestartPolicy.Condition.ALWAYS, 2, true, Optional.of(delay), Optional.of(WINDOW));
        var again = lasting.startedAgain(START, delay, RestartDecision.failedStarts(policy, lasting));
        assertThat(again.startsInARow()).isEqualTo(2);
        assertThat(again.restartCount()).isEqualTo(3);
    }

    /** Steps of the clock: nobody waits for an hour because it was set back by one. */
    @ParameterizedTest
    @CsvSource({"0, 8", "3, 5", "8, 0", "9, 0", "86400, 0", "-3600, 8"})
    void what_is_left_of_the_wait_is_never_more_than_the_wait(long secondsSince, long left) {
        assertThat(new Restart(Duration.ofSeconds(8)).wait(START, START.plusSeconds(secondsSince)))
                .isEqualTo(Duration.ofSeconds(left));
    }
}
