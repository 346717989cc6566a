package dev.lockstep.spec.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.interpolate.Interpolation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nothing that a file may say makes the loader throw or go on for ever: it gives a project or the problems.
 * {@code lockstep.count} × 10 texts of each kind, from {@code lockstep.seed.fixed} and {@code lockstep.seed}; what was
 * found once is kept in {@code found.cases}. The bound on time is that of a loop which does not end, not of a slow one.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuzzTest {
    private static final int TEXTS = 10 * Integer.getInteger("lockstep.count", 30);
    private static final List<String> PIECES = List.of(
            "$", "$$", "{", "}", "${", "${A", "${A}", "${B:-", "${C-", "${D:?", "${A?", "${A:+", "${B+", ":-", ":", "-",
            "?", "+", "A", "B", "_x9", "9", " ", ".", "/", "\"", "'", "\\", "\n", "é", "😀");
    private static final Map<String, String> VARIABLES = Map.of("A", "set", "B", "", "_x9", "$A ${A}");

    @TempDir
    Path scratch;

    private int worlds;

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void spoilt_files_give_a_project_or_problems(String property) throws IOException {
        var seed = seed(property);
        var chance = new Random(seed);
        var cases = CaseFile.topics().values().stream()
                .flatMap(List::stream)
                .filter(c -> !c.isCut())
                .filter(c -> c.files().keySet().stream().anyMatch(FuzzTest::isRead))
                .toList();
        for (var round = 0; round < TEXTS; round++) {
            var subject = spoilt(cases.get(chance.nextInt(cases.size())), cases, chance);
            var when = "seed " + Long.toUnsignedString(seed) + ", round " + round + ":\n" + subject.files();
            check(subject, when);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void any_text_is_interpolated_or_refused(String property) {
        var seed = seed(property);
        var chance = new Random(seed);
        for (var round = 0; round < TEXTS; round++) {
            var text = text(chance, 1 + chance.nextInt(12));
            var when = "seed " + Long.toUnsignedString(seed) + ", round " + round + ": " + text;
            switch (interpolate(text)) {
                case Interpolation.Result.Text(var value, var unset, var used) -> {
                    assertThat(unset).as(when).allMatch(name -> text.charAt(name.offset()) == '$');
                    assertThat(VARIABLES.keySet()).as(when).containsAll(used);
                    if (text.indexOf('$') < 0) {
                        assertThat(value).as(when).isEqualTo(text);
                    }
                }
                case Interpolation.Result.Failed(var offset, var message) -> {
                    assertThat(text.charAt(offset)).as(when).isEqualTo('$');
                    assertThat(message).as(when).isNotBlank();
                }
            }
            assertThat(interpolate(text.replace("$", "$$")))
                    .as("twice the dollars of " + when)
                    .isEqualTo(new Interpolation.Result.Text(text, List.of(), List.of()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void any_env_file_is_read_or_refused(String property) throws IOException {
        var seed = seed(property);
        var chance = new Random(seed);
        for (var round = 0; round < TEXTS; round++) {
            var lines = new StringBuilder();
            for (var line = chance.nextInt(6); line >= 0; line--) {
                lines.append(
                                chance.nextInt(5) == 0
                                        ? ""
                                        : "K" + chance.nextInt(3) + (chance.nextInt(9) == 0 ? ":" : "="))
                        .append(chance.nextInt(3) == 0 ? "" : chance.nextBoolean() ? "\"" : "'")
                        .append(text(chance, chance.nextInt(8)))
                        .append(chance.nextInt(3) == 0 ? "" : chance.nextBoolean() ? "\"" : "'")
                        .append(chance.nextInt(4) == 0 ? " # c" : "")
                        .append('\n');
            }
            var files = Map.of(
                    "compose.yaml",
                    "services: {a: {image: i, env_file: [e, {path: e, format: raw}], label_file: e}}\n",
                    chance.nextInt(4) == 0 ? ".env" : "e",
                    lines.toString());
            check(asked(files), "seed " + Long.toUnsignedString(seed) + ", round " + round + ":\n" + lines);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void what_is_quoted_in_an_env_file_comes_out_as_it_was(String property) throws IOException {
        var seed = seed(property);
        var chance = new Random(seed);
        for (var round = 0; round < TEXTS / 10; round++) {
            var values = new ArrayList<String>();
            for (var i = 0; i < 10; i++) {
                values.add(text(chance, chance.nextInt(8)).replace("\\", ""));
            }
            var lines = new StringBuilder();
            for (var i = 0; i < 10; i++) {
                lines.append(
                        "K" + i + "=" + (chance.nextBoolean() ? single(values.get(i)) : twofold(values.get(i))) + "\n");
            }
            var compose = "services: {a: {image: i, env_file: e}}\n";
            var answer = ask(asked(Map.of("compose.yaml", compose, "e", lines.toString())));
            var expected = new StringBuilder("services: {a: {image: i, environment: {");
            for (var i = 0; i < 10; i++) {
                expected.append(i == 0 ? "" : ", ")
                        .append("K" + i + ": " + json(values.get(i).replace("$", "$$")));
            }
            var plain =
                    ask(asked(Map.of("compose.yaml", expected.append("}}}\n").toString())));
            assertThat(answer.json())
                    .as("seed %s, round %d:\n%s\n%s", Long.toUnsignedString(seed), round, lines, answer.lines())
                    .isNotEmpty()
                    .isEqualTo(plain.json());
        }
    }

    private void check(Case subject, String when) throws IOException {
        Answer answer;
        var world = world(subject);
        try {
            answer = world.ask();
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError(when, e);
        }
        assertThat(answer.problems()).as(when).noneMatch(line -> line.contains("Exception"));
        if (answer.refused()) {
            assertThat(answer.problems()).as(when).anyMatch(line -> line.startsWith("error: "));
        } else {
            var again = world.askAbout(answer.json());
            assertThat(again.json()).as(when + again.lines()).isEqualTo(answer.json());
        }
    }

    private Answer ask(Case subject) throws IOException {
        return world(subject).ask();
    }

    private World world(Case subject) throws IOException {
        return new World(scratch.resolve(Integer.toString(worlds++)), subject);
    }

    private static Case spoilt(Case subject, List<Case> cases, Random chance) {
        var files = new LinkedHashMap<>(subject.files());
        // With -f, a .env that the question does not read may be read when the answer is asked about.
        var asked = subject.arguments().contains("-f");
        var names = files.keySet().stream()
                .filter(file -> isRead(file) && !(asked && file.equals(".env")))
                .toList();
        var name = names.get(chance.nextInt(names.size()));
        var other = cases.get(chance.nextInt(cases.size())).files();
        var lent = other.values().stream().skip(chance.nextInt(other.size())).findFirst();
        var text = Optional.ofNullable(files.get(name)).orElse("");
        files.put(name, new Mutation(chance).of(text, lent.orElse("")));
        return new Case(
                subject.topic(),
                subject.name(),
                subject.environment(),
                subject.arguments(),
                subject.selection(),
                subject.directory(),
                files,
                subject.links(),
                Optional.empty());
    }

    private static boolean isRead(String file) {
        return !Case.isExpectation(file);
    }

    private static Case asked(Map<String, String> files) {
        return new Case(
                "fuzz",
                "generated",
                Map.of("A", "set"),
                List.of(),
                List.of(),
                "project",
                files,
                Map.of(),
                Optional.empty());
    }

    private static Interpolation.Result interpolate(String text) {
        return Interpolation.interpolate(text, name -> Optional.ofNullable(VARIABLES.get(name)), 1 << 16);
    }

    private static String text(Random chance, int pieces) {
        return chance.ints(pieces, 0, PIECES.size()).mapToObj(PIECES::get).collect(Collectors.joining());
    }

    private static String single(String value) {
        return "'" + value.replace("'", "\\'") + "'";
    }

    private static String twofold(String value) {
        return "\"" + value.replace("\"", "\\\"").replace("$", "\\$") + "\"";
    }

    private static String json(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    private static long seed(String property) {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        System.out.println("fuzz: seed " + Long.toUnsignedString(seed) + ", " + TEXTS + " texts");
        return seed;
    }
}
