package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrantsTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    secrets => [s, t] => [{"source": "s", "target": "/run/secrets/s"}, {"source": "t", "target": "/run/secrets/t"}]
                    secrets => [{source: s, target: x, uid: "1", gid: "2", mode: 0440}] => [{"source": "s", "target": "x", "uid": "1", "gid": "2", "mode": "0440"}]
                    secrets => [{source: s, mode: "400"}] => [{"source": "s", "target": "/run/secrets/s", "mode": "0400"}]
                    secrets => [s, {source: t, target: /run/secrets/s}] => [{"source": "t", "target": "/run/secrets/s"}]
                    configs => [c] => [{"source": "c"}]
                    configs => [{source: c, target: /x, mode: 0o444}] => [{"source": "c", "target": "/x", "mode": "0444"}]
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    secrets: s => 1:35: services.a.secrets: must be a list, not "s"
                    secrets: [{target: x}] => 1:36: services.a.secrets[0]: has no source. Write which one: source: NAME
                    secrets: [{source: s, uid: 1}] => 1:53: services.a.secrets[0].uid: must be text, and YAML takes 1 for a number. Write it in quotes: "1"
                    secrets: [{source: s, mode: "9"}] => 1:54: services.a.secrets[0].mode: "9" is no file mode. Write it in octal, such as 0440
                    secrets: [{source: s, mode: 5000}] => 1:54: services.a.secrets[0].mode: 5000 is no file mode. Write it in octal with a leading zero, such as 0440
                    secrets: [x] => 1:36: services.a.secrets[0]: refers to undefined secret "x". Declare it below secrets:
                    configs: [nothing] => 1:36: services.a.configs[0]: refers to undefined config "nothing". Declare it below configs:
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }

    @Test
    void a_mode_that_looks_octal_and_is_not_is_said() throws IOException {
        var file = service("secrets: [{source: s, mode: 440}]");
        assertThat(file.attribute("secrets").path(0).path("mode").textValue()).isEqualTo("0670");
        assertThat(file.warnings())
                .containsExactly(
                        "compose.yaml:1:54: services.a.secrets[0].mode: is the decimal number 440, which is the"
                                + " mode 0670. Write 0440 if you mean the octal one");
    }
}
