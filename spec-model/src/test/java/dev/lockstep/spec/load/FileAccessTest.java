package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a repository may make this machine read. */
class FileAccessTest {
    private static final String REFUSED =
            " is outside of this project's tree, and it may not read files there. To allow this, ask";

    static Stream<Arguments> outside() {
        return Stream.of(
                Arguments.of("services: {a: {image: x, env_file: /etc/passwd}}", "services.a.env_file", "/etc/passwd"),
                Arguments.of("services: {a: {image: x, label_file: ../../l}}", "services.a.label_file", "../l"),
                Arguments.of("include: [../../other.yaml]", "include[0]", "../other.yaml"),
                Arguments.of("include: [{path: in.yaml, env_file: /etc/x}]", "include[0].env_file", "/etc/x"),
                Arguments.of(
                        "services: {a: {extends: {file: /etc/x.yaml, service: b}}}",
                        "services.a.extends.file",
                        "/etc/x.yaml"),
                Arguments.of("secrets: {s: {file: /etc/shadow}}", "secrets.s.file", "/etc/shadow"),
                Arguments.of("secrets: {s: {file: ~/.ssh/id}}", "secrets.s.file", "/~/.ssh/id"),
                // Nothing but a build context can be elsewhere; what looks like an address is a path.
                Arguments.of(
                        "secrets: {s: {file: 'service:x/../../../etc/shadow'}}", "secrets.s.file", "../etc/shadow"),
                Arguments.of("configs: {c: {file: 'https://x/../../../../k'}}", "configs.c.file", "../k"),
                Arguments.of(
                        "services: {a: {build: {context: 'service:x/../../../etc'}}}",
                        "services.a.build.context",
                        "../etc"),
                Arguments.of("configs: {c: {file: ../../x}}", "configs.c.file", "../x"),
                Arguments.of("services: {a: {build: ../..}}", "services.a.build", ".."),
                Arguments.of("services: {a: {build: {context: /}}}", "services.a.build.context", "/"),
                Arguments.of(
                        "services: {a: {build: {dockerfile: ../../../Dockerfile}}}",
                        "services.a.build.dockerfile",
                        "../../Dockerfile"),
                Arguments.of(
                        "services: {a: {build: {context: ., additional_contexts: {x: /opt}}}}",
                        "services.a.build.additional_contexts.x",
                        "/opt"),
                Arguments.of(
                        "services: {a: {image: x, develop: {watch: [{path: /srv, action: rebuild}]}}}",
                        "services.a.develop.watch[0].path",
                        "/srv"));
    }

    @ParameterizedTest
    @MethodSource("outside")
    void a_file_outside_is_refused_and_the_way_to_allow_it_told(String compose, String path, String file) {
        assertThat(errors(compose, FileAccess.insideTree("ask")))
                .anySatisfy(error -> assertThat(error).contains(": " + path).endsWith(file + REFUSED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "services: {a: {image: x, volumes: ['/etc:/etc']}}",
                "services: {a: {build: ..}}",
                "services: {a: {build: 'https://example.com/x.git'}}",
                "services: {a: {build: {context: ., additional_contexts: [i=docker-image://x]}}}",
                "secrets: {s: {file: ../s}}",
            })
    void what_is_inside_or_the_hosts_own_policy_is_allowed(String compose) {
        assertThat(errors(compose, FileAccess.insideTree("ask"))).isEmpty();
    }

    @Test
    void on_ones_own_machine_everything_is_allowed() {
        assertThat(errors("secrets: {s: {file: /etc/shadow}}\nservices: {a: {build: ../../..}}", FileAccess.anywhere()))
                .isEmpty();
    }

    private static List<String> errors(String compose, FileAccess access) {
        var tree = new MemoryTree().with("stack/compose.yaml", compose).with("stack/in.yaml", "services: {}");
        var request =
                LoadRequest.of(tree).withDirectory("stack").withAccess(access).withEnvironment(Map.of("HOME", "/root"));
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Valid _ -> List.of();
            case Loaded.Invalid invalid ->
                invalid.errors().stream().map(Object::toString).toList();
        };
    }
}
