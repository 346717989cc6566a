package dev.lockstep.spec.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A file, one that is put over it, and what they come to: for every rule of the table, in every mix of forms. */
class MergeRulesTest {
    /** Attributes of a service. */
    static Stream<Arguments> services() {
        return Stream.of(
                // Plain: single values, mappings, lists, nothing.
                row("image: a", "image: b", "image: b"),
                row("image: a", "image:", "image: a"),
                row("image:", "image: b", "image: b"),
                row("restart: always", "hostname: h", "{restart: always, hostname: h}"),
                row(
                        "healthcheck: {interval: 1s, retries: 1}",
                        "healthcheck: {retries: 2}",
                        "healthcheck: {interval: 1s, retries: 2}"),
                row("security_opt: [a]", "security_opt: [b]", "security_opt: [a, b]"),
                row("security_opt: [a]", "security_opt: []", "security_opt: [a]"),
                row("security_opt: [a]", "security_opt:", "security_opt: [a]"),
                row(
                        "deploy: {placement: {constraints: [a]}}",
                        "deploy: {placement: {constraints: [b], max_replicas_per_node: 2}}",
                        "deploy: {placement: {constraints: [a, b], max_replicas_per_node: 2}}"),
                row(
                        "blkio_config: {weight: 1, weight_device: [{path: /a, weight: 1}]}",
                        "blkio_config: {weight: 2, weight_device: [{path: /a, weight: 3}]}",
                        "blkio_config: {weight: 2, weight_device: [{path: /a, weight: 1}, {path: /a, weight: 3}]}"),
                row("storage_opt: {a: 1}", "storage_opt: {b: 2}", "storage_opt: {a: 1, b: 2}"),
                row("gpus: [{count: 1}]", "gpus: [{count: 2}]", "gpus: [{count: 1}, {count: 2}]"),
                row(
                        "develop: {watch: [{path: a, action: rebuild}]}",
                        "develop: {watch: [{path: b, action: rebuild}]}",
                        "develop: {watch: [{path: a, action: rebuild}, {path: b, action: rebuild}]}"),
                row("x-a: {b: [1]}", "x-a: {b: [2]}", "x-a: {b: [1, 2]}"),
                // Replaced.
                row("command: [a, b]", "command: c", "command: c"),
                row("command: a", "command:", "command:"),
                row("entrypoint: a", "entrypoint: [b]", "entrypoint: [b]"),
                row("entrypoint: [a]", "entrypoint: []", "entrypoint: []"),
                row("healthcheck: {test: [CMD, a]}", "healthcheck: {test: b}", "healthcheck: {test: b}"),
                row(
                        "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}",
                        "ulimits: {nofile: 4}",
                        "ulimits: {nofile: 4, nproc: 3}"),
                row(
                        "ulimits: {nofile: 4}",
                        "ulimits: {nofile: {soft: 1, hard: 2}}",
                        "ulimits: {nofile: {soft: 1, hard: 2}}"),
                // Keys and values, in both forms on both sides; no value overrides too.
                row("environment: {A: 1, B: 2}", "environment: {B: 3}", "environment: {A: 1, B: 3}"),
                row("environment: [A=1, B=2]", "environment: [B=3, C]", "environment: {A: '1', B: '3', C: }"),
                row("environment: {A: 1}", "environment: [A=2]", "environment: {A: '2'}"),
                row("environment: [A=1]", "environment: {A: 2}", "environment: {A: 2}"),
                row("environment: {A: 1}", "environment: [A]", "environment: {A: }"),
                row("environment: {A: 1}", "environment: {A: }", "environment: {A: }"),
                row("environment: {A: 1}", "environment:", "environment: {A: 1}"),
                row("labels: {a: 1}", "labels: [a=2, b]", "labels: {a: '2', b: }"),
                row("labels: [a=1]", "labels: {a: }", "labels: {a: }"),
                row("annotations: [a=1]", "annotations: {a: 2, b: 3}", "annotations: {a: 2, b: 3}"),
                row("sysctls: {net.x: 1}", "sysctls: [net.x=2]", "sysctls: {net.x: '2'}"),
                row("deploy: {labels: {a: 1}}", "deploy: {labels: [a=2]}", "deploy: {labels: {a: '2'}}"),
                // Build.
                row("build: a", "build: b", "build: {context: b}"),
                row("build: a", "build: {args: {X: 1}}", "build: {context: a, args: {X: 1}}"),
                row("build: {dockerfile: D}", "build: c", "build: {context: c, dockerfile: D}"),
                row("build: {args: [X=1]}", "build: {args: {X: 2, Y: }}", "build: {args: {X: 2, Y: }}"),
                row("build: {labels: {a: 1}}", "build: {labels: [b=2]}", "build: {labels: {a: 1, b: '2'}}"),
                row(
                        "build: {additional_contexts: [a=./x]}",
                        "build: {additional_contexts: {a: ./y}}",
                        "build: {additional_contexts: {a: ./y}}"),
                row(
                        "build: {extra_hosts: {h: 1.1.1.1}}",
                        "build: {extra_hosts: ['h=2.2.2.2', 'h=1.1.1.1']}",
                        "build: {extra_hosts: ['h=1.1.1.1', 'h=2.2.2.2']}"),
                row("build: {tags: [a, b]}", "build: {tags: [b, c]}", "build: {tags: [a, b, c]}"),
                row("build: {platforms: [x]}", "build: {platforms: [x, y]}", "build: {platforms: [x, y]}"),
                row("build: {cache_from: [a]}", "build: {cache_from: [a]}", "build: {cache_from: [a, a]}"),
                row("build: {secrets: [a]}", "build: {secrets: [b]}", "build: {secrets: [a, b]}"),
                // Text or list of texts.
                row("dns: 1.1.1.1", "dns: [2.2.2.2, 1.1.1.1]", "dns: [1.1.1.1, 2.2.2.2]"),
                row("dns_search: [a]", "dns_search: b", "dns_search: [a, b]"),
                row("dns_opt: [ndots:1]", "dns_opt: [ndots:1, x]", "dns_opt: ['ndots:1', x]"),
                row("tmpfs: /a", "tmpfs: [/b, /a]", "tmpfs: [/a, /b]"),
                row("tmpfs: ['/a:size=1']", "tmpfs: ['/a:size=2']", "tmpfs: ['/a:size=2']"),
                row("env_file: a", "env_file: [b, a]", "env_file: [a, b]"),
                row(
                        "env_file: [a, b]",
                        "env_file: [{path: a, required: false}]",
                        "env_file: [{path: a, required: false}, b]"),
                row("label_file: a", "label_file: [b, a]", "label_file: [a, b, a]"),
                // Hosts: one may have two addresses.
                row(
                        "extra_hosts: {h: 1.1.1.1}",
                        "extra_hosts: {h: 2.2.2.2}",
                        "extra_hosts: ['h=1.1.1.1', 'h=2.2.2.2']"),
                row("extra_hosts: ['h:1.1.1.1']", "extra_hosts: ['h:1.1.1.1']", "extra_hosts: ['h:1.1.1.1']"),
                row(
                        "extra_hosts: {h: [1.1.1.1, '::1']}",
                        "extra_hosts: ['i=2.2.2.2']",
                        "extra_hosts: ['h=1.1.1.1', 'h=::1', 'i=2.2.2.2']"),
                // Names.
                row("networks: [a]", "networks: {b: {priority: 1}}", "networks: {a: , b: {priority: 1}}"),
                row("networks: {a: {priority: 1}}", "networks: [a]", "networks: {a: {priority: 1}}"),
                row(
                        "networks: {a: {aliases: [x, y]}}",
                        "networks: {a: {aliases: [y, z]}}",
                        "networks: {a: {aliases: [x, y, z]}}"),
                row(
                        "networks: {a: {link_local_ips: [1.1.1.1]}}",
                        "networks: {a: {link_local_ips: [1.1.1.1]}}",
                        "networks: {a: {link_local_ips: [1.1.1.1]}}"),
                row("models: [m]", "models: {m: {endpoint_var: E}}", "models: {m: {endpoint_var: E}}"),
                // Dependencies: a list is the whole condition.
                row(
                        "depends_on: {d: {condition: service_healthy, restart: true}}",
                        "depends_on: [d]",
                        "depends_on: {d: {condition: service_started, required: true, restart: true}}"),
                row(
                        "depends_on: [d]",
                        "depends_on: {d: {condition: service_healthy}}",
                        "depends_on: {d: {condition: service_healthy, required: true}}"),
                // Logging.
                row(
                        "logging: {driver: a, options: {x: 1}}",
                        "logging: {driver: a, options: {y: 2}}",
                        "logging: {driver: a, options: {x: 1, y: 2}}"),
                row(
                        "logging: {driver: a, options: {x: 1}}",
                        "logging: {options: {y: 2}}",
                        "logging: {driver: a, options: {x: 1, y: 2}}"),
                row("logging: {options: {x: 1}}", "logging: {driver: b}", "logging: {driver: b, options: {x: 1}}"),
                row("logging: {driver: a, options: {x: 1}}", "logging: {driver: b}", "logging: {driver: b}"),
                // Identities: the later of two equal ones in the place of the earlier.
                row("cap_add: [A, B]", "cap_add: [B, C]", "cap_add: [A, B, C]"),
                row("cap_drop: [A]", "cap_drop: [A]", "cap_drop: [A]"),
                row("profiles: [a]", "profiles: [b, a]", "profiles: [a, b]"),
                row("links: ['db:x']", "links: ['db:x', c]", "links: ['db:x', c]"),
                row("expose: [80, '81']", "expose: ['80', 82]", "expose: ['80', '81', 82]"),
                row("devices: ['/dev/a:/dev/x:r']", "devices: ['/dev/b:/dev/x']", "devices: ['/dev/b:/dev/x']"),
                row(
                        "devices: ['/dev/a']",
                        "devices: [{source: /dev/b, target: /dev/a}]",
                        "devices: [{source: /dev/b, target: /dev/a}]"),
                row("secrets: [a, b]", "secrets: [{source: a, mode: 0400}]", "secrets: [{source: a, mode: 0400}, b]"),
                row(
                        "secrets: [a]",
                        "secrets: [{source: b, target: /run/secrets/a}]",
                        "secrets: [{source: b, target: /run/secrets/a}]"),
                row("secrets: [a]", "secrets: [{source: b, target: a}]", "secrets: [a, {source: b, target: a}]"),
                row("configs: [a]", "configs: [{source: b, target: /a}]", "configs: [{source: b, target: /a}]"),
                row("configs: [a]", "configs: [{source: a, target: /b}]", "configs: [a, {source: a, target: /b}]"));
    }

