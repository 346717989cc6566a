package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuListTest {
    @Test
    void numbers_and_ranges() {
        assertThat(CpuList.parse("0-2,5\n").stream()).containsExactly(0, 1, 2, 5);
        assertThat(CpuList.parse("7").stream()).containsExactly(7);
        assertThat(CpuList.parse("\n").isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "3-1", "-1", "1,,2", "1-2-3"})
    void what_is_no_list(String text) {
        assertThatThrownBy(() -> CpuList.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is no list of processors");
    }
}
