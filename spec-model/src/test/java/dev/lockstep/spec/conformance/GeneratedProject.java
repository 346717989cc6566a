package dev.lockstep.spec.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Valid Compose files made by chance. A set of them can be loaded over each other in any order, and no attribute says
 * something that depends on the others, so that merging them is associative.
 */
final class GeneratedProject {
    private static final List<String> SERVICES = List.of("a", "b", "c", "d");
    private static final List<List<String>> ATTRIBUTES = List.of(
            List.of("hostname: h1", "hostname: h2"),
            List.of("user: \"1\"", "user: \"2:3\""),
            List.of("command: [x, y]", "command: a 'b c'", "command: []"),
            List.of("entrypoint: [e]", "entrypoint: f g"),
            List.of(
                    "environment: {A: 1, B: \"$$x\", N: }",
                    "environment: [A=2, C=3]",
                    "environment: {D: true, E: 1.50}"),
            List.of("labels: {l: 1}", "labels: [l=2, m=3]"),
            List.of("annotations: {l: x}", "annotations: [l=y]"),
            List.of("sysctls: {net.a: 1}", "sysctls: [net.a=2, net.b=3]"),
            List.of("ports: [\"80:80\"]", "ports: [\"81:80/udp\", \"80:80\"]", "ports: [{target: 90, published: 91}]"),
            List.of("expose: [1]", "expose: [\"2\", 1]"),
            List.of(
                    "volumes: [\"./x:/x\"]",
                    "volumes: [\"v:/v\", \"./y:/x:ro\"]",
                    "volumes: [{type: tmpfs, target: /t}]"),
            List.of("tmpfs: /r", "tmpfs: [/s, /r]"),
            List.of("dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]"),
            List.of("dns_search: x", "dns_search: [y, x]"),
            List.of("cap_add: [A, B]", "cap_add: [B, C]"),
            List.of("extra_hosts: [\"h=1.1.1.1\"]", "extra_hosts: {h: 2.2.2.2, g: 1.1.1.1}"),
            List.of("devices: [/dev/a]", "devices: [\"/dev/b:/dev/a\", /dev/c]"),
            List.of("healthcheck: {test: x, retries: 3}", "healthcheck: {test: [CMD, y], interval: 5s}"),
            List.of("restart: always", "restart: \"on-failure:3\""),
            List.of("mem_limit: 64m", "mem_limit: 1g"),
            List.of("cpus: 0.5", "cpus: \"2\""),
            List.of("init: true", "init: false"),
            List.of("read_only: true", "tty: true"),
            List.of("ulimits: {nofile: 5}", "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 7}"),
            List.of("logging: {driver: d, options: {k: v}}", "logging: {driver: d, options: {k: w, l: 1}}"),
            List.of("stop_grace_period: 90s", "stop_grace_period: 1m30s500ms"),
            List.of("secrets: [s]", "secrets: [{source: s, target: t, uid: \"5\"}]"),
            List.of("configs: [c]", "configs: [{source: c, target: /d}]"),
            List.of("deploy: {replicas: 2}", "deploy: {labels: {x: y}, resources: {reservations: {memory: 1m}}}"),
            List.of("stop_signal: SIGINT", "working_dir: /w"),
            List.of("networks: {n: {aliases: [x]}}", "networks: [m]", "networks: {n: {aliases: [x, y]}, m: }"));
    private static final String TOP_LEVEL = """
            networks: {n: {driver: bridge}, m: }
            volumes: {v: {labels: {a: b}}}
            secrets: {s: {file: ./s}}
            configs: {c: {content: "$$c"}}
            """;

    private GeneratedProject() {}

    /** A file with one to four services. */
    static String of(Random chance) {
        var text = new StringBuilder("services:\n");
        var count = 1 + chance.nextInt(SERVICES.size());
        for (var name : SERVICES.subList(0, count)) {
            text.append("  ")
                    .append(name)
                    .append(":\n    image: i")
                    .append(chance.nextInt(3))
                    .append('\n');
            for (var attribute : attributes(chance)) {
                text.append("    ").append(attribute).append('\n');
            }
        }
        return text.append(TOP_LEVEL).toString();
    }

    private static List<String> attributes(Random chance) {
        var chosen = new ArrayList<String>();
        for (var forms : ATTRIBUTES) {
            // Networks always: without any a service gets the default one, which would then stay.
            if (forms.equals(ATTRIBUTES.getLast()) || chance.nextInt(3) == 0) {
                chosen.add(forms.get(chance.nextInt(forms.size())));
            }
        }
        return chosen;
    }
}
