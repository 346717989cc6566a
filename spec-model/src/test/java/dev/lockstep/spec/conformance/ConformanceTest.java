package dev.lockstep.spec.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every case gives what docker compose printed for it, or what the case itself says instead and why. {@code -Dupdate}
 * rewrites {@code *.problems}, our own words; review the difference.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConformanceTest {
    private static final boolean UPDATE = System.getProperty("update") != null;
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z0-9-]+)` \\|");

    private final ObjectMapper mapper = new ObjectMapper();
    private final Expectation expectation = new Expectation(mapper);
    private final Map<String, List<Case>> topics = CaseFile.topics();
    private final Map<Case, Answer> answers = new HashMap<>();
    private final Map<Case, World> worlds = new HashMap<>();

    @TempDir
    static Path scratch;

    @TestFactory
    Stream<DynamicContainer> each_case_agrees_with_the_reference() {
        return perCase(subject -> {
            var recording = new Recording(mapper, subject.topic());
            var expected = expectation.of(subject, recording.config(subject));
            var ours = answer(subject);
            if (expected.isPresent()) {
                assertThat(ours.refused()).as(ours.lines()).isFalse();
                assertThat(expectation.comparable(ours.json()).toPrettyString())
                        .isEqualTo(expected.get().toPrettyString());
                if (recording.warned(subject) && subject.mark().isEmpty()) {
                    assertThat(ours.warned()).as("warns as the reference does").isTrue();
                }
            } else {
                assertThat(ours.json()).as("must be refused").isEmpty();
                assertThat(ours.problems()).anyMatch(line -> line.startsWith("error: "));
            }
        });
    }

    @TestFactory
    Stream<DynamicContainer> a_mark_is_there_only_where_the_recorded_answer_is_another() {
        return perCase(subject -> {
            var recorded = new Recording(mapper, subject.topic()).config(subject);
            var named = subject.files().keySet().stream()
                    .filter(Case::isExpectation)
                    .toList();
            if (subject.mark().isEmpty()) {
                assertThat(named).isEmpty();
            } else {
                assertThat(named).hasSize(1);
                Optional<JsonNode> plain = Optional.empty();
                if (recorded.isPresent()) {
                    plain = Optional.of(expectation.comparable(recorded.get().toString()));
                }
                assertThat(expectation.of(subject, recorded))
                        .as("the reference says the same: take the mark away")
                        .isNotEqualTo(plain);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> our_words_about_each_topic_are_those_in_its_file() {
        return topics.entrySet().stream()
                .map(topic -> DynamicTest.dynamicTest(topic.getKey(), () -> {
                    var text = new StringBuilder();
                    for (var subject : topic.getValue()) {
                        var ours = answer(subject);
                        if (!ours.problems().isEmpty()) {
                            text.append("==== ")
                                    .append(subject.name())
                                    .append('\n')
                                    .append(ours.lines())
                                    .append('\n');
                        }
                    }
                    var file = CaseFile.ROOT.resolve(topic.getKey() + ".problems");
                    if (UPDATE) {
                        Files.writeString(file, text);
                    }
                    assertThat(text.toString()).isEqualTo(Files.readString(file));
                }));
    }

    @TestFactory
    Stream<DynamicContainer> what_config_prints_loads_again_as_the_same() {
        return perCase(subject -> {
            var ours = answer(subject);
            if (!ours.refused() && !subject.isCut()) {
                var world = world(subject);
                var fromJson = world.askAbout(ours.json());
                assertThat(fromJson.json()).as(fromJson.lines()).isEqualTo(ours.json());
                var fromYaml = world.askAbout(ours.yaml());
                assertThat(fromYaml.json()).as(fromYaml.lines()).isEqualTo(ours.json());
                assertThat(fromYaml.yaml()).isEqualTo(ours.yaml());
            }
        });
    }

    @Test
    void every_recorded_answer_belongs_to_a_case() throws IOException {
        for (var topic : topics.entrySet()) {
            assertThat(new Recording(mapper, topic.getKey()).size())
                    .as(topic.getKey())
                    .isEqualTo(topic.getValue().size());
        }
    }

    @Test
    void the_readme_states_the_counts_and_the_reason_of_each_difference() throws IOException {
        var readme = Files.readString(Path.of("README.md"));
        var keys = new TreeSet<String>();
        var hand = 0;
        var differ = 0;
        for (var subject : all()) {
            if (subject.mark().orElse(null) instanceof Case.Mark.Differs(var key)) {
                keys.add(key);
                differ++;
            } else if (subject.mark().isPresent()) {
                hand++;
            }
        }
        var count = all().size();
        var sentence = "%d cases: %d as %s answers, %d by hand as the newest does, %d deliberately otherwise"
                .formatted(
                        count,
                        count - hand - differ,
                        Files.readString(CaseFile.ROOT.resolve("reference")).strip(),
                        hand,
                        differ);
        System.out.println("conformance: " + sentence);
        assertThat(readme).contains(sentence);
        assertThat(rows(readme)).isEqualTo(keys);
    }

    private static Set<String> rows(String readme) {
        var rows = new TreeSet<String>();
        ROW.matcher(readme).results().forEach(row -> rows.add(row.group(1)));
        return rows;
    }

    private interface Assertion {
        void check(Case subject) throws IOException;
    }

    private Stream<DynamicContainer> perCase(Assertion assertion) {
        return topics.entrySet().stream()
                .map(topic -> DynamicContainer.dynamicContainer(
                        topic.getKey(),
                        topic.getValue().stream()
                                .map(subject -> DynamicTest.dynamicTest(subject.name(), () -> {
                                    try {
                                        assertion.check(subject);
                                    } catch (AssertionError e) {
                                        // Reports of dynamic tests give numbers, not names.
                                        throw new AssertionError(
                                                topic.getKey() + ": " + subject.name() + ": " + e.getMessage(), e);
                                    }
                                }))));
    }

    private List<Case> all() {
        return topics.values().stream().flatMap(List::stream).toList();
    }

    private Answer answer(Case subject) throws IOException {
        var answer = answers.get(subject);
        if (answer == null) {
            answer = world(subject).ask();
            answers.put(subject, answer);
        }
        return answer;
    }

    private World world(Case subject) throws IOException {
        var world = worlds.get(subject);
        if (world == null) {
            world = new World(scratch.resolve(Integer.toString(worlds.size())), subject);
            worlds.put(subject, world);
        }
        return world;
    }
}
