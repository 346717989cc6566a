package dev.lockstep.spec.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronExpressionTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0 0 2 ? * *",
                "0 0 2 * * ?",
                "0 0 12 1/5 * ?",
                "0 11 11 11 11 ?",
                "0 15 10 L * ?",
                "0 15 10 LW * ?",
                "0 15 10 L-2 * ?",
                "0 15 10 15W * ?",
                "0 15 10 ? * 6L",
                "0 15 10 ? * FRIL",
                "0 15 10 ? * 6#3",
                "0 15 10 ? * TUE#2",
                "0 0/5 14,18 * JAN-MAR ? 2026-2030",
                "0,30 */10 8-17/3 ? * mon-fri",
                "  0  0 22-2 ?  *  SUN ",
            })
    void what_quartz_takes_is_taken(String text) {
        assertThat(CronExpression.parse(text).text()).doesNotContain("  ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0 2 * * *             | has 5 fields
            0 0 2 * * *           | must have ? for one of
            0 0 2 ? * ?           | must have ? for one of
            60 0 2 ? * *          | "60" is no second. Write a number from 0 to 59
            0 0 24 ? * *          | "24" is no hour
            0 0 2 32 * ?          | "32" is no day of the month
            0 0 2 0 * ?           | "0" is no day of the month
            0 0 2 1 13 ?          | "13" is no month. Write a number from 1 to 12 or a word like JAN
            0 0 2 1 JUNE ?        | "JUNE" is no month
            0 0 2 ? * 8           | "8" is no day of the week
            0 0 2 ? * 6#6         | is no day of the week
            0 0 2 ? * FOO#1       | "FOO" is no day of the week
            0 0 2 L-31 * ?        | is no day of the month
            0 */0 2 ? * *         | has no step
            0 */90 2 ? * *        | has no step
            0 1, 2 ? * *          | "" is no minute
            0 0 2 ? * * 1492      | "1492" is no year
            ? 0 2 ? * *           | "?" is no second
            """)
    void what_never_comes_is_refused(String text, String message) {
        assertThatThrownBy(() -> CronExpression.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
