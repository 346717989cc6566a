package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DotenvTest {
    private static final Map<String, String> OUTSIDE = Map.of("OUT", "outside");
    private final Problems problems = new Problems();

    private Map<String, String> parse(String text) {
        return values(Dotenv.parse(
                ".env", text, name -> Optional.ofNullable(OUTSIDE.get(name)), Map.of("EARLIER", earlier()), problems));
    }

    private static Variables.Value earlier() {
        return new Variables.Value("earlier", SourcePosition.DEFAULT);
    }

    private static Map<String, String> values(Map<String, Variables.Value> parsed) {
        var values = new LinkedHashMap<String, String>();
        parsed.forEach((name, value) -> values.put(name, value.text()));
        return values;
    }

    static Stream<Arguments> rows() {
        return Stream.of(
                row("", Map.of()),
                row("\n# c\n  # c\n", Map.of()),
                row("\uFEFFA=1", Map.of("A", "1")),
                row("A=1\r\nB=2\r\n", Map.of("A", "1", "B", "2")),
                row(" B = 2 ", Map.of("B", "2")),
                row("A: 1", Map.of("A", "1")),
                row("A==x", Map.of("A", "=x")),
                row("URL=http://a:b", Map.of("URL", "http://a:b")),
                row("export A=1", Map.of("A", "1")),
                row("exporter=1", Map.of("exporter", "1")),
                row("export OUT", Map.of("OUT", "outside")),
                row("OUT\nNOWHERE\nB=1", Map.of("OUT", "outside", "B", "1")),
                row("OUT", Map.of("OUT", "outside")),
                row("A=", Map.of("A", "")),
                row("A=\nB=1", Map.of("A", "", "B", "1")),
                row("A=a b #c", Map.of("A", "a b")),
                row("A=a#b", Map.of("A", "a#b")),
                row("A= #y", Map.of("A", "#y")),
                row("A=un\\nq", Map.of("A", "un\\nq")),
                row("A='$X\\n #'", Map.of("A", "$X\\n #")),
                row("A='it\\'s'", Map.of("A", "it's")),
                row("A='two\nlines'\nB=1", Map.of("A", "two\nlines", "B", "1")),
                row("A=\"two\nlines\"", Map.of("A", "two\nlines")),
                row("A=\"a\\tb\\n\\\"c\\\"\\\\\"", Map.of("A", "a\tb\n\"c\"\\")),
                row("A=\"\\0101\"", Map.of("A", "A")),
                row("A=\"\\q\"", Map.of("A", "\\q")),
                row("A=\"\\$X\"", Map.of("A", "$X")),
                row("A=1\nB=\"$A-${A:+x}\"\nC=${B}\nD='$A'", Map.of("A", "1", "B", "1-x", "C", "1-x", "D", "$A")),
                row("A=$EARLIER", Map.of("A", "earlier")),
                row("OUT=inside\nB=$OUT", Map.of("OUT", "inside", "B", "outside")),
                row("A=$$X", Map.of("A", "$X")),
                row("A=\"x\" # c\nB=1", Map.of("A", "x", "B", "1")),
                row("A=\"x\"#z\nB=1", Map.of("A", "x", "B", "1")),
                row("A='x' B=2", Map.of("A", "x", "B", "2")),
                row("1.b-c[0]=x", Map.of("1.b-c[0]", "x")),
                row("É=x", Map.of("É", "x")),
                row("A=1\nA=2", Map.of("A", "2")));
    }

    private static Arguments row(String text, Map<String, String> expected) {
        return Arguments.of(text, expected);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void a_file_reads_as(String text, Map<String, String> expected) {
        assertThat(parse(text)).containsExactlyInAnyOrderEntriesOf(expected);
        assertThat(problems.errors()).isEmpty();
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                row("A=1\n b c=1\nC=3", ".env:2:2: key cannot contain a space"),
                row("A$=1\nC=3", ".env:1:1: unexpected character \"$\" in a variable name"),
                row("\nB=\"x\nC=3", ".env:2:1: unterminated quoted value"),
                row("TOKEN=\"s3cret", ".env:1:1: unterminated quoted value"),
                row("MIIEsecret+abc/def", ".env:1:1: unexpected character \"+\" in a variable name"),
                row("export ", ".env:1:8: a variable name is missing before the end of the line"),
                row("=1\nC=3", ".env:1:1: a variable name is missing before \"=\""),
                row("A=${B:?needed}\nC=3", ".env:1:1: required variable B is missing a value: needed"));
    }

    private static Arguments row(String text, String problem) {
        return Arguments.of(text, problem);
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void a_mistake_is_told_with_its_place_and_reading_goes_on(String text, String problem) {
        var values = parse(text);
        assertThat(problems.errors()).extracting(Problem::toString).containsExactly(problem);
        assertThat(values.getOrDefault("C", "3")).isEqualTo("3");
    }

    @Test
    void an_unset_variable_is_a_warning_with_the_place_of_its_assignment() {
        parse("A=1\nB=$NO");
        assertThat(problems.warnings())
                .extracting(Problem::toString)
                .containsExactly(".env:2:1: The \"NO\" variable is not set. Defaulting to a blank string.");
    }

    @Test
    void lines_are_counted_through_quoted_values() {
        var parsed = Dotenv.parse(".env", "A='1\n2'\n  B=3\n", name -> Optional.empty(), Map.of(), problems);
        assertThat(parsed.get("B")).isEqualTo(new Variables.Value("3", new SourcePosition(".env", 3, 3)));
    }

    @Test
    void raw_lines_are_taken_as_they_stand() {
        var parsed = Dotenv.parseRaw(
                "raw.env",
                "A='$X' # c\n\n# no\n  B=\"1\" \r\nOUT\nGONE\nbad key=1\n",
                name -> Optional.ofNullable(OUTSIDE.get(name)),
                problems);
        assertThat(values(parsed))
                .containsExactlyInAnyOrderEntriesOf(Map.of("A", "'$X' # c", "B", "\"1\" ", "OUT", "outside"));
        assertThat(problems.errors())
                .extracting(Problem::toString)
                .containsExactly("raw.env:7:1: key cannot contain a space");
    }

    @Test
    void variables_that_double_each_other_are_refused() {
        var text = new StringBuilder("V0=xxxxxxxxxx\n");
        for (var i = 1; i < 64; i++) {
            text.append("V" + i + "=$V" + (i - 1) + "$V" + (i - 1) + "\n");
        }
        parse(text.toString());
        assertThat(problems.errors()).isNotEmpty();
    }
}
