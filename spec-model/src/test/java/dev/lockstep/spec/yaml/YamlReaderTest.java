package dev.lockstep.spec.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlReaderTest {
    private final Problems problems = new Problems();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "yes|TEXT|yes",
                "no|TEXT|no",
                "on|TEXT|on",
                "Off|TEXT|Off",
                "true|BOOLEAN|true",
                "False|BOOLEAN|false",
                "TRUE|BOOLEAN|true",
                "tRUE|TEXT|tRUE",
                "12|INTEGER|12",
                "-7|INTEGER|-7",
                "+7|INTEGER|7",
                "0x1F|INTEGER|31",
                "0o17|INTEGER|15",
                "0b101|INTEGER|5",
                "0123|INTEGER|83",
                "1_000|INTEGER|1000",
                "089|FLOAT|89",
                "18446744073709551615|INTEGER|18446744073709551615",
                "99999999999999999999|FLOAT|1e+20",
                "1.10|FLOAT|1.1",
                ".5|FLOAT|0.5",
                "1e3|FLOAT|1000",
                "1000000.0|FLOAT|1e+06",
                "1e-5|FLOAT|1e-05",
                "12:30:45|TEXT|12:30:45",
                "1.2.3|TEXT|1.2.3",
                "2001-01-01|TEXT|2001-01-01",
                "~|NULL|''",
                "null|NULL|''",
                "Null|NULL|''",
                "nULL|TEXT|nULL",
                "!!str 12|TEXT|12",
                "!!int 12|INTEGER|12",
                "!!float 1|FLOAT|1",
                "! 12|TEXT|12",
                "\"12\"|TEXT|12",
                "\"\\u202E\"|TEXT|\u202e",
            })
    void a_scalar_is_what_yaml_1_2_says(String written, YamlScalar.Kind kind, String text) {
        var read = read("a: " + written);
        assertThat(problems.errors()).isEmpty();
        assertThat(((YamlMapping) read.getFirst()).get("a")).isInstanceOfSatisfying(YamlScalar.class, scalar -> {
            assertThat(scalar.kind()).isEqualTo(kind);
            assertThat(scalar.asText()).isEqualTo(text);
        });
    }

    static Stream<Arguments> merges() {
        return Stream.of(
                Arguments.of("b: &b {x: 1, y: 2}\na: {<<: *b, y: 3}", "{a: {y: 3, x: 1}}"),
                Arguments.of("b: &b {x: 1}\nc: &c {x: 2, z: 3}\na: {<<: [*b, *c]}", "{a: {x: 1, z: 3}}"),
                Arguments.of("a: {<<: {x: 1}, y: 2}", "{a: {y: 2, x: 1}}"),
                Arguments.of("b: &b {x: {y: 1}}\na: {<<: *b, x: {z: 2}}", "{a: {x: {z: 2}}}"),
                Arguments.of("b: &b {x: 1}\nc: &c {<<: *b, y: 2}\na: {<<: *c}", "{a: {y: 2, x: 1}}"),
                Arguments.of("b: &b [1]\na: [*b, *b]", "{a: [[1], [1]]}"),
                Arguments.of("a: {\"<<\": 1}", "{a: {<<: 1}}"));
    }

    @ParameterizedTest
    @MethodSource("merges")
    void merge_keys_and_aliases_are_resolved(String written, String a) {
        var read = (YamlMapping) read(written).getFirst();
        assertThat(problems.errors()).isEmpty();
        assertThat(text(read.without(key -> !key.equals("a")))).isEqualTo(a);
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of("a: 1\nb: 2\na: 3", "f:3:1: mapping key \"a\" already defined at line 1"),
                Arguments.of("a: \"\\u", "f:1:7: not valid YAML: the file ends within an escape such as \\u00e9"),
                Arguments.of("x: .nan", "f:1:4: \".nan\" is no number that can be used. Quote it if it is text"),
                Arguments.of("{a: !reset 1, a: 2}", "f:1:5: the tag !reset has no meaning in this file. Remove it"),
                Arguments.of("1: a", "f:1:1: a key must be text, and YAML takes 1 for a number. Write it in quotes"),
                Arguments.of(
                        "true: a",
                        "f:1:1: a key must be text, and YAML takes true for true or false. Write it in quotes"),
                Arguments.of("? [a]\n: b", "f:1:3: a key must be text"),
                Arguments.of("a: {<<: 1}", "f:1:9: \"<<\" takes a mapping, an alias of one, or a list of these"),
                Arguments.of("a: {<<: [1]}", "f:1:10: \"<<\" takes a mapping, an alias of one, or a list of these"),
                Arguments.of(
                        "a: {<<: {}, <<: {}}", "f:1:13: \"<<\" stands here twice. Write one, with a list of aliases"),
                Arguments.of("a: *x", "f:1:4: there is no anchor &x before this"),
                Arguments.of("a: &x {b: *x}", "f:1:11: an alias inside this value points back at it"),
                Arguments.of("a: &x [b, [*x]]", "f:1:12: an alias inside this value points back at it"),
                Arguments.of("--- &x 1\n--- *x", "f:2:5: there is no anchor &x before this"),
                Arguments.of("a:\n\tb: 1", "f:2:1: a tab cannot indent YAML. Write spaces"),
                Arguments.of("a: !!int x", "f:1:4: \"x\" is not what its tag says"),
                Arguments.of("a: [1", "f:1:6: not valid YAML"),
                Arguments.of("a: 'x", "f:1:6: not valid YAML"),
                Arguments.of("a: @x", "f:1:4: not valid YAML"),
                Arguments.of("a: 1\0", "f:1:5: the character U+0000 is not allowed in YAML"),
                Arguments.of("é: 1\nb: 2\u0007", "f:2:5: the character U+0007 is not allowed in YAML"),
                Arguments.of("a: x # \u202ex", "f:1:8: the character U+202E changes the order"),
                Arguments.of("a: \"\u2066x\"", "f:1:5: the character U+2066 changes the order"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void a_mistake_has_its_place(String written, String error) {
        read(written);
        assertThat(problems.errors().stream().map(Object::toString)).anyMatch(e -> e.startsWith(error));
    }

    @Test
    void a_foreign_tag_is_ignored_with_a_warning() {
        assertThat(text(read("a: !foo [1, !bar 2]").getFirst())).isEqualTo("{a: [1, 2]}");
        assertThat(problems.warnings().stream().map(Object::toString))
                .containsExactly(
                        "f:1:4: the tag !foo has no meaning here and is ignored. Remove it",
                        "f:1:13: the tag !bar has no meaning here and is ignored. Remove it");
    }

    @ParameterizedTest
    @CsvSource({"UTF-8,''", "UTF-8,\uFEFF", "UTF-16LE,\uFEFF", "UTF-16BE,\uFEFF"})
    void encodings_are_those_of_yaml(String charset, String mark) {
        var bytes = (mark + "a: é€😀").getBytes(Charset.forName(charset));
        var read = new YamlReader(YamlLimits.DEFAULT).read("f", bytes, problems);
        assertThat(problems.errors()).isEmpty();
        assertThat(text(read.getFirst())).isEqualTo("{a: é€😀}");
    }

    @Test
    void bytes_that_are_no_text_say_where_they_begin() {
        new YamlReader(YamlLimits.DEFAULT).read("f", "a: 1\nb: é".getBytes(StandardCharsets.ISO_8859_1), problems);
        assertThat(problems.errors().toString())
                .isEqualTo("[f:2:4: the file is not UTF-8 text from here on. Save it as UTF-8]");
    }

    static Stream<Arguments> hostile() {
        var bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (var i = 1; i < 12; i++) {
            var alias = "*a" + (i - 1);
            bomb.append("a" + i + ": &a" + i + " [" + (alias + ",").repeat(8) + alias + "]\n");
        }
        var merges = new StringBuilder("k: &k {");
        for (var i = 0; i < 20_000; i++) {
            merges.append("k").append(i).append(": 1, ");
        }
        merges.append("z: 1}\n");
        for (var i = 0; i < 500; i++) {
            merges.append("m" + i + ": {<<: *k}\n");
        }
        var deepAliases = new StringBuilder("a0: &a0 {x: 1}\n");
        for (var i = 1; i < 200; i++) {
            deepAliases.append("a" + i + ": &a" + i + " {x: *a" + (i - 1) + "}\n");
        }
        return Stream.of(
                Arguments.of("aliases that multiply", bomb.toString(), "aliases make"),
                Arguments.of("merge keys that multiply", merges.toString(), "merge keys make this file too large"),
                Arguments.of("deep aliases", deepAliases.toString(), "nested more than 100 deep, through aliases"),
                Arguments.of("deep lists", "[".repeat(10_000_000), "nested more than 100 deep"),
                Arguments.of("deep mappings", "{a: ".repeat(2_000_000), "nested more than 100 deep"),
                Arguments.of("deep block lists", "- ".repeat(1_000_000), "nested more than 100 deep"),
                Arguments.of("deep keys", "? ".repeat(1_000_000), "nested more than 100 deep"),
                Arguments.of("many values", "[" + "a,".repeat(7_000_000) + "]", "more than 200000 values"),
                Arguments.of("many lists", "- []\n".repeat(3_000_000), "more than 200000 values"),
                Arguments.of(
                        "many keys",
                        IntStream.range(0, 1_200_000)
                                .mapToObj(i -> "k" + i + ": 1\n")
                                .collect(Collectors.joining()),
                        "more than 200000 values"),
                Arguments.of("many documents", "--- a\n".repeat(2_500_000), "more than 200000 values"),
                Arguments.of("many anchors", "- &a x\n".repeat(2_000_000), "more than 200000 values"),
                Arguments.of("large", "#".repeat((16 << 20) + 1), "larger than 16777216 bytes"),
                Arguments.of("one line", "a: " + "x".repeat(16_000_000), ""),
                Arguments.of("one quoted line", "a: \"" + "\\n".repeat(8_000_000) + "\"", ""),
                Arguments.of("blank lines", "\n".repeat(16_000_000), ""),
                Arguments.of("spaces", " ".repeat(16_000_000), ""),
                Arguments.of("comments", "#\n".repeat(8_000_000), ""),
                Arguments.of("a long text of many lines", "a: |\n" + " x\n".repeat(5_000_000), ""),
                Arguments.of("plain lines", "x\n".repeat(8_000_000), ""),
                Arguments.of("question marks", "?\n".repeat(8_000_000), ""),
                Arguments.of("colons", ":\n".repeat(8_000_000), ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostile")
    void a_file_that_asks_for_too_much_is_answered_in_a_moment(String what, String text, String error) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        Assertions.assertTimeout(
                Duration.ofSeconds(60), () -> new YamlReader(YamlLimits.DEFAULT).documents("f", bytes, problems), what);
        assertThat(problems.errors().toString()).contains(error);
    }

    @Test
    void rubbish_is_a_problem_and_never_an_exception() {
        var random = new Random(20251124);
        for (var i = 0; i < 3000; i++) {
            var bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            if (i % 2 == 0) {
                var signs = "{}[]:,-?&*!|>'\"%@`# \n\tab0<.\\~$=";
                for (var j = 0; j < bytes.length; j++) {
                    bytes[j] = (byte) signs.charAt(random.nextInt(signs.length()));
                }
            }
            var given = Arrays.toString(bytes);
            Assertions.assertDoesNotThrow(
                    () -> new YamlReader(YamlLimits.DEFAULT).documents("f", bytes, new Problems()), given);
        }
    }

    private List<YamlNode> read(String text) {
        return new YamlReader(YamlLimits.DEFAULT).read("f", text.getBytes(StandardCharsets.UTF_8), problems);
    }

    private static String text(YamlNode node) {
        return switch (node) {
            case YamlScalar scalar -> scalar.text();
            case YamlSequence sequence ->
                sequence.items().stream().map(YamlReaderTest::text).collect(Collectors.joining(", ", "[", "]"));
            case YamlMapping mapping ->
                mapping.entries().entrySet().stream()
                        .map(e -> e.getKey() + ": " + text(e.getValue().value()))
                        .collect(Collectors.joining(", ", "{", "}"));
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {".inf", "-.inf", ".nan", "1e999"})
    void numbers_that_nothing_can_be_done_with_are_refused(String written) {
        read("a: " + written);
        assertThat(problems.errors())
                .extracting(Problem::toString)
                .containsExactly("f:1:4: \"" + written + "\" is no number that can be used. Quote it if it is text");
    }

    @Test
    void text_with_a_nul_is_refused() {
        read("a: \"x\\0y\"");
        assertThat(problems.errors())
                .extracting(Problem::toString)
                .containsExactly("f:1:4: the character U+0000 ends text for Linux. Remove it");
    }
}
