package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code validate} for a file, a directory and a repository, in each of its formats. */
class ValidateCommandTest {
    @TempDir
    private Path directory;

    private void file(String name, String text) throws IOException {
        var file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Console console() {
        return Console.in(directory);
    }

    private void repository() throws IOException {
        file("lockstep.yaml", """
            hosts: {web1: {labels: {role: web}}, web2: {}}
            stacks:
              shop: {hosts: web1}
              blgo: {}
            """);
        file("stacks/shop/compose.yaml", "services: {web: {image: x, ports: ['80:80']}}\n");
        file("stacks/blog/compose.yaml", "services: {web: {image: x, ports: ['80:8080', '${PORT}:81']}}\n");
        file("stacks/wrong/compose.yaml", "services: {web: {imag: x}}\n");
        file("hosts/web2/edge/compose.yaml", "name: blog\nservices: {web: {image: y}}\n");
        file("hosts/web3/edge/compose.yaml", "services: {web: {image: y}}\n");
    }

    @Test
    void a_repository_is_checked_for_every_host() throws IOException {
        repository();
        var console = console();

        assertThat(console.run("validate", ".")).isEqualTo(1);
        assertThat(console.out().lines())
                .containsExactly(
                        "stacks/blog/compose.yaml:1:1: name: the stack \"blog\" stands in hosts/web2/edge already, and"
                                + " runs from there. Give this one another name",
                        "stacks/shop/compose.yaml:1:36: services.web.ports[0]: port 80/tcp of host web1 is already"
                                + " published by stack blog, services.web.ports[0] (stacks/blog/compose.yaml:1:36)."
                                + " Publish another port, or place the stacks on different hosts",
                        "stacks/wrong/compose.yaml:1:18: services.web.imag: unknown key. Did you mean \"image\"?");
        assertThat(console.err())
                .contains("Warning: lockstep.yaml:4:3: stacks.blgo: the repository has no such stack. Did you mean"
                        + " \"blog\"?\n")
                .contains("Warning: stacks/blog/compose.yaml:1:")
                .endsWith("3 problems.\n");
    }

    @Test
    void a_repository_elsewhere_is_named_by_the_way_there() throws IOException {
        file("infra/lockstep.yaml", "stack: {}\n");
        file("infra/stacks/a/compose.yaml", "services: {a: {image: x}}\n");
        var console = console();

        assertThat(console.run("validate", "infra")).isEqualTo(1);
        assertThat(console.out()).isEqualTo("infra/lockstep.yaml:1:1: stack: unknown key. Did you mean \"stacks\"?\n");
    }

    @Test
    void what_an_agent_of_this_host_would_refuse_is_known_by_what_the_host_has() throws IOException {
        var compose = "services: {a: {image: x, userns_mode: host, volumes: ['" + directory + ":/d', '" + directory
                + "/engine:/e']}}\n";
        file("lockstep.yaml", "");
        file("stacks/a/compose.yaml", compose);
        file("plain/compose.yaml", compose);
        file("agent.yaml", "user-namespaces: {default: private}\npolicy: {bind-sources: [" + directory + "]}\n");
        var environment =
                Map.of("LOCKSTEP_CONFIG", directory.resolve("agent.yaml").toString());
        try (var engine = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            engine.bind(UnixDomainSocketAddress.of(directory.resolve("engine")));
            for (var path : List.of(".", "plain")) {
                var console = Console.in(directory, environment);
                assertThat(console.run("validate", "--host-policy", path)).isEqualTo(1);
                assertThat(console.out())
                        .contains(
                                "userns_mode: asks for the host's user namespace",
                                "volumes[1]: asks for the host's socket " + directory + "/engine")
                        .doesNotContain("volumes[0]");
                assertThat(Console.in(directory, environment).run("validate", path))
                        .isZero();
            }
        }
    }

    @Test
    void where_the_repository_would_run_more_images_than_this_host_is_a_warning() throws IOException {
        file("agent.yaml", "host: !name web1\nimages: {rules: {'*': {forbid-latest: true}}}\n");
        file("lockstep.yaml", "policy: {images: {'*': {forbid-latest: false}}}\n");
        file("stacks/a/compose.yaml", "services: {a: {image: x}}\n");
        var console = Console.in(
                directory,
                Map.of("LOCKSTEP_CONFIG", directory.resolve("agent.yaml").toString()));

        assertThat(console.run("validate", ".")).as(console.out()).isZero();
        assertThat(console.err())
                .isEqualTo("Warning: lockstep.yaml:1:40: policy.images.*.forbid-latest: takes nothing away: the host"
                        + " wants forbid-latest of these images (rule \"*\" at " + directory
                        + "/agent.yaml:2:18). Take it out here, or change it there\n");
        var file = Console.in(
                directory,
                Map.of("LOCKSTEP_CONFIG", directory.resolve("agent.yaml").toString()));
        assertThat(file.run("validate", "lockstep.yaml", "agent.yaml")).isZero();
        assertThat(file.err())
                .contains("Warning: agent.yaml:1:7: the tag !name has no meaning")
                .contains("policy.images.*.forbid-latest: takes nothing away");
    }

    private static final String CUT_OFF = """
        - |
                  -----BEGIN PUBLIC KEY-----
                  MFkwEwYHKoZI
        """;

    @Test
    void a_key_in_a_repository_that_is_none_is_told_with_its_place() throws IOException {
        file("lockstep.yaml", """
            policy:
              images:
                docker.io/*:
                  require-signed:
                    %s
            stacks:
              a: {policy: {images: {'*': {require-signed: "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"}}}}
            """.formatted(CUT_OFF.stripTrailing()));
        file("stacks/a/compose.yaml", "services: {a: {image: x}}\n");
        for (var what : List.of(".", "lockstep.yaml")) {
            var console = console();

            assertThat(console.run("validate", what)).isEqualTo(1);
            assertThat(console.out().lines())
                    .containsExactly(
                            "lockstep.yaml:5:11: policy.images.docker.io/*.require-signed[0]: the key here is cut off"
                                    + " or damaged: a PEM block has no end, or what is in it is not base64",
                            "lockstep.yaml:9:47: stacks.a.policy.images.*.require-signed: the key here is a"
                                    + " certificate. Write the public key that is in it");
        }
    }

    @Test
    void a_key_of_a_host_that_is_none_is_told_where_the_settings_are_read() throws IOException {
        file("agent.yaml", """
            images:
              rules:
                docker.io/*: {require-signed: keys/gone.pub}
                quay.io/*:
                  require-signed:
                    %s
            """.formatted(CUT_OFF.stripTrailing()));
        file("compose.yaml", "services: {a: {image: x}}\n");
        var settings = directory.resolve("agent.yaml").toString();
        var gone = settings + ":3:35: images.rules.docker.io/*.require-signed: the key " + directory
                + "/keys/gone.pub is not there";
        var cutOff = settings + ":6:11: images.rules.quay.io/*.require-signed[0]: the key here is cut off or damaged:"
                + " a PEM block has no end, or what is in it is not base64";

        var inForce = Console.in(directory, Map.of("LOCKSTEP_CONFIG", settings));
        assertThat(inForce.run("validate", settings)).isEqualTo(1);
        assertThat(inForce.out().lines()).containsExactly(gone, cutOff);

        // That of another host, whose files are there and not here.
        var elsewhere = console();
        assertThat(elsewhere.run("validate", settings)).isEqualTo(1);
        assertThat(elsewhere.out().lines()).containsExactly(cutOff);
        assertThat(elsewhere.err()).contains("Warning: " + gone);

        var root = List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString());
        for (var words : List.of(
                List.of("plan"),
                List.of("apply", "--dry-run"),
                List.of("agent", "--once", "--dry-run", "--repository", "."))) {
            var console = Console.in(directory, Map.of("LOCKSTEP_CONFIG", settings));
            var all = new ArrayList<>(root);
            all.addAll(words);
            console.run(all.toArray(String[]::new));
            assertThat(console.err()).as(words.toString()).contains("Warning: " + gone, "Warning: " + cutOff);
        }
        var doctor = Console.in(directory, Map.of("LOCKSTEP_CONFIG", settings));
        assertThat(doctor.run(
                        "--root",
                        directory.resolve("root").toString(),
                        "--run-root",
                        directory.resolve("run").toString(),
                        "doctor"))
                .isEqualTo(1);
        assertThat(doctor.out()).contains("missing  image keys       " + gone, "missing  image keys       " + cutOff);
    }

