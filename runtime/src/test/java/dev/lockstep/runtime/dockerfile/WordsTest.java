package dev.lockstep.runtime.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The results are those of docker's builder (dockerd 26.1.5), asked with {@code COPY <<EOF} and {@code ENV}. */
class WordsTest {
    private static final Map<String, String> VALUES =
            Map.of("v", "foobarfoo", "e", "", "path", "/a/b/c.tar.gz", "s", "a*b?c", "d", "a$b", "abab", "abab");

    private static Optional<String> variables(String name) {
        return Optional.ofNullable(VALUES.get(name));
    }

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            quoteCharacter = '~',
            value = {
                "${v:-w} | foobarfoo",
                "${e:-w} | w",
                "${n:-w} | w",
                "${v-w} | foobarfoo",
                "${e-w} | ~~",
                "${n-w} | w",
                "${v:+w} | w",
                "${e:+w} | ~~",
                "${n:+w} | ~~",
                "${v+w} | w",
                "${e+w} | w",
                "${n+w} | ~~",
                "${v:?m} | foobarfoo",
                "${v?m} | foobarfoo",
                "${e?m} | ~~",
                "${v#foo} | barfoo",
                "${v#f*o} | obarfoo",
                "${v##f*o} | ~~",
                "${v#x} | foobarfoo",
                "${path##*/} | c.tar.gz",
                "${path#*/} | a/b/c.tar.gz",
                "${v%foo} | foobar",
                "${v%f*o} | foobar",
                "${v%%f*o} | ~~",
                "${path%.*} | /a/b/c.tar",
                "${path%%.*} | /a/b/c",
                "${path%/*} | /a/b",
                "${v/foo/x} | xbarfoo",
                "${v//foo/x} | xbarx",
                "${v/o*/x} | fx",
                "${v//o/} | fbarf",
                "${v/q/x} | foobarfoo",
                "${path//\\//-} | -a-b-c.tar.gz",
                "${v/?/y} | yoobarfoo",
                "${s#a\\*} | b?c",
                "${s%\\?c} | a*b",
                "${s/\\*/x} | axb?c",
                "${v/foo/a\\/b} | a\\/bbarfoo",
                "${v/foo/a\\}b} | a\\}bbarfoo",
                "${v%%\\}} | foobarfoo",
                "${v//o*o/_} | f_",
                "${v/*/_} | _",
                "${v//*/_} | _",
                "${v//?*/_} | _",
                "${v//x*/_} | foobarfoo",
                "${v/$n/z} | zfoobarfoo",
                "${v//$n/z} | zfzozozbzazrzfzozoz",
                "${abab//ab/$abab} | abababab",
                "${abab/[a]/x} | abab",
                "$v$e$n | foobarfoo",
                "$1 | ~~",
                "$@ | ~~",
                "$? | ~~",
                "$$ | ~~",
                "$! | ~~",
                "~$ x~ | ~$ x~",
                "$ | $",
                "a$ | a$",
                "${n:-${v:-q}} | foobarfoo",
                "~${n:-a b}~ | a b",
                "${v/o/$e} | fobarfoo",
                "\\$v | $v",
                "\\\\$v | \\foobarfoo",
                "\\v | v",
                "$d | a$b",
                "\"q\\$x\\\"y\\\\z\\w\" | q$x\"y\\z\\w",
                "'q$x\\y' | q$x\\y",
                "q\\ r\\$x\\\"y\\\\z | q r$x\"y\\z",
                "\"a'b\" | a'b",
                "'a\"b' | a\"b",
                "\"a\"'b'c | abc",
                "~\"${n:-x y}\"~ | x y",
                "\"${n:-'x'}\" | x",
                "'' | ~~",
                "~\"a b\"c\\ d~ | a bc d",
                "\"`x`\" | `x`",
                // The builder of 26.1 dies of an empty pattern.
                "${v#} | foobarfoo",
                "${v%%} | foobarfoo",
            })
    void a_word_is_expanded_as_the_builder_does_it(String word, String value) {
        assertThat(new Words('\\').word(word, WordsTest::variables).word()).isEqualTo(value);
    }

    @Test
    void the_other_escape_character_leaves_backslashes_alone() {
        var words = new Words('`');
        assertThat(words.word("\"q`\"x\\y``\"", WordsTest::variables).word()).isEqualTo("q\"x\\y`");
        assertThat(words.word("q` r\\s", WordsTest::variables).word()).isEqualTo("q r\\s");
        assertThat(words.word("`$x", WordsTest::variables).word()).isEqualTo("$x");
    }

    @Test
    void bodies_keep_their_quotes_and_have_backslashes_as_escapes_whatever_the_file_has() {
        assertThat(Words.body("a\\x $n \\$v \"q\" '$v' \\\\ \\\n end\n# no comment\n", WordsTest::variables)
                        .word())
                .isEqualTo("ax  $v \"q\" 'foobarfoo' \\ \n end\n# no comment\n");
    }

    @Test
    void splitting_ends_words_at_blanks_of_values_but_not_of_quotes() {
        Function<String, Optional<String>> ports = name -> Optional.of("80 81/udp");
        assertThat(new Words('\\').split("$p", ports).words()).containsExactly("80", "81/udp");
        assertThat(new Words('\\').split("\"$p\"9 ''", ports).words()).containsExactly("80 81/udp9", "");
        assertThat(new Words('\\').split("a\\ b c$p", ports).words()).containsExactly("a b", "c80", "81/udp");
        assertThat(new Words('\\').split("  ", ports).words()).isEmpty();
    }

    @Test
    void what_has_no_value_is_told_unless_the_word_has_a_default() {
        assertThat(new Words('\\')
                        .word("$a${b}${c:-x}${d+y}${e}${f#z}", WordsTest::variables)
                        .unset())
                .containsExactly("a", "b", "f");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "${ | syntax error: missing '}'",
                "${} | syntax error: bad substitution",
                "${{a}} | syntax error: bad substitution",
                "${:-a} | syntax error: bad substitution",
                "${v | syntax error: missing '}'",
                "${v:-a | syntax error: missing '}'",
                "${v^} | unsupported modifier (^) in substitution",
                "${v:x} | unsupported modifier (:x) in substitution",
                "${v:#x} | unsupported modifier (:#) in substitution",
                "${v/x} | syntax error: missing '/' in ${}",
                "${v/x/y | syntax error: missing '}'",
                "${v/a\\b/x} | invalid pattern (a\\b) in substitution: invalid escape '\\b'",
                "${e:?} | e: is not allowed to be empty",
                "${n:?} | n: is not allowed to be unset",
                "${n?why} | n: why",
                "${e:?$v} | e: foobarfoo",
                "\"a | unexpected end of statement while looking for matching double-quote",
            })
    void a_word_that_cannot_be_read_is_refused_in_the_builders_words(String word, String why) {
        assertThatThrownBy(() -> new Words('\\').word(word, WordsTest::variables))
                .hasMessage(why);
    }

    @Test
    void a_single_quote_without_end_is_refused() {
        assertThatThrownBy(() -> new Words('\\').word("a'b", WordsTest::variables))
                .hasMessage("unexpected end of statement while looking for matching single-quote");
    }

    @Test
    void nothing_grows_or_goes_down_without_bound() {
        var words = new Words('\\');
        var long1 = "x".repeat(100_000);
        assertThatThrownBy(() -> words.word("$a$a", name -> Optional.of(long1)))
                .hasMessage("a value grows to more than 131072 characters");
        assertThatThrownBy(() -> words.word("${a//x/$b}", name -> Optional.of(name.equals("a") ? long1 : "12345")))
                .hasMessageContaining("more than 131072 characters");
        assertThatThrownBy(() -> words.word("${a:-".repeat(100_000), name -> Optional.empty()))
                .hasMessage("substitutions stand in each other more than 64 times");
        var fine = "${a:-".repeat(64) + "x" + "}".repeat(64);
        assertThat(words.word(fine, name -> Optional.empty()).word()).isEqualTo("x");
    }

    @Test
    void a_hostile_pattern_ends_in_a_moment() {
        var pattern = "*a".repeat(2_000) + "b";
        var value = "a".repeat(120_000);
        var begin = System.nanoTime();
        assertThatThrownBy(() -> new Words('\\').word("${v//" + pattern + "/x}", name -> Optional.of(value)))
                .hasMessageStartingWith("a pattern takes too long on its value");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
    }
}
