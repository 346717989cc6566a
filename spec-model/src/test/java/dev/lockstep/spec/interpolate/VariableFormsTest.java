package dev.lockstep.spec.interpolate;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VariableFormsTest {
    private static String uses(String text) {
        return VariableForms.in(text).stream()
                .map(use -> use.offset() + use.name() + (use.required() ? "!" : "") + "[" + use.defaultValue() + "]["
                        + use.alternative() + "]")
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            $A-$B_2                  | 0A[][] 3B_2[][]
            ${A}${B-}                | 0A[][] 4B[][]
            ${A:-b}${C-d}            | 0A[b][] 7C[d][]
            ${A:+b}${C+d}            | 0A[][b] 7C[][d]
            ${A:?b}${C?}             | 0A![][] 7C![][]
            ${A:-${B:-$C}}           | 0A[${B:-$C}][] 5B[$C][] 10C[][]
            ${A:-{x}}                | 0A[{x}][]
            $$A $${B} ${C:-$$D}      | 10C[$$D][]
            ${} ${1} ${A!} ${A ${B}  | 19B[][]
            } ${A} }                 | 2A[][]
            $ { $1 $-                | ``
            ${A:-{${B}               | 6B[][]
            """)
    void each_use_is_found_in_its_place(String text, String expected) {
        assertThat(uses(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"${", "${A:-", "{", "${A:-$B{", "}", "$A", "${A}"})
    void a_megabyte_takes_no_longer_than_it_is_long(String form) {
        var text = form.repeat(1_000_000 / form.length());
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> VariableForms.in(text));
        var closed = text + "}".repeat(text.length() / form.length());
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> VariableForms.in(closed));
    }

    @Test
    void what_is_deeper_than_interpolation_goes_is_left_out() {
        assertThat(VariableForms.in("${A:-".repeat(300) + "}".repeat(300))).hasSize(101);
    }
}