    @Test
    void a_good_repository_is_one_line() throws IOException {
        file("stacks/a/compose.yaml", "services: {a: {image: x}, b: {image: x}}\n");
        file("compose.yaml", "name: root\nservices: {a: {image: x}}\n");
        var console = console();

        assertThat(console.run("validate", ".")).isZero();
        assertThat(console.out()).isEqualTo("2 stacks are valid: 3 services.\n");
    }

    @Test
    void a_repository_reads_neither_the_environment_nor_what_is_outside() throws IOException {
        file("stacks/a/compose.yaml", "services: {a: {image: \"x:${HOME}\", env_file: ../../../etc/passwd}}\n");
        var console = Console.in(directory, Map.of("HOME", "secret-home"));

        assertThat(console.run("validate", ".")).isEqualTo(1);
        assertThat(console.out() + console.err()).doesNotContain("secret-home").contains("outside");
    }

    @Test
    void what_a_host_has_to_give_is_a_warning() throws IOException {
        file("stacks/a/compose.yaml", """
            services: {a: {image: "x:${TAG:?}", environment: {PW: "${PW:?ask ops}"}, restart: "${GIVEN:?}"}}
            """);
        file("stacks/a/.env", "GIVEN=always\n");
        var console = console();

        assertThat(console.run("validate", ".")).as(console.out()).isZero();
        assertThat(console.err())
                .contains("the variable TAG must have a value on each host, in /etc/lockstep/stacks/a/env")
                .contains("the variable PW must")
                .doesNotContain("GIVEN");
    }

