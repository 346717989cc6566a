package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {
    private final Problems problems = new Problems();

    private record Nothing() implements Surroundings {
        @Override
        public Optional<Value> variable(String name) {
            return Optional.empty();
        }

        @Override
        public Map<String, Value> files(
                List<VariableFile> files, Function<String, Optional<String>> outside, List<String> read) {
            return Map.of();
        }
    }

    private Project whole() {
        return project("""
                services:
                  web: {image: x, depends_on: [api], networks: [front]}
                  api: {image: x, depends_on: {db: {condition: service_started, required: false}}, secrets: [s]}
                  db: {image: x, profiles: [data], volumes: ['v:/v']}
                  backup: {image: x, profiles: [data, tools], depends_on: [db], configs: [c]}
                  shell: {image: x, profiles: [tools], network_mode: none}
                networks: {front: {}, unused: {}}
                volumes: {v: {}, unused: {}}
                secrets: {s: {file: s}}
                configs: {c: {file: c}}
                """);
    }

    private Project project(String text) {
        var document = new YamlReader(YamlLimits.DEFAULT)
                .read("compose.yaml", text.getBytes(StandardCharsets.UTF_8), problems)
                .getFirst();
        var project = new ProjectReader(Reading.refusingNothing(problems), new Nothing(), Optional.empty(), "shop")
                .read(document);
        assertThat(problems.errors()).isEmpty();
        return project;
    }

    private static Set<String> words(String text) {
        return text == null ? Set.of() : Set.of(text.split(" ", -1));
    }

    @ParameterizedTest(name = "profiles {0}, services {1}")
    @CsvSource({
        ",            ,           web api,                        db backup shell",
        "data,        ,           web api db backup,              shell",
        "tools,       ,           web api backup shell,           db",
        "data tools,  ,           web api db backup shell,        ",
        "*,           ,           web api db backup shell,        ",
        "none,        ,           web api,                        db backup shell",
        ",            web,        web api,                        db backup shell",
        ",            api,        api,                            db backup shell",
        ",            shell,      shell,                          db",
        // Its profile data turns on the service that it depends on.
        ",            backup,     backup db,                      ",
        "data,        api,        api db,                         shell",
    })
    void a_service_is_on_without_profile_or_with_one_that_is_asked_for(
            String profiles, String services, String on, String disabled) {
        var selection = new Selection(words(profiles), List.copyOf(words(services)));
        var selected = selection.apply(whole(), problems);
        assertThat(problems.errors()).isEmpty();
        assertThat(selected.services().keySet()).containsExactlyInAnyOrderElementsOf(words(on));
        assertThat(selected.disabled().keySet()).containsExactlyInAnyOrderElementsOf(words(disabled));
    }

    @ParameterizedTest
    @CsvSource({
        "dependent, dependent",
        "linked, linked base",
        "data, data base",
        "network, network base",
        "ipc, ipc base",
        "pid, pid base",
        "uts, uts base",
        "hidden, hidden network base",
        "built, built base",
        "again, again built base",
        "extended, extended",
        "elsewhere, elsewhere",
    })
    void a_service_comes_with_all_that_it_cannot_be_without(String service, String expected) {
        var whole = project("""
                services:
                  base: {build: .}
                  off: {image: x, profiles: [none]}
                  dependent: {image: x, depends_on: {off: {condition: service_started, required: false}}}
                  linked: {image: x, links: ["base:b"]}
                  data: {image: x, volumes_from: ["base:ro", "container:other"]}
                  network: {image: x, network_mode: "service:base"}
                  ipc: {image: x, ipc: "service:base"}
                  pid: {image: x, pid: "service:base"}
                  uts: {image: x, uts: "service:base"}
                  hidden: {image: x, depends_on: [network]}
                  built: {build: {context: ., additional_contexts: {b: "service:base", c: "docker-image://x"}}}
                  again: {build: {context: ., additional_contexts: ["b=service:built"]}}
                  extended: {image: x}
                  elsewhere: {image: x, external_links: [base]}
                """);
        var selected = new Selection(Set.of(), List.of(service)).apply(whole, problems);
        assertThat(problems.errors()).isEmpty();
        assertThat(selected.services().keySet()).containsExactlyInAnyOrderElementsOf(words(expected));
    }

    @Test
    void only_what_a_wanted_service_uses_is_there() {
        var selected = new Selection(Set.of(), List.of()).apply(whole(), problems);
        assertThat(selected.networks().keySet()).containsExactly("front", "default");
        assertThat(selected.volumes()).isEmpty();
        assertThat(selected.secrets().keySet()).containsExactly("s");
        assertThat(selected.configs()).isEmpty();
        var shell = new Selection(Set.of(), List.of("shell")).apply(whole(), problems);
        assertThat(shell.networks()).isEmpty();
        var all = new Selection(Set.of("*"), List.of()).apply(whole(), problems);
        assertThat(all.volumes().keySet()).containsExactly("v");
        assertThat(all.configs().keySet()).containsExactly("c");
    }

    @Test
    void a_selection_can_be_made_again_from_what_is_left() {
        var twice = new Selection(Set.of("*"), List.of())
                .apply(new Selection(Set.of(), List.of()).apply(whole(), problems), problems);
        assertThat(twice.services().keySet()).contains("db", "backup", "shell");
        assertThat(twice.disabled()).isEmpty();
    }

    @Test
    void an_unknown_service_is_a_problem() {
        new Selection(Set.of(), List.of("wbe")).apply(whole(), problems);
        assertThat(problems.errors())
                .singleElement()
                .extracting(Problem::message)
                .isEqualTo("no such service: wbe. Did you mean \"web\"?");
    }
}
