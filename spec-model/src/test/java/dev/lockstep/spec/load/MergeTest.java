package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.Service;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MergeTest {
    static Stream<Arguments> rows() {
        return Stream.of(
                row("command: [a, b]", "command: [c]", "command: [c]"),
                row("command: [a]", "command: ", ""),
                row("entrypoint: [a]", "entrypoint: []", "entrypoint: []"),
                row("environment: {A: 1, B: 2}", "environment: {B: 3, C: 4}", "environment: {A: 1, B: 3, C: 4}"),
                row("environment: [A=1, B=2]", "environment: [B=3]", "environment: {A: 1, B: 3}"),
                row("environment: {A: 1, B: 2}", "environment: [B=3, C]", "environment: {A: 1, B: 3, C: }"),
                row("environment: [A=1]", "environment: {A: }", "environment: {A: }"),
                row("labels: {a: 1}", "labels: [a, b=2]", "labels: {a: '', b: '2'}"),
                row("restart: always", "restart: ", "restart: always"),
                row("restart: always", "restart: 'no'", "restart: 'no'"),
                row("ports: ['80:80']", "ports: ['81:81']", "ports: ['80:80', '81:81']"),
                row("ports: ['80:80', '81:81']", "ports: [{target: 80, published: 80}]", "ports: ['80:80', '81:81']"),
                row(
                        "ports: ['80:80', '81:81']",
                        "ports: [{target: 80, published: 80, name: web}]",
                        "ports: [{target: 80, published: 80, name: web}, '81:81']"),
                row("ports: ['80:80']", "ports: ['127.0.0.1:80:80']", "ports: ['80:80', '127.0.0.1:80:80']"),
                row("ports: ['0.0.0.0:80:80']", "ports: ['80:80']", "ports: ['80:80']"),
                row("volumes: ['./a:/x:ro', '/y']", "volumes: ['./c:/x']", "volumes: ['./c:/x', '/y']"),
                row("networks: [a]", "networks: {b: {priority: 1}}", "networks: {a: , b: {priority: 1}}"),
                row("networks: {a: {aliases: [x]}}", "networks: [a]", "networks: {a: {aliases: [x]}}"),
                row(
                        "networks: {a: {aliases: [x]}}",
                        "networks: {a: {aliases: [y, x]}}",
                        "networks: {a: {aliases: [x, y]}}"),
                row(
                        "depends_on: {d: {condition: service_healthy, restart: true}}",
                        "depends_on: [d]",
                        "depends_on: {d: {condition: service_started, restart: true}}"),
                row("depends_on: [d]", "depends_on: [e]", "depends_on: [d, e]"),
                row(
                        "healthcheck: {test: [CMD, a], retries: 1}",
                        "healthcheck: {test: b}",
                        "healthcheck: {test: b, retries: 1}"),
                row(
                        "deploy: {replicas: 1, resources: {limits: {pids: 5}}}",
                        "deploy: {resources: {limits: {cpus: 1}}}",
                        "deploy: {replicas: 1, resources: {limits: {pids: 5, cpus: 1}}}"),
                row("mem_limit: 1g", "mem_limit: 2g", "mem_limit: 2g"),
                row("mem_limit: 1g", "mem_limit: 1024", "mem_limit: 1k"));
    }

    private static Arguments row(String under, String over, String expected) {
        return Arguments.of(under, over, expected);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void one_file_over_another_gives(String under, String over, String expected) {
        var merged = service("{image: x, " + under + "}", "{" + over + "}");
        assertThat(merged).isEqualTo(service("{image: x, " + expected + "}"));
    }

    private static Service service(String... definitions) {
        var tree = new MemoryTree();
        var names = Stream.iterate(1, i -> i + 1)
                .limit(definitions.length)
                .map(i -> i + ".yaml")
                .toList();
        for (var i = 0; i < definitions.length; i++) {
            tree.with(names.get(i), "services: {s: " + definitions[i] + "}");
        }
        return switch (new ComposeLoader()
                .load(LoadRequest.of(tree).withDefaultName("p").withFiles(List.copyOf(names)))) {
            case Loaded.Valid valid ->
                Objects.requireNonNull(valid.project().services().get("s"));
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }
}