    @Test
    void an_empty_repository_is_wrong() throws IOException {
        file("lockstep.yaml", "");
        var console = console();

        assertThat(console.run("validate", ".")).isEqualTo(1);
        assertThat(console.out()).contains("has no compose file: expected compose.yaml, stacks/STACK/compose.yaml");
    }

    @Test
    void a_repository_may_build_and_run_nothing() throws IOException {
        file("lockstep.yaml", "builds: {app: {image: shop, when: {tags: ['v*']}}}\n");
        file("Dockerfile", "FROM x:1\n");
        var console = console();

        assertThat(console.run("validate", ".")).as(console.out()).isZero();
        assertThat(console.out()).isEqualTo("Valid.\n");
        assertThat(console.err()).isEmpty();
    }

    @Test
    void files_are_known_by_their_names() throws IOException {
        file("lockstep.yaml", "suspend: 3\n");
        file("agent.yaml", "intervall: 3s\n");
        file("other.yaml", "services: {a: {image: x}}\n");
        file("directory/compose.yaml", "name: below\nservices: {a: {image: x}}\n");

        var settings = console();
        assertThat(settings.run("validate", "lockstep.yaml", "agent.yaml")).isEqualTo(1);
        assertThat(settings.out()).isEqualTo("""
            agent.yaml:1:1: intervall: unknown key. Did you mean "interval"?
            lockstep.yaml:1:10: suspend: must be true, false, or the reason as text
            """);
        var both = console();
        assertThat(both.run("validate", "other.yaml", "directory"))
                .as(both.out())
                .isZero();
        assertThat(both.out()).isEqualTo("2 stacks are valid: 2 services.\n");
        var none = console();
        assertThat(none.run("validate", "nothing")).isEqualTo(1);
        assertThat(none.err()).isEqualTo("lockstep: nothing: no such file or directory\n");
    }

    @Test
    void json_has_stacks_hosts_rules_and_places() throws IOException {
        repository();
        var console = console();

        assertThat(console.run("validate", "-o", "json", ".")).isEqualTo(1);
        var json = new JsonMapper().readTree(console.out());
        assertThat(json.path("format").asText()).isEqualTo("lockstep.validate/1");
        assertThat(json.path("valid").asBoolean()).isFalse();
        assertThat(json.path("stacks")).hasSize(5);
        assertThat(json.path("stacks").path(3).path("name").asText()).isEqualTo("shop");
        assertThat(json.path("stacks").path(3).path("hosts").path(0).asText()).isEqualTo("web1");
        assertThat(json.path("errors"))
                .extracting(e -> e.path("rule").asText())
                .containsExactly("stack-name", "host-conflict", "unknown-key");
        assertThat(json.path("warnings").path(0).path("file").asText()).isEqualTo("lockstep.yaml");
    }

