package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DetachKeysTest {
    private static Optional<String> scan(DetachKeys.Scanner scanner, String typed) {
        var bytes = typed.getBytes(StandardCharsets.ISO_8859_1);
        return scanner.scan(bytes, bytes.length).map(b -> new String(b, StandardCharsets.ISO_8859_1));
    }

    @Test
    void they_are_written_as_docker_writes_them() {
        assertThat(DetachKeys.parse("ctrl-p,ctrl-q").keys()).containsExactly(16, 17);
        assertThat(DetachKeys.parse("a,ctrl-@,CTRL-Z,ctrl-\\").keys()).containsExactly(97, 0, 26, 28);
        assertThat(DetachKeys.parse("").keys()).isEmpty();
        for (var wrong : new String[] {"ctrl-", "ctrl-1", "ab", "a,,b", "ü"}) {
            assertThatThrownBy(() -> DetachKeys.parse(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is no key");
        }
    }

    @Test
    void they_are_found_over_several_reads_and_what_only_begins_like_them_goes_through() {
        var scanner = DetachKeys.DEFAULT.new Scanner();

        assertThat(scan(scanner, "ab\u0010")).contains("ab");
        assertThat(scan(scanner, "c\u0010\u0010x")).contains("\u0010c\u0010\u0010x");
        assertThat(scan(scanner, "\u0010")).contains("");
        assertThat(scan(scanner, "\u0011rest")).isEmpty();
    }

    @Test
    void the_beginning_of_them_at_the_end_of_the_input_is_no_beginning() {
        var scanner = DetachKeys.DEFAULT.new Scanner();

        assertThat(scan(scanner, "ab\u0010")).contains("ab");
        assertThat(scanner.held()).containsExactly(16);
        assertThat(scanner.held()).isEmpty();
        assertThat(DetachKeys.NONE.new Scanner().held()).isEmpty();
    }

    @Test
    void without_keys_everything_goes_through() {
        assertThat(scan(DetachKeys.NONE.new Scanner(), "\u0010\u0011")).contains("\u0010\u0011");
    }
}
