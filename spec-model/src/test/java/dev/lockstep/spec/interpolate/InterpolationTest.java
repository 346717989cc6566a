package dev.lockstep.spec.interpolate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.interpolate.Interpolation.Result;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterpolationTest {
    private static final Map<String, String> VARIABLES =
            Map.of("SET", "value", "EMPTY", "", "DOLLAR", "$SET", "_x9", "y");

    private static Optional<String> value(String name) {
        return Optional.ofNullable(VARIABLES.get(name));
    }

    private static Result of(String text) {
        return Interpolation.interpolate(text, InterpolationTest::value, 1000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            # form             | SET      | EMPTY  | UNSET
            $%s                | value    | ``     | ``
            ${%s}              | value    | ``     | ``
            ${%s:-d}           | value    | d      | d
            ${%s-d}            | value    | ``     | d
            ${%s:+r}           | r        | ``     | ``
            ${%s+r}            | r        | r      | ``
            ${%s:?m}           | value    | !m     | !m
            ${%s?m}            | value    | ``     | !m
            ${%s:?}            | value    | !      | !
            ${%s:-}            | value    | ``     | ``
            ${%s:-$SET}        | value    | value  | value
            ${%s:+${UNSET:-e}} | e        | ``     | ``
            ${%s:?no ${SET}}   | value    | !no value | !no value
            """)
    void each_operator_looks_at_set_empty_and_unset(String form, String set, String empty, String unset) {
        expect(form.replace("%s", "SET"), "SET", set);
        expect(form.replace("%s", "EMPTY"), "EMPTY", empty);
        expect(form.replace("%s", "UNSET"), "UNSET", unset);
    }

    private static void expect(String text, String name, String expected) {
        if (expected.startsWith("!")) {
            var message = expected.substring(1);
            assertThat(of(text))
                    .as(text)
                    .isEqualTo(new Result.Failed(
                            0,
                            "required variable " + name + " is missing a value"
                                    + (message.isEmpty() ? "" : ": " + message)));
        } else {
            assertThat(of(text))
                    .as(text)
                    .isInstanceOfSatisfying(
                            Result.Text.class,
                            result -> assertThat(result.value()).isEqualTo(expected));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            plain                     | plain
            $$                        | $
            $${SET}                   | ${SET}
            $$$SET                    | $value
            $                         | $
            a$                        | a$
            $1                        | $1
            $.x                       | $.x
            $(cmd)                    | $(cmd)
            $SET.post                 | value.post
            $SET-x                    | value-x
            $_x9                      | y
            ${SET}${SET}              | valuevalue
            ${UNSET:-a:-b}            | a:-b
            ${UNSET-a:-b}             | a:-b
            ${UNSET:-${ALSO:-deep}}   | deep
            ${UNSET:-pre$SET}         | prevalue
            ${UNSET:-{"a":1}}         | {"a":1}
            ${UNSET:-}}               | }
            $DOLLAR                   | $SET
            ${SET:-${UNSET:?never}}   | value
            $set                      | ``
            """)
    void text_becomes(String text, String expected) {
        assertThat(of(text))
                .isInstanceOfSatisfying(
                        Result.Text.class, result -> assertThat(result.value()).isEqualTo(expected));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a ${}           | 2  | ${}
            ${1X}           | 0  | ${1X}
            ab${X           | 2  | ${X
            ${X/a/b}        | 0  | ${X/a/b}
            ${X Y}          | 0  | ${X Y}
            ${UNSET:-${}}   | 9  | ${}
            ${X:}           | 0  | ${X:}
            """)
    void a_form_that_does_not_exist_is_named_with_its_place(String text, int offset, String form) {
        assertThat(of(text))
                .isEqualTo(new Result.Failed(
                        offset,
                        "invalid interpolation format: " + form + ". You may need to escape any $ with another $"));
    }

    @Test
    void only_what_is_replaced_by_nothing_is_reported_as_unset() {
        assertThat(of("a $NO ${SET} ${NO2:-x} ${NO3}"))
                .isInstanceOfSatisfying(
                        Result.Text.class,
                        result -> assertThat(result.unset())
                                .containsExactly(new Interpolation.Unset("NO", 2), new Interpolation.Unset("NO3", 23)));
    }

    @Test
    void deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
        var text = "${A:-".repeat(100_000) + "}".repeat(100_000);
        var result = Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> of(text));
        assertThat(result).isInstanceOf(Result.Failed.class);
    }

    @Test
    void growth_is_bounded() {
        assertThat(Interpolation.interpolate("$BIG".repeat(100), name -> Optional.of("x".repeat(100)), 1000))
                .isInstanceOfSatisfying(
                        Result.Failed.class,
                        failed -> assertThat(failed.message())
                                .isEqualTo("variables make this longer than 1000 characters"));
    }
}