    @ParameterizedTest
    @MethodSource("services")
    void an_attribute_of_a_service_merges(String under, String over, String expected) {
        assertThat(merged("services: {s: {" + under + "}}", "services: {s: {" + over + "}}"))
                .isEqualTo(TreeText.ofYaml("services: {s: " + braced(expected) + "}"));
    }

    static Stream<Arguments> projects() {
        return Stream.of(
                row("name: a", "name: b", "name: b"),
                row("networks: {n: }", "networks: {n: {internal: true}}", "networks: {n: {internal: true}}"),
                row("networks: {n: {internal: true}}", "networks: {n: }", "networks: {n: {internal: true}}"),
                row(
                        "networks: {n: {labels: [a=1]}}",
                        "networks: {n: {labels: {a: 2}}}",
                        "networks: {n: {labels: {a: 2}}}"),
                row(
                        "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8, gateway: 10.0.0.1}]}}}",
                        "networks: {n: {ipam: {config: [{subnet: 11.0.0.0/8}, {subnet: 10.0.0.0/8, ip_range: 10.1.0.0/16}]}}}",
                        "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8, gateway: 10.0.0.1, ip_range: 10.1.0.0/16},"
                                + " {subnet: 11.0.0.0/8}]}}}"),
                row(
                        "volumes: {v: {labels: {a: 1}}}",
                        "volumes: {v: {labels: [b=2]}}",
                        "volumes: {v: {labels: {a: 1, b: '2'}}}"),
                row(
                        "volumes: {v: {driver_opts: {o: a}}}",
                        "volumes: {v: {driver_opts: {o: b}}}",
                        "volumes: {v: {driver_opts: {o: b}}}"),
                row("secrets: {s: {file: a}}", "secrets: {s: {file: b}}", "secrets: {s: {file: b}}"),
                row("configs: {c: {file: a}}", "configs: {d: {file: b}}", "configs: {c: {file: a}, d: {file: b}}"),
                row(
                        "models: {m: {model: a}}",
                        "models: {m: {context_size: 1}}",
                        "models: {m: {model: a, context_size: 1}}"),
                row("x-a: {b: 1}", "x-a: {c: 2}", "x-a: {b: 1, c: 2}"));
    }

