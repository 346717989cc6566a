package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.registry.RegistryException.Reason;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailedMirrorsTest {
    private final TestTime time = new TestTime();
    private final FailedMirrors failed = new FailedMirrors(time);

    @ParameterizedTest
    @CsvSource({
        "UNREACHABLE, true",
        "RATE_LIMITED, true",
        "MISCONFIGURED, true",
        "BROKEN, false",
        "DENIED, false",
        "WRONG_CONTENT, false"
    })
    void a_mirror_that_is_down_is_left_alone_for_all_and_one_that_spoils_something_for_that(
            Reason reason, boolean all) {
        failed.remember("m", "app", reason);

        assertThat(failed.has("m", "app")).isTrue();
        assertThat(failed.has("m", "other")).isEqualTo(all);
        assertThat(failed.has("n", "app")).isFalse();
    }

    @Test
    void after_five_minutes_it_gets_another_chance() {
        failed.remember("m", "app", Reason.UNREACHABLE);
        time.pass(Duration.ofSeconds(299));
        assertThat(failed.has("m", "app")).isTrue();
        time.pass(Duration.ofSeconds(1));

        assertThat(failed.has("m", "app")).isFalse();
    }
}
