package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChallengeTest {
    @Test
    void parameters_come_quoted_in_any_order_and_case() {
        assertThat(
                        Challenge.parse(
                                List.of(
                                        "bearer SCOPE=\"repository:a/b:pull,push\" , Realm=\"https://auth.test/token?a=b,c\",service=reg")))
                .containsExactly(new Challenge(
                        "bearer",
                        Map.of(
                                "scope", "repository:a/b:pull,push",
                                "realm", "https://auth.test/token?a=b,c",
                                "service", "reg")));
    }

    @Test
    void quotes_inside_a_value_are_escaped() {
        assertThat(Challenge.parse(List.of("Basic realm=\"a \\\"b\\\" \\\\ c\""))
                        .getFirst()
                        .parameter("realm"))
                .contains("a \"b\" \\ c");
    }

    @Test
    void several_challenges_come_in_one_line_or_in_several() {
        var two = List.of(new Challenge("negotiate", Map.of()), new Challenge("basic", Map.of("realm", "x")));

        assertThat(Challenge.parse(List.of("Negotiate, Basic realm=\"x\""))).isEqualTo(two);
        assertThat(Challenge.parse(List.of("Negotiate", "Basic realm=x"))).isEqualTo(two);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                       | 0",
                "','                      | 0",
                "'\"'                     | 0",
                "'= = ='                  | 0",
                "'Bearer'                 | 1",
                "'Bearer realm'           | 2",
                "'Bearer realm=\"never'   | 1",
                "'Bearer realm=\"x\\'     | 1",
                "'Bearer realm=,service=' | 1",
                "'Basic realm=\"x\" \"'   | 1"
            })
    void rubbish_is_read_as_far_as_it_makes_sense(String header, int challenges) {
        assertThat(Challenge.parse(List.of(header))).hasSize(challenges);
    }
}