    @ParameterizedTest
    @MethodSource("projects")
    void a_top_level_element_merges(String under, String over, String expected) {
        assertThat(merged(under, over)).isEqualTo(TreeText.ofYaml(expected));
        // Documents of one file are the same as files.
        assertThat(merged(under + "\n---\n" + over)).isEqualTo(TreeText.ofYaml(expected));
    }

    @ParameterizedTest
    @MethodSource("services")
    void merging_three_trees_does_not_depend_on_which_two_come_first(String under, String over, String expected) {
        var a = TreeText.parse("services: {s: {" + under + "}}");
        var b = TreeText.parse("services: {s: {" + over + "}}");
        var c = TreeText.parse("services: {s: " + braced(expected) + "}");
        var merge = new Merge(new Problems());
        assertThat(unique(merge.files(merge.files(a, b), c))).isEqualTo(unique(merge.files(a, merge.files(b, c))));
    }

    private static String unique(YamlNode tree) {
        return TreeText.of(new Uniqueness(new Problems()).apply(tree));
    }

    @Test
    void a_clash_of_types_names_both_places() {
        assertThat(errors("services: {s: {image: {a: b}}}", "services: {s: {image: x}}"))
                .containsExactly("2.yaml:1:23: services.s.image: text cannot override a mapping (1.yaml:1:23)");
    }

