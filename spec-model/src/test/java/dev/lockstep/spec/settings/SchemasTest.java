package dev.lockstep.spec.settings;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The published schemas say what the readers do: the same keys, the same examples, the same mistakes. */
class SchemasTest {
    private static final Map<String, Keys> AGENT = Map.ofEntries(
            entry("", AgentSettings.SETTINGS),
            entry("repositories[]", AgentSettings.REPOSITORY),
            entry("housekeeping", HousekeepingEntry.KEYS),
            entry("registries.*", RegistryEntry.KEYS),
            entry("images", ImagePolicyReader.IMAGES),
            entry("images.rules.*", ImagePolicyReader.RULE),
            entry("proxy", ProxyEntry.KEYS),
            entry("unpack-limits", LayerLimits.KEYS),
            entry("user-namespaces", UserNamespaceEntry.KEYS),
            entry("builds", BuildsEntry.KEYS),
            entry("policy", HostPolicy.KEYS),
            entry("policy.stacks.*", HostPolicy.STACK));

    private static final Path DOC = Path.of("src/main/distribution/doc");
    private static final Pattern BLOCK = Pattern.compile("(?s)```yaml\n(.*?)```");

    private static String text(String schema) throws IOException {
        try (var in = SchemasTest.class.getResourceAsStream(schema)) {
            assertThat(in).as("%s is in the jar", schema).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Schema schema(String name) throws IOException {
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(text(name), InputFormat.JSON);
    }

    private static String example(String page) throws IOException {
        var matcher = BLOCK.matcher(Files.readString(DOC.resolve(page)));
        assertThat(matcher.find()).isTrue();
        return matcher.group(1);
    }

    /** The keys of each mapping of a schema, with {@code *} for names of the user's and {@code []} for items. */
    private static void keys(JsonNode root, JsonNode node, String path, Map<String, Set<String>> found) {
        if (node.has("$ref")) {
            keys(root, root.at(node.path("$ref").asText().substring(1)), path, found);
        }
        node.path("anyOf").forEach(option -> keys(root, option, path, found));
        if (node.has("properties")) {
            assertThat(node.path("additionalProperties").asBoolean(true))
                    .as(path)
                    .isFalse();
            var names = new HashSet<String>();
            node.path("properties").properties().forEach(property -> {
                names.add(property.getKey());
                keys(
                        root,
                        property.getValue(),
                        path.isEmpty() ? property.getKey() : path + "." + property.getKey(),
                        found);
            });
            found.put(path, names);
        }
        if (node.path("additionalProperties").isObject()) {
            keys(root, node.path("additionalProperties"), path + ".*", found);
        }
        if (node.has("items")) {
            keys(root, node.path("items"), path + "[]", found);
        }
    }

    private static Map<String, Set<String>> keys(String name) throws IOException {
        var root = new ObjectMapper().readTree(text(name));
        var found = new TreeMap<String, Set<String>>();
        keys(root, root, "", found);
        return found;
    }

    private static Map<String, Set<String>> known(Map<String, Keys> readers) {
        var known = new TreeMap<String, Set<String>>();
        readers.forEach((path, keys) -> known.put(path, keys.known()));
        return known;
    }

    @Test
    void reader_and_schema_have_the_same_keys() throws IOException {
        assertThat(keys("lockstep.schema.json")).isEqualTo(known(RepositoryKeys.byPath()));
        assertThat(keys("agent.schema.json")).isEqualTo(known(AGENT));
    }

    @Test
    void the_documented_examples_are_valid_and_name_every_key() throws IOException {
        var repository = example("lockstep.yaml.md");
        assertThat(schema("lockstep.schema.json").validate(repository, InputFormat.YAML))
                .isEmpty();
        assertThat(RepositorySettings.read("lockstep.yaml", repository.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOfSatisfying(
                        RepositorySettings.Read.Valid.class,
                        valid -> assertThat(valid.warnings()).isEmpty());
        RepositoryKeys.byPath().values().stream()
                .flatMap(keys -> keys.known().stream())
                .forEach(key -> assertThat(repository).contains(key + ":"));

        var agent = example("agent.yaml.md");
        assertThat(schema("agent.schema.json").validate(agent, InputFormat.YAML))
                .isEmpty();
        assertThat(AgentSettings.read("agent.yaml", agent.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(AgentSettings.Read.Valid.class);
        AgentSettings.SETTINGS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        AgentSettings.REPOSITORY.known().forEach(key -> assertThat(agent).contains(key + ":"));
        HousekeepingEntry.KEYS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        RegistryEntry.KEYS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        BuildsEntry.KEYS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        LayerLimits.KEYS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        ProxyEntry.KEYS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        ImagePolicyReader.IMAGES.known().forEach(key -> assertThat(agent).contains(key + ":"));
        ImagePolicyReader.RULE.known().forEach(key -> assertThat(agent).contains(key + ":"));
        HostPolicy.KEYS.known().forEach(key -> assertThat(agent).contains(key + ":"));
        HostPolicy.STACK.known().forEach(key -> assertThat(agent).contains(key + ":"));
    }

    @Test
    void what_the_readme_writes_into_agent_yaml_is_valid() throws IOException {
        var block =
                Pattern.compile("(?m)^ {7}host: .*\n(?: {7}.*\n)+").matcher(Files.readString(Path.of("../README.md")));
        assertThat(block.find()).isTrue();
        var agent = block.group();

        assertThat(schema("agent.schema.json").validate(agent, InputFormat.YAML))
                .isEmpty();
        assertThat(AgentSettings.read("agent.yaml", agent.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOfSatisfying(
                        AgentSettings.Read.Valid.class,
                        valid -> assertThat(valid.settings().repositories()).hasSize(1));
    }

    /** A value that no key of either file may have, with the path that the problem must name. */
    private record Misplaced(String document, String path) {
        static Misplaced at(String place, String key) {
            var written = place.isEmpty() ? key : place + "." + key;
            // Images have patterns for names.
            var path = written.replace("*", "a").replaceFirst("(images|rules)\\.a\\.", "$1.*.");
            var document = "[{x: {y: 1}}]";
            for (var word : List.of(path.split("\\.", -1)).reversed()) {
                document = word.endsWith("[]")
                        ? "{" + word.replace("[]", "") + ": [" + document + "]}"
                        : "{'" + word + "': " + document + "}";
            }
            return new Misplaced(document, path.replace("[]", "[0]"));
        }
    }

    private static Stream<Misplaced> misplaced(Map<String, Keys> readers) {
        return readers.entrySet().stream()
                .flatMap(reader ->
                        reader.getValue().known().stream().sorted().map(key -> Misplaced.at(reader.getKey(), key)));
    }

    @Test
    void every_key_of_a_repository_refuses_a_value_of_another_kind_at_its_place() throws IOException {
        for (var wrong : misplaced(RepositoryKeys.byPath()).toList()) {
            assertThat(schema("lockstep.schema.json").validate(wrong.document, InputFormat.YAML))
                    .as(wrong.document)
                    .isNotEmpty();
            assertThat(RepositorySettings.read("lockstep.yaml", wrong.document.getBytes(StandardCharsets.UTF_8)))
                    .as(wrong.document)
                    .isInstanceOfSatisfying(
                            RepositorySettings.Read.Invalid.class,
                            i -> assertThat(i.errors())
                                    .extracting(Problem::path)
                                    .as(wrong.document)
                                    .anyMatch(path -> path.startsWith(wrong.path)));
        }
    }

    @Test
    void every_key_of_an_agent_refuses_a_value_of_another_kind_at_its_place() throws IOException {
        for (var wrong : misplaced(AGENT).toList()) {
            assertThat(schema("agent.schema.json").validate(wrong.document, InputFormat.YAML))
                    .as(wrong.document)
                    .isNotEmpty();
            assertThat(AgentSettings.read("agent.yaml", wrong.document.getBytes(StandardCharsets.UTF_8)))
                    .as(wrong.document)
                    .isInstanceOfSatisfying(
                            AgentSettings.Read.Invalid.class,
                            i -> assertThat(i.errors())
                                    .extracting(Problem::path)
                                    .as(wrong.document)
                                    .anyMatch(path -> path.startsWith(wrong.path)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "host: {}",
                "hosts: {-a: {}}",
                "hosts: {a: {label: {}}}",
                "hosts: [a]",
                "stacks: {Shop: {}}",
                "stacks: {shop: {hosts: [a b]}}",
                "stacks: {shop: {after: 3}}",
                "stacks: {shop: {suspend: 3}}",
                "stacks: {shop: {suspend: ''}}",
                "windows: {night: {}}",
                "windows: {night: {opens: '0 0 2 ? * *', duration: 3, zone: UTC}}",
                "builds: {app: {image: x}}",
                "builds: {app: {when: {tags: v*}}}",
                "builds: {app: {image: x, when: {tags: v*, tag: x}}}",
                "builds: {app: {image: x, when: {tags: v*, moved: maybe}}}",
                "builds: {app: {image: x, when: {tags: v*}, push: maybe}}",
                "builds: {app: {image: x, when: {tags: v*}, secrets: [../shadow]}}",
                "builds: {app: {image: x, when: {tags: v*}, test: {comand: x}}}",
                "builds: {app: {image: x, when: {tags: v*}, test: {timeout: 5}}}",
                "builds: {app: {image: x, when: {tags: v*}, test: {reports: out}}}",
                "builds: {app: {image: x, when: {tags: v*}, test: {service: a/b/c}}}",
                "builds: {app: {image: x, when: {tags: v*}, test: {matrix: {A: []}}}}",
                "builds: {app: {image: x, when: {tags: v*}, test: {matrix: {a b: [c]}}}}",
                "policy: {priviliged: true}",
                "policy: {host-namespaces: [net]}",
                "policy: {host-resources: [memory]}",
                "stacks: {shop: {policy: {capabilities: {}}}}",
                "policy: {images: [nginx]}",
                "policy: {images: {nginx: {}}}",
                "policy: {images: {'*': {require-signed: keys/release.pub}}}",
                "policy: {images: {'*': {require-sign: true}}}",
                "stacks: {shop: {policy: {images: {'docker.io/x:1': {}}}}}",
            })
    void what_the_schema_refuses_the_reader_refuses(String mistake) throws IOException {
        assertThat(schema("lockstep.schema.json").validate(mistake, InputFormat.YAML))
                .isNotEmpty();
        assertThat(RepositorySettings.read("lockstep.yaml", mistake.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(RepositorySettings.Read.Invalid.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hosts: {}",
                "host: -a",
                "repositories: [{url: x, force-push: maybe}]",
                "repositories: [{ref: main}]",
                "repositories: [{url: x, path: ../up}]",
                "repositories: [{url: x, path: /up}]",
                "repositories: [{url: x, ref: '-x'}]",
                "repositories: [{url: 'https://x/y', password-file: secret}]",
                "repositories: [{url: 'https://x/y', password-file: /p, username: 'a:b'}]",
                "repositories: [{url: 'https://x/y', ca-file: ca.pem}]",
                "repositories: [{url: 'ssh://x/y', ssh-key-file: id}]",
                "repositories: [{url: 'ssh://x/y', known-hosts-file: ~/.ssh/known_hosts}]",
                "interval: 60",
                "foreign-firewall: maybe",
                "registries: [a]",
                "registries: {'https://a.example': {}}",
                "registries: {a_b: {}}",
                "registries: {a.example: {insecure: 3}}",
                "builds: {secrets: [npm]}",
                "builds: {secrets: {a b: [x]}}",
                "builds: {memory: [a]}",
                "builds: {pids: 3}",
                "policy: [a]",
                "policy: {priviliged: true}",
                "policy: {privileged: [a]}",
                "policy: {host-namespaces: [net]}",
                "policy: {host-resources: [memory]}",
                "policy: {registries: [docker.io]}",
                "policy: {bind-sources: {/srv: ro}}",
                "policy: {stacks: {Shop: {}}}",
                "policy: {stacks: {shop: {stacks: {}}}}",
                "policy: {stacks: {shop: {capabilities: {}}}}",
                "policy: {stacks: {shop: {repository: [a]}}}",
                "unpack-limits: {entries: 0}",
                "unpack-limits: {bytes: []}",
                "unpack-limits: {ratio: x}",
                "unpack-limits: {inodes: 5}",
                "user-namespaces: {default: own}",
                "user-namespaces: {range: 5}",
                "user-namespaces: {size: 65536}",
                "registries: {a.example: {mirror: [b]}}",
                "registries: {a.example: {mirrors: b}}",
                "registries: {a.example: {mirrors: ['https://b']}}",
                "registries: {a.example: {mirrors: [b, b]}}",
                "registries: {a.example: {mirrors: [b/../c]}}",
                "policy: {drop-capabilities: true}",
                "policy: {no-new-privileges: maybe}",
                "policy: {pids-limit: 0}",
                "policy: {pids-limit: -2}",
                "policy: {pids-limit: many}",
                "policy: {stacks: {shop: {pids-limit: [100]}}}",
                "images: [nginx]",
                "images: {rule: {}}",
                "images: {registries: {}}",
                "images: {rules: []}",
                "images: {rules: {nginx: {}}}",
                "images: {rules: {library/nginx: {}}}",
                "images: {rules: {docker.io: {}}}",
                "images: {rules: {'docker.io/library/nginx:1': {}}}",
                "images: {rules: {'docker.io/*/nginx': {}}}",
                "images: {rules: {'docker.io/team*': {}}}",
                "images: {rules: {'*.example.com': {}}}",
                "images: {rules: {'*.example.com/team/*': {}}}",
                "images: {rules: {'*/nginx': {}}}",
                "images: {rules: {a.example/X: {}}}",
                "images: {rules: {'*': {require-signed: []}}}",
                "images: {rules: {'*': {require-signed: ''}}}",
                "images: {rules: {'*': {require-signed: [3]}}}",
                "images: {rules: {'*': {require-signed: true}}}",
                "images: {rules: {'*': {require-digest: maybe}}}",
                "images: {rules: {'*': {forbid-latest: [a]}}}",
                "images: {rules: {'*': {local: maybe}}}",
                "housekeeping: [a]",
                "housekeeping: {schedule: daily}",
                "housekeeping: {schedule: 3}",
                "housekeeping: {zone: ''}",
                "housekeeping: {keep-age: 7}",
                "housekeeping: {keep: -1}",
                "housekeeping: {keep: many}",
                "housekeeping: {disk-used: 85}",
                "housekeeping: {disk-used: 101%}",
                "housekeeping: {disk-used: 85%, disk-free: 20g}",
                "housekeeping: {keeps: 3}",
            })
    void the_same_holds_for_the_hosts_settings(String mistake) throws IOException {
        assertThat(schema("agent.schema.json").validate(mistake, InputFormat.YAML))
                .isNotEmpty();
        assertThat(AgentSettings.read("agent.yaml", mistake.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(AgentSettings.Read.Invalid.class);
    }
}
