package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.Sources;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every value says where it stands, and through what it came into the model. */
class ProvenanceTest {
    private final MemoryTree tree = new MemoryTree();

    private Sources sources(String... files) {
        return switch (new ComposeLoader()
                .load(LoadRequest.of(tree)
                        .withDefaultName("p")
                        .withFiles(List.of(files))
                        .withEnvironment(Map.of("HOST", "h")))) {
            case Loaded.Valid valid -> valid.project().sources();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    @Test
    void a_value_that_is_used_where_it_stands() {
        tree.with("compose.yaml", "services:\n  a:\n    image: x\n");
        assertThat(sources().origin("services.a.image")).hasToString("compose.yaml:3:12");
    }

    @Test
    void variables_and_where_they_are_set() {
        tree.with(".env", "# c\nTAG=1\n")
                .with(
                        "compose.yaml",
                        "services: {a: {image: 'x:${TAG}', hostname: $HOST, user: '${U:-u}', env_file: e}}")
                .with("e", "\nA=1\nB=${TAG}");
        var sources = sources();
        assertThat(sources.origin("services.a.image")).hasToString("compose.yaml:1:23, with TAG from .env:2:1");
        assertThat(sources.origin("services.a.hostname"))
                .hasToString("compose.yaml:1:45, with HOST of the environment");
        assertThat(sources.origin("services.a.user")).hasToString("compose.yaml:1:58");
        assertThat(sources.origin("services.a.environment.A")).hasToString("e:2:1");
    }

    @Test
    void a_word_of_a_command_and_a_variable_that_is_handed_on() {
        tree.with(".env", "PORT=1\n")
                .with("compose.yaml", "services: {a: {image: x, command: [s, $PORT], environment: [HOST, PORT]}}");
        var sources = sources();
        assertThat(sources.origin("services.a.command[1]")).hasToString("compose.yaml:1:39, with PORT from .env:1:1");
        assertThat(sources.origin("services.a.environment.HOST"))
                .hasToString("compose.yaml:1:61, with HOST of the environment");
        assertThat(sources.origin("services.a.environment.PORT")).hasToString(".env:1:1");
    }

    @Test
    void an_environment_that_is_a_file() {
        tree.with("compose.yaml", "services: {a: {image: x, user: $U, environment: [U]}}");
        var file = EnvironmentFile.read("/etc/x/env", "\nU=u\n");
        var loaded = (Loaded.Valid) new ComposeLoader()
                .load(LoadRequest.of(tree).withDefaultName("p").withEnvironment(file));
        var sources = loaded.project().sources();
        assertThat(sources.origin("services.a.user")).hasToString("compose.yaml:1:32, with U from /etc/x/env:2:1");
        assertThat(sources.origin("services.a.environment.U")).hasToString("/etc/x/env:2:1");
        assertThat(file).hasToString("[U]");
    }

    @Test
    void overrides_and_what_they_replace() {
        tree.with("1.yaml", "services: {a: {image: x, environment: {A: 1}, labels: [l=1], user: u}}")
                .with("2.yaml", "services: {a: {image: y, environment: [A=2], labels: {l: 2}}}");
        var sources = sources("1.yaml", "2.yaml");
        assertThat(sources.origin("services.a.image")).hasToString("2.yaml:1:23, instead of 1.yaml:1:23");
        assertThat(sources.origin("services.a.environment.A")).hasToString("2.yaml:1:40, instead of 1.yaml:1:43");
        assertThat(sources.origin("services.a.labels.l")).hasToString("2.yaml:1:58, instead of 1.yaml:1:56");
        assertThat(sources.origin("services.a.user")).hasToString("1.yaml:1:68");
    }

    @Test
    void extends_and_include_each_leave_their_step() {
        tree.with("compose.yaml", "include: [i/compose.yaml]\nservices: {a: {extends: b, user: u}}")
                .with("i/compose.yaml", "services: {b: {extends: {file: c.yaml, service: c}}}")
                .with("i/c.yaml", "services: {c: {image: x, user: v, networks: [n]}}\n")
                .with("compose.override.yaml", "networks: {n: {}}");
        var sources = sources();
        var include =
                "through extends of c at i/compose.yaml:1:16, through include of i/compose.yaml at compose.yaml:1:11";
        assertThat(sources.origin("services.b.image")).hasToString("i/c.yaml:1:23, " + include);
        assertThat(sources.origin("services.a.image"))
                .hasToString("i/c.yaml:1:23, " + include + ", through extends of b at compose.yaml:2:25");
        assertThat(sources.origin("services.a.user")).hasToString("compose.yaml:2:34, instead of i/c.yaml:1:32");
        assertThat(sources.origin("services.a.networks.n"))
                .hasToString("i/c.yaml:1:46, " + include + ", through extends of b at compose.yaml:2:25");
    }

    @Test
    void a_value_nobody_wrote_is_the_default_of_what_is_above_it() {
        tree.with("compose.yaml", "services: {a: {image: x}}");
        assertThat(sources().origin("networks.default")).hasToString("(default)");
        assertThat(sources().origin("services.a.stop_signal")).hasToString("compose.yaml:1:12");
    }
}