    @Test
    void lists_that_must_not_repeat_themselves_say_where_they_do() {
        assertThat(errors("services: {s: {security_opt: [a, b]}}", "services: {s: {security_opt: [a]}}"))
                .containsExactly(
                        "2.yaml:1:31: services.s.security_opt: \"a\" is here twice, also at 1.yaml:1:31. Remove one");
    }

    static Stream<Arguments> forgotten() {
        return Stream.of(
                row("image: a, user: u", "user: !reset null", "image: a"),
                row("ports: [1]", "ports: !reset []", "{}"),
                row("ports: [1]", "ports: !override [2]", "ports: [2]"),
                row("environment: {A: 1, B: 2}", "environment: {A: !reset null}", "environment: {B: 2}"),
                row("environment: [A=1, B=2]", "environment: {A: !reset null, C: 3}", "environment: {B: '2', C: 3}"),
                row("environment: {A: 1}", "environment: !override {B: 2}", "environment: {B: 2}"),
                row(
                        "deploy: {resources: {limits: {cpus: 1, memory: 2}}}",
                        "deploy: {resources: {limits: {cpus: !reset 0}}}",
                        "deploy: {resources: {limits: {memory: 2}}}"),
                row(
                        "deploy: {resources: {limits: {cpus: 1}}}",
                        "deploy: {resources: !override {reservations: {cpus: 3}}}",
                        "deploy: {resources: {reservations: {cpus: 3}}}"),
                row("networks: [a, b]", "networks: {a: !reset null}", "networks: {b: }"),
                row("image: a", "user: !reset null", "image: a"),
                row("security_opt: [a]", "security_opt: [!reset b, c]", "security_opt: [a, c]"),
                row("build: a", "build: !reset null", "{}"));
    }

    @ParameterizedTest
    @MethodSource("forgotten")
    void a_tag_forgets_what_earlier_files_said(String under, String over, String expected) {
        assertThat(merged("services: {s: {" + under + "}}", "services: {s: {" + over + "}}"))
                .isEqualTo(TreeText.ofYaml("services: {s: " + braced(expected) + "}"));
    }

    @Test
    void tags_work_through_aliases_and_merge_keys_and_on_whole_services() {
        assertThat(merged(
                        "services: {a: {image: x, ports: [1]}, b: {image: y, ports: [2]}, c: {image: z}}",
                        "x-none: &none !reset null\nservices: {a: {ports: *none}, b: {ports: *none}, c: *none}"))
                .isEqualTo(TreeText.ofYaml("services: {a: {image: x}, b: {image: y}}"));
        assertThat(merged(
                        "services: {a: {image: x, ports: [1], user: u}}",
                        "x-base: &base {ports: !override [2]}\nservices: {a: {<<: *base}}"))
                .isEqualTo(TreeText.ofYaml("{services: {a: {image: x, ports: [2], user: u}}, x-base: {ports: [2]}}"));
    }

    @Test
    void a_reset_does_not_hide_what_a_merge_key_of_the_same_mapping_brings() {
        assertThat(merged("x-b: &b {user: u}\nservices: {a: {<<: *b, image: x, user: !reset null}}"))
                .isEqualTo(TreeText.ofYaml("{x-b: {user: u}, services: {a: {image: x, user: u}}}"));
    }

    private static String braced(String yaml) {
        return yaml.startsWith("{") ? yaml : "{" + yaml + "}";
    }

    private static Arguments row(String under, String over, String expected) {
        return Arguments.of(under, over, expected);
    }

    private static String merged(String... files) {
        var tree = load(files);
        assertThat(tree.errors()).isEmpty();
        return TreeText.of(tree.root().orElseThrow());
    }

    private static List<String> errors(String... files) {
        return load(files).errors().stream().map(Object::toString).toList();
    }

    private static MergedTree load(String... files) {
        var tree = new MemoryTree();
        var names = Stream.iterate(1, i -> i + 1)
                .limit(files.length)
                .map(i -> i + ".yaml")
                .toList();
        for (var i = 0; i < files.length; i++) {
            tree.with(names.get(i), files[i]);
        }
        return new ComposeLoader()
                .tree(LoadRequest.of(tree).withDefaultName("p").withFiles(names));
    }
}
