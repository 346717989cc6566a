package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignalTest {
    @ParameterizedTest
    @CsvSource({
        "SIGTERM, 15, SIGTERM", "term, 15, SIGTERM", "9, 9, SIGKILL", "SIGRTMIN+3, 37, SIGRTMIN+3",
        "RTMIN, 34, SIGRTMIN", "SIGRTMAX-1, 63, SIGRTMIN+29", "quit, 3, SIGQUIT", "32, 32, 32"
    })
    void names_and_numbers_are_understood(String text, int number, String name) {
        assertThat(Signal.parse(text).number()).isEqualTo(number);
        assertThat(Signal.parse(text)).hasToString(name);
        assertThat(Signal.parse(name)).isEqualTo(Signal.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SIG", "0", "65", "-1", "SIGFOO", "RTMIN+31", "RTMAX+1", "999999"})
    void everything_else_is_refused(String text) {
        assertThatThrownBy(() -> Signal.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_process_name_may_look_like_the_end_of_the_name() {
        var line = "42 (a) Z (b) S 7 42 41 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 0 0";
        assertThat(ProcessStatus.parse(line)).isEqualTo(new ProcessStatus(42, 'S', 7, 41, 1, 123456));
    }

    @ParameterizedTest
    @CsvSource({"S, 1, false", "Z, 1, true", "X, 0, true", "Z, 2, false"})
    void a_process_is_dead_when_all_of_its_threads_are(char state, int threads, boolean dead) {
        assertThat(new ProcessStatus(42, state, 7, 41, threads, 123456).isZombie())
                .isEqualTo(dead);
    }

    @Test
    void a_process_knows_itself_and_not_one_with_another_start() {
        var self = ProcessIdentity.of((int) ProcessHandle.current().pid()).orElseThrow();
        assertThat(self.isAlive()).isTrue();
        assertThat(new ProcessIdentity(self.pid(), self.startTicks() + 1).isAlive())
                .isFalse();
    }
}
