package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComposeLoaderTest {
    private final MemoryTree tree = new MemoryTree();
    private final LoadRequest request = LoadRequest.of(tree).withDefaultName("stack");

    private static Loaded load(LoadRequest request) {
        return new ComposeLoader().load(request);
    }

    private static Project project(LoadRequest request) {
        return switch (load(request)) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static Service a(Project project) {
        return Objects.requireNonNull(project.services().get("a"));
    }

    private static String image(Service service) {
        return service.image().reference().map(Written::text).orElse("");
    }

    private static List<String> errors(LoadRequest request) {
        return switch (load(request)) {
            case Loaded.Valid valid -> List.of();
            case Loaded.Invalid invalid ->
                invalid.errors().stream().map(Problem::toString).toList();
        };
    }

    @Test
    void a_number_that_is_none_is_a_problem_below_a_foreign_key_too() {
        tree.with("compose.yaml", "x-a: .nan\nservices: {a: {image: x}}\n");
        assertThat(errors(request))
                .containsExactly("compose.yaml:1:6: \".nan\" is no number that can be used. Quote it if it is text");
    }

    @Test
    void tags_that_aliases_repeat_are_bounded() {
        var text = new StringBuilder("x-b: &b {");
        for (var i = 0; i < 2000; i++) {
            text.append("k").append(i).append(": !reset null, ");
        }
        text.append("}\nx-c:\n");
        text.append("  - {x: *b}\n".repeat(200));
        tree.with("compose.yaml", text + "services: {a: {image: x}}\n");
        assertThat(errors(request)).singleElement().asString().contains("tags !reset and !override");
    }

    // ---- places

    @Test
    void each_value_knows_where_it_stands() {
        tree.with("compose.yaml", """
                services:
                  web:
                    image: nginx
                    env_file: web.env
                    environment:
                      - FOO=1
                      - INHERITED
                    ports:
                      - "80:80"
                      - "81:81"
                """)
                .with("web.env", "A=1\n  FROM_FILE=2\n")
                .with(".env", "\nINHERITED=x\n")
                .with("compose.override.yaml", """
                services:
                  web:
                    labels: {a.b.c: d}
                    ports: ["82:82"]
                """);
        var sources = project(request).sources();
        assertThat(sources.at("services.web.image")).hasToString("compose.yaml:3:12");
        assertThat(sources.at("services.web.environment.FOO")).hasToString("compose.yaml:6:9");
        assertThat(sources.at("services.web.environment.INHERITED")).hasToString(".env:2:1");
        assertThat(sources.at("services.web.environment.FROM_FILE")).hasToString("web.env:2:3");
        assertThat(sources.at("services.web.labels.a.b.c")).hasToString("compose.override.yaml:3:21");
        assertThat(sources.at("services.web.ports[1]")).hasToString("compose.yaml:10:9");
        assertThat(sources.at("services.web.ports[2].published")).hasToString("compose.override.yaml:4:13");
        assertThat(sources.at("services.web.restart")).hasToString("compose.yaml:2:3");
        assertThat(sources.at("networks.default").isDefault()).isTrue();
    }

    @Test
    void the_place_of_a_variable_inside_of_text_is_exact() {
        tree.with("compose.yaml", "services: {a: {image: 'x:${NO}', command: |\n  a ${1}\n}}");
        assertThat(errors(request))
                .containsExactly("compose.yaml:1:43: not valid YAML: while scanning for the next token: found"
                        + " character '|' that cannot start any token. (Do not use | for indentation)");
        tree.with("compose.yaml", "services:\n  a:\n    image: 'x:${NO:?m}'\n    user: x${1}\n");
        assertThat(errors(request))
                .containsExactly(
                        "compose.yaml:3:15: services.a.image: required variable NO is missing a value: m",
                        "compose.yaml:4:12: services.a.user: invalid interpolation format: ${1}. You may need to"
                                + " escape any $ with another $");
    }

    @Test
    void records_compare_by_value_wherever_they_were_written() {
        tree.with("compose.yaml", "services: {a: {image: x, ports: ['80:80']}}");
        var before = project(request);
        tree.with("compose.yaml", "services:\n  a:\n    ports:\n      - {target: 80, published: 80}\n    image: x\n");
        var after = project(request);
        assertThat(after.services()).isEqualTo(before.services());
        assertThat(after).isNotEqualTo(before);
    }

    // ---- files

    @Test
    void files_that_were_read_or_looked_for_are_named() {
        tree.with("s/compose.yaml", "services: {a: {image: x, env_file: [../a.env, {path: b.env, required: false}]}}")
                .with("a.env", "A=1");
        var loaded = load(request.withDirectory("s"));
        assertThat(loaded).isInstanceOf(Loaded.Valid.class);
        assertThat(loaded.files()).containsExactly("a.env", "s/.env", "s/b.env", "s/compose.yaml");
        assertThat(a(((Loaded.Valid) loaded).project()).program().filesRead()).containsExactly("a.env", "s/b.env");
    }

    @Test
    void a_file_outside_of_the_tree_is_the_trees_decision() {
        tree.with("compose.yaml", "services: {a: {image: x, env_file: ../secret.env}}");
        assertThat(errors(request))
                .containsExactly(
                        "compose.yaml:1:36: services.a.env_file[0]: cannot read ../secret.env: is outside of the"
                                + " repository");
    }

    @Test
    void a_missing_compose_file_says_what_to_do() {
        assertThat(errors(request))
                .containsExactly(
                        ".:1:1: no compose file found here or above. Write compose.yaml, or name a file with -f");
        assertThat(errors(request.withFiles(List.of("x.yaml")))).containsExactly("x.yaml:1:1: no such file");
    }

    @Test
    void the_search_goes_up_to_the_root(@TempDir Path root) throws Exception {
        Files.writeString(root.resolve("docker-compose.yml"), "services: {a: {image: x, volumes: ['./d:/d']}}");
        var below = Files.createDirectories(root.resolve("one/two"));
        var loaded = load(LoadRequest.of(new DirectoryTree(below)));
        assertThat(loaded).isInstanceOfSatisfying(Loaded.Valid.class, valid -> {
            assertThat(valid.projectDirectory()).isEqualTo("../..");
            assertThat(valid.files()).contains("../../docker-compose.yml");
        });
    }

    @Test
    void env_files_that_are_named_stand_in_for_the_default_one() {
        tree.with("compose.yaml", "services: {a: {image: 'x:$A-$B'}}")
                .with(".env", "A=never")
                .with("1.env", "A=1\nB=1")
                .with("2.env", "B=2");
        assertThat(image(a(project(request.withEnvFiles(List.of("1.env", "2.env"))))))
                .isEqualTo("x:1-2");
        assertThat(errors(request.withEnvFiles(List.of("3.env"))))
                .containsExactly("3.env:1:1: couldn't find env file: 3.env");
    }

    @Test
    void an_env_file_sees_the_surroundings_then_the_service_then_itself() {
        tree.with("compose.yaml", "services: {a: {image: x, env_file: a.env, environment: {S: service, P: service}}}")
                .with("a.env", "S=file\nP=file\nF=file\nALL=$P-$S-$F");
        var environment = a(project(request.withEnvironment(Map.of("P", "process"))))
                .program()
                .environment();
        assertThat(environment)
                .containsEntry("ALL", Optional.of("process-service-file"))
                .containsEntry("S", Optional.of("service"));
    }

    // ---- names

    @Test
    void the_name_comes_from_the_first_place_that_has_one() {
        tree.with("compose.yaml", "name: In_File.X\nservices: {a: {image: $COMPOSE_PROJECT_NAME}}")
                .with(".env", "COMPOSE_PROJECT_NAME=dotenv");
        assertThat(project(request).name()).isEqualTo("in_filex");
        assertThat(image(a(project(request)))).isEqualTo("in_filex");
        assertThat(project(request.withComposeVariables()).name()).isEqualTo("dotenv");
        assertThat(project(request.withComposeVariables().withProjectName("flag"))
                        .name())
                .isEqualTo("flag");
        tree.with("compose.yaml", "services: {a: {image: x}}");
        assertThat(project(request).name()).isEqualTo("stack");
        assertThat(errors(request.withProjectName("Bad Name")))
                .containsExactly(
                        "(default): name: invalid project name \"Bad Name\": must consist only of lowercase"
                                + " alphanumeric characters, hyphens, and underscores as well as start with a letter or number");
        assertThat(errors(request.withDefaultName("...")))
                .containsExactly(
                        "compose.yaml:1:1: name: project name must not be empty. Write name: at the top of the file");
    }

    @Test
    void profiles_come_from_the_variables_of_the_stack_where_nobody_can_give_flags() {
        tree.with(
                        "compose.yaml",
                        "services: {a: {image: x}, b: {image: x, profiles: [debug]}, c: {image: x, profiles: [slow]}}")
                .with(".env", "COMPOSE_PROFILES=debug");
        assertThat(project(request).services()).containsOnlyKeys("a", "b");
        assertThat(project(request.withEnvironment(Map.of("COMPOSE_PROFILES", "slow")))
                        .services())
                .containsOnlyKeys("a", "c");
        assertThat(project(request.withEnvironment(Map.of("COMPOSE_PROFILES", "")))
                        .services())
                .containsOnlyKeys("a");
        assertThat(project(request.withProfiles(List.of("*"))).services()).hasSize(3);
    }

    @Test
    void a_home_directory_is_only_known_where_there_is_one() {
        tree.with("compose.yaml", "services: {a: {image: x, volumes: ['~/d:/d', '../x/./y/:/y/', '.:/here']}}");
        assertThat(errors(request))
                .containsExactly("compose.yaml:1:36: services.a.volumes[0]: \"~/d\": there is no home directory here."
                        + " Write an absolute path");
        assertThat(a(project(request.withEnvironment(Map.of("HOME", "/home/u"))))
                        .storage()
                        .mounts())
                .containsExactly(
                        new Mount.Bind("/home/u/d", "/d", false, true),
                        new Mount.Bind("../x/y", "/y", false, true),
                        new Mount.Bind(".", "/here", false, true));
    }

    @Test
    void of_two_mounts_at_one_place_the_later_counts_and_a_warning_says_so() {
        tree.with("compose.yaml", "services:\n  a:\n    image: x\n    volumes:\n      - ./a:/x:ro\n      - ./b:/x\n");
        var loaded = load(request);
        assertThat(loaded.warnings())
                .extracting(Problem::toString)
                .containsExactly(
                        "compose.yaml:6:9: services.a.volumes[1]: replaces the mount at /x of line 5. Keep only"
                                + " one of them");
    }

    // ---- bounds

    @Test
    void an_alias_bomb_is_refused_in_a_moment() {
        var text = new StringBuilder("x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for (var i = 1; i < 60; i++) {
            text.append("x-" + i + ": &a" + i + " [" + ("*a" + (i - 1) + ",").repeat(9) + "]\n");
        }
        tree.with("compose.yaml", text + "services: {a: {image: x}}");
        var errors = Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> errors(request));
        assertThat(errors).singleElement().asString().contains("That is more than any real file needs");
    }

    @Test
    void a_bomb_of_merge_keys_is_refused_in_a_moment() {
        var text = new StringBuilder("x-0: &a0 {" + "k0: 1, ".repeat(1) + "}\n");
        for (var i = 1; i < 40; i++) {
            text.append(
                    "x-" + i + ": &a" + i + " {l: *a" + (i - 1) + ", r: *a" + (i - 1) + ", <<: *a" + (i - 1) + "}\n");
        }
        tree.with("compose.yaml", text + "services: {a: {image: x}}");
        var errors = Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> errors(request));
        assertThat(errors).singleElement().asString().contains("That is more than any real file needs");
    }

    @Test
    void an_alias_to_what_it_stands_in_is_refused() {
        tree.with("compose.yaml", "services: &s\n  a: {image: x, labels: *s}\n");
        assertThat(errors(request)).first().asString().contains("an alias inside this value points back at it");
    }

    @Test
    void many_services_may_share_one_anchor() {
        var text = new StringBuilder("x-env: &env {A: 1, B: 2, C: 3, D: 4}\nservices:\n");
        for (var i = 0; i < 1000; i++) {
            text.append("  s" + i + ": {image: x, environment: *env}\n");
        }
        tree.with("compose.yaml", text.toString());
        assertThat(project(request).services()).hasSize(1000);
    }

    @Test
    void deep_nesting_and_rubbish_are_refused_with_a_sentence() {
        tree.with("compose.yaml", "[".repeat(5000));
        assertThat(errors(request)).singleElement().asString().startsWith("compose.yaml:");
        tree.with("compose.yaml", "services: {a: {image: \u0000}}");
        assertThat(errors(request)).containsExactly("compose.yaml:1:23: the character U+0000 is not allowed in YAML");
    }

    @Test
    void a_dense_dependency_graph_takes_linear_time() {
        var text = new StringBuilder("services:\n");
        for (var i = 0; i < 400; i++) {
            text.append("  s" + i + ": {image: x, depends_on: [");
            for (var j = i + 1; j < Math.min(i + 40, 400); j++) {
                text.append("s" + j + ", ");
            }
            text.append("]}\n");
        }
        tree.with("compose.yaml", text.toString());
        var project = project(request);
        var problems = Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> Checks.strict(project));
        assertThat(problems).isEmpty();
    }

    @Test
    void a_long_chain_of_dependencies_does_not_exhaust_the_stack() {
        var text = new StringBuilder("services:\n");
        for (var i = 0; i < 20_000; i++) {
            text.append("  s" + i + ": {image: x, depends_on: [s" + (i + 1) % 20_000 + "]}\n");
        }
        tree.with("compose.yaml", text.toString());
        assertThat(Checks.compose(project(request))).singleElement().asString().contains("dependency cycle detected");
    }

    // ---- repositories

    @Test
    void stacks_are_found_by_the_layout_of_the_repository() throws Exception {
        tree.with("compose.yaml", "")
                .with("stacks/web/compose.yml", "")
                .with("stacks/notes/readme.md", "")
                .with("stacks/readme.md", "")
                .with("hosts/alpha/mon/docker-compose.yaml", "")
                .with("other/compose.yaml", "");
        assertThat(StackDirectories.find(tree, "", "repo"))
                .containsExactly(
                        new StackDirectories.Stack("", "repo", Optional.empty()),
                        new StackDirectories.Stack("hosts/alpha/mon", "mon", Optional.of("alpha")),
                        new StackDirectories.Stack("stacks/web", "web", Optional.empty()));
        assertThat(StackDirectories.find(tree, "other", "repo"))
                .containsExactly(new StackDirectories.Stack("other", "repo", Optional.empty()));
    }

    @Test
    void files_of_labels_and_variables_that_are_wrong_are_called_what_they_are() {
        tree.with("compose.yaml", """
                        services:
                          a: {image: x, label_file: no.label, env_file: no.env}
                          b:
                            image: x
                            label_file: [ok.label, gone.label, bad.label, '']
                            env_file: [{path: gone.env}, {path: other.env, required: false}]
                        """).with("ok.label", "A=1").with("bad.label", "A$=1");
        assertThat(errors(request))
                .containsExactly(
                        "bad.label:1:1: unexpected character \"$\" in a variable name",
                        "compose.yaml:2:29: services.a.label_file[0]: label file no.label not found",
                        "compose.yaml:2:49: services.a.env_file[0]: env file no.env not found",
                        "compose.yaml:5:28: services.b.label_file[1]: label file gone.label not found",
                        "compose.yaml:5:51: services.b.label_file[3]: label file  not found",
                        "compose.yaml:6:16: services.b.env_file[0]: env file gone.env not found");
    }

    @Test
    void items_of_a_list_are_counted_as_they_are_written() {
        tree.with("compose.yaml", """
                services:
                  a:
                    image: x
                    links: [5, 6]
                    env_file: [5, {path: x, format: y}]
                    dns: [1, 2]
                """);
        assertThat(errors(request))
                .extracting(error -> error.split(": ", 3)[1])
                .containsExactly(
                        "services.a.links[0]",
                        "services.a.links[1]",
                        "services.a.env_file[0]",
                        "services.a.env_file[1].format",
                        "services.a.dns[0]",
                        "services.a.dns[1]");
    }
}
