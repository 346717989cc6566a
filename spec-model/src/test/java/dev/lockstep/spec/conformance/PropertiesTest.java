package dev.lockstep.spec.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every project, tried on generated ones; {@link ConformanceTest} tries the first on every case. */
class PropertiesTest {
    private static final int PROJECTS = 3 * Integer.getInteger("lockstep.count", 30);

    @TempDir
    Path scratch;

    private int worlds;

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void config_of_config_is_the_same(String property) throws IOException {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var chance = new Random(seed);
        for (var round = 0; round < PROJECTS; round++) {
            var text = GeneratedProject.of(chance);
            var world = world(List.of(text));
            var answer = world.ask();
            var when = "seed " + Long.toUnsignedString(seed) + ":\n" + text;
            assertThat(answer.json()).as(when + answer.lines()).isNotEmpty();
            assertThat(world.askAbout(answer.json()).json()).as(when).isEqualTo(answer.json());
            assertThat(world.askAbout(answer.yaml()).json()).as(when).isEqualTo(answer.json());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void merging_is_associative(String property) throws IOException {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var chance = new Random(seed);
        for (var round = 0; round < PROJECTS; round++) {
            var one = GeneratedProject.of(chance);
            var two = GeneratedProject.of(chance);
            var three = GeneratedProject.of(chance);
            var when = "seed %s:\n%s---\n%s---\n%s".formatted(Long.toUnsignedString(seed), one, two, three);
            var whole = config(when, one, two, three).json();
            assertThat(config(when, config(when, one, two).yaml(), three).json())
                    .as("(one + two) + three, " + when)
                    .isEqualTo(whole);
            assertThat(config(when, one, config(when, two, three).yaml()).json())
                    .as("one + (two + three), " + when)
                    .isEqualTo(whole);
            assertThat(config(when, one + "---\n" + two + "---\n" + three).json())
                    .as("as documents, " + when)
                    .isEqualTo(whole);
        }
    }

    private Answer config(String when, String... files) throws IOException {
        var answer = world(List.of(files)).ask();
        assertThat(answer.json()).as(when + answer.lines()).isNotEmpty();
        return answer;
    }

    private World world(List<String> texts) throws IOException {
        var files = new TreeMap<String, String>();
        var arguments = new ArrayList<String>();
        var root = scratch.resolve(Integer.toString(worlds++));
        for (var text : texts) {
            var name = "f" + files.size() + ".yaml";
            files.put(name, text.replace("/conformance", root.toString()));
            arguments.addAll(List.of("-f", name));
        }
        return new World(
                root,
                new Case(
                        "generated",
                        "generated",
                        Map.of(),
                        arguments,
                        List.of(),
                        "project",
                        files,
                        Map.of(),
                        Optional.empty()));
    }
}
