package dev.lockstep.runtime.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShellScriptTest {
    private static String commands(String text) {
        return ShellScript.of(text).commands().stream()
                .map(c -> (c.program() + " " + String.join(" ", c.args())).strip())
                .collect(Collectors.joining("; "));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '§',
            value = {
                "a b && c d || e; f & g | h ~ a b; c d; e; f; g; h",
                "a 'b && c' \"d; e\" f\\;g ~ a b && c d; e f;g",
                "(a; b) && { c; } ~ a; b; c",
                "if a; then b; else c; fi ~ a; b; c",
                "for x in 1 2; do a $x; done ~ for x in 1 2; a $x",
                "A=1 B='x y' env C=2 /usr/bin/apt-get -y install x ~ apt-get -y install x",
                "exec nice a ~ a",
                "echo $(a `b`) \"$(c | d)\" ~ b; a $(); c; d; echo $() $()",
                "a > /dev/null 2>&1 < in >>log b ~ a b",
                "a # b && c ~ a",
                "a#b c ~ a#b c",
                "X=1 ~ §§",
                "! a ~ a",
                "echo ${x:-a b} c ~ echo ${x:-a b} c",
                "echo $((1 + 2)) ~ echo $; 1 + 2",
                "case $x in a|b) c;; *) d e; (f) esac; g ~ case $x in; c; d e; f; g",
                "if case $x in (a) b;; esac then c; fi ~ case $x in; b; c",
                "case a in b) case c in d) e;; esac;; f ) g;& h) i;;& j) k; esac && l ~ case a in; case c in; e; g; i; k; l",
                "echo case x in a ~ echo case x in a",
            })
    void commands_are_found(String text, String commands) {
        assertThat(commands(text)).isEqualTo(commands == null ? "" : commands);
    }

    @Test
    void lines_end_commands_unless_they_are_continued() {
        assertThat(commands("a\\\n b\nc")).isEqualTo("a b; c");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a | b",
                "x; a |& b",
                "(a | b)",
                "echo $(a | b)",
                "case x in a) b | c;; esac",
                "case x in a) b;; esac | c",
                "case x in a) b; esac; c | d"
            })
    void a_pipe_is_a_pipe(String text) {
        assertThat(ShellScript.of(text).hasPipe()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a || b",
                "echo '|'",
                "echo \"a | b\"",
                "echo \\|",
                "a # | b",
                "case x in a|b) c;; d | e) f;; esac"
            })
    void and_what_is_none_is_none(String text) {
        assertThat(ShellScript.of(text).hasPipe()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void any_text_has_an_answer(String property) {
        var chance = new Random(Long.parseUnsignedLong(System.getProperty(property, "1")));
        var letters = "ab \\'\"`$(){};|&<>#\n=1";
        for (var i = 0; i < Integer.getInteger("lockstep.count", 100) * 20; i++) {
            var text = new StringBuilder();
            for (var n = chance.nextInt(60); n > 0; n--) {
                text.append(letters.charAt(chance.nextInt(letters.length())));
            }
            assertThat(ShellScript.of(text.toString()).commands())
                    .as("%s", text)
                    .doesNotContainNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"$(", "`", "(", "\"$(", "a|", "case x in a) b;; ", "'", "${"})
    void a_long_text_has_an_answer_soon(String piece) {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> ShellScript.of(piece.repeat(60_000)));
    }
}