    @Test
    void sarif_annotates_the_line() throws IOException {
        file("stacks/with space/compose.yaml", """
            services:
              web:
                imag: x
                privileged: true
            """);
        file("stacks/ok/compose.yaml", "services: {a: {image: x, privileged: true, restart: soon}}\n");
        var console = console();

        assertThat(console.run("validate", "-o", "sarif", ".")).isEqualTo(1);
        var json = new JsonMapper().readTree(console.out());
        assertThat(json.path("version").asText()).isEqualTo("2.1.0");
        assertThat(json.path("runs")).hasSize(1);
        var run = json.path("runs").path(0);
        var rules = run.path("tool").path("driver").path("rules");
        assertThat(run.path("tool").path("driver").path("name").asText()).isEqualTo("lockstep");
        assertThat(run.path("results")).hasSize(3);
        var fingerprints = new HashSet<String>();
        for (var result : run.path("results")) {
            var rule = rules.path(result.path("ruleIndex").asInt(-1));
            assertThat(rule.path("id").asText()).isEqualTo(result.path("ruleId").asText());
            assertThat(rule.path("shortDescription").path("text").asText()).isNotEmpty();
            assertThat(result.path("message").path("text").asText()).isNotEmpty();
            assertThat(result.path("level").asText()).isIn("error", "warning");
            assertThat(result.path("locations")).hasSize(1);
            assertThat(fingerprints.add(result.path("partialFingerprints")
                            .path("lockstep/1")
                            .asText()))
                    .isTrue();
        }
        var results = run.path("results");
        assertThat(place(results.path(2))).isEqualTo("stacks/with%20space/compose.yaml 3:5");
        assertThat(results.path(2).path("ruleId").asText()).isEqualTo("unknown-key");
        assertThat(results.path(2).path("level").asText()).isEqualTo("error");
        assertThat(results.path(0).path("level").asText()).isEqualTo("warning");
        assertThat(results.path(0)
                        .path("locations")
                        .path(0)
                        .path("logicalLocations")
                        .path(0)
                        .path("fullyQualifiedName")
                        .asText())
                .isEqualTo("services.a.privileged");
        assertThat(results.path(1).path("ruleId").asText()).isEqualTo("meaningless-value");
    }

    @Test
    void sarif_has_files_by_uris_which_have_no_other_letters_than_ascii() throws IOException {
        // The accent is a character of its own here, and must stay one: this is the file's name.
        file("stacks/u\u0308/compose.yaml", "services: {a: {imag: x}}\n");
        var console = console();

        assertThat(console.run("validate", "-o", "sarif", ".")).isEqualTo(1);
        var results =
                new JsonMapper().readTree(console.out()).path("runs").path(0).path("results");
        assertThat(place(results.path(0))).isEqualTo("stacks/u%CC%88/compose.yaml 1:16");
    }

    @Test
    void sarif_of_what_is_valid_has_no_result() throws IOException {
        file("compose.yaml", "services: {a: {image: x}}\n");
        var console = console();

        assertThat(console.run("validate", "-o", "sarif")).isZero();
        assertThat(new JsonMapper().readTree(console.out()).path("runs").path(0).path("results"))
                .isEmpty();
    }

    private static String place(JsonNode result) {
        var physical = result.path("locations").path(0).path("physicalLocation");
        assertThat(physical.path("artifactLocation").path("uriBaseId").asText()).isEqualTo("SRCROOT");
        return physical.path("artifactLocation").path("uri").asText() + " "
                + physical.path("region").path("startLine").asInt() + ":"
                + physical.path("region").path("startColumn").asInt();
    }

    @Test
    void errors_and_warnings_are_apart() throws IOException {
        file("compose.yaml", "version: '3'\nservices: {a: {image: x, network_mode: host}}\n");
        var console = console();

        assertThat(console.run("validate")).isZero();
        assertThat(console.out()).startsWith("Stack ").endsWith(" is valid: 1 service.\n");
        assertThat(console.err().lines())
                .containsExactly(
                        "Warning: compose.yaml:1:1: version: is obsolete and ignored. Remove it",
                        "Warning: compose.yaml:2:40: services.a.network_mode: the container sees and uses the host's"
                                + " own network");
    }

