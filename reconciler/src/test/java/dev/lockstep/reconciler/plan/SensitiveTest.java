package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** Values that do not show, whatever they are parts of. */
class SensitiveTest {
    private static String shown(String text, String... values) {
        return new Sensitive(new Secrets(Set.of(values), Set.of())).show(text);
    }

    @Test
    void a_value_that_begins_as_another_one_is_masked_to_its_end() {
        assertThat(shown("a s3cret b s3cret-2024-key c", "s3cret", "s3cret-2024-key", "cret-2024"))
                .isEqualTo("a (sensitive) b (sensitive) c");
    }

    @Test
    void what_stands_in_a_mask_is_not_masked_again() {
        assertThat(shown("hunter2-hunter2", "sensitive", "hunter2-hunter2")).isEqualTo("(sensitive)");
    }

    @Test
    void signs_of_patterns_are_signs_of_values() {
        assertThat(shown("x a.*\\E$1|b y", "a.*\\E$1|b")).isEqualTo("x (sensitive) y");
        assertThat(shown("abcdefgh", "a.*\\E$1|b")).isEqualTo("abcdefgh");
    }

    @Test
    void short_values_stay_or_nothing_could_be_read() {
        assertThat(shown("abc 12345", "abc", "12345")).isEqualTo("abc 12345");
    }
}