    @Test
    void dockerfiles_of_builds_are_read_and_their_mistakes_told() throws IOException {
        file("compose.yaml", """
            services:
              web: {build: web}
              api: {build: {context: api, dockerfile: ../web/api.Dockerfile}}
              one: {build: {dockerfile_inline: "FROM x:1\\nRUN sudo y"}}
              two: {build: nowhere}
              off: {build: empty}
              low: {build: build}
            """);
        file("build/dockerfile", "FROM x:1\nRUN sudo y\n");
        file("web/Dockerfile", "FROM x:1\nADD a /b\nRUN cd /x\n");
        file("web/api.Dockerfile", "FROM x:1\nFORM y\n");
        file("empty/readme", "");
        var console = console();

        assertThat(console.run("validate")).isEqualTo(1);
        assertThat(console.out())
                .isEqualTo("web/api.Dockerfile:2:1: DL1000: unknown instruction: FORM (did you mean FROM?)\n");
        assertThat(console.err().lines().filter(line -> line.contains("build") || line.contains("Dockerfile")))
                .containsExactly(
                        "Warning: build/dockerfile:2:1: DL3004: sudo: RUN is root unless USER says otherwise",
                        "Warning: compose.yaml:4:36: services.one.build.dockerfile_inline: DL3004: line 2: sudo: RUN is"
                                + " root unless USER says otherwise",
                        "Warning: compose.yaml:6:16: services.off.build: there is no Dockerfile empty/Dockerfile, so"
                                + " this cannot be built",
                        "Warning: web/Dockerfile:2:1: DL3020: ADD of a: use COPY for files and directories");
    }

    @Test
    void dockerfiles_of_a_repository_are_read_from_its_stacks() throws IOException {
        file("infra/stacks/a/compose.yaml", "services: {a: {image: x, build: ../../src}}\n");
        file("infra/src/Dockerfile", "RUN x\nFROM y:1\n");
        var console = console();

        assertThat(console.run("validate", "infra")).isEqualTo(1);
        assertThat(console.out())
                .isEqualTo(
                        "infra/src/Dockerfile:1:1: DL3061: no build stage in current context: the first instruction is"
                                + " FROM\n");
    }

    @Test
    void what_builds_of_a_repository_name_is_looked_for() throws IOException {
        file("infra/lockstep.yaml", """
            builds:
              good: {image: good, context: good, when: {tags: ['v*']}, test: {service: shop/web}}
              wrong: {image: wrong, context: wrong, when: {tags: ['v*']}, test: {service: hidden}}
              again: {image: again, context: wrong, when: {tags: ['v*']}}
              bare: {image: bare, context: bare, when: {tags: ['v*']}, test: {service: blog/web}}
              gone: {image: gone, context: gone, dockerfile: good/Dockerfile, when: {tags: ['v*']}}
            """);
        file("infra/stacks/shop/compose.yaml", "services: {web: {image: x}, hidden: {image: x, profiles: [test]}}\n");
        file("infra/good/Dockerfile", "FROM x:1\n");
        file("infra/wrong/Dockerfile", "FORM x:1\n");
        file("infra/bare/readme", "");
        var console = console();

        assertThat(console.run("validate", "infra")).isEqualTo(1);
        assertThat(console.out().lines())
                .singleElement()
                .asString()
                .startsWith("infra/wrong/Dockerfile:1:1: DL1000: unknown instruction: FORM");
        assertThat(console.err().lines().filter(line -> line.contains("builds.")))
                .containsExactly(
                        "Warning: infra/lockstep.yaml:5:3: builds.bare: there is no Dockerfile bare/Dockerfile, so this"
                                + " cannot be built",
                        "Warning: infra/lockstep.yaml:5:76: builds.bare.test.service: no stack of the repository has a"
                                + " service blog/web",
                        "Warning: infra/lockstep.yaml:6:3: builds.gone: there is no directory gone, so this cannot be"
                                + " built");
    }
}
