package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Devices that vendors describe for containers: the Container Device Interface, files in JSON or YAML that the host's
 * owner put there. Read anew each time; they change when a driver is updated.
 */
public final class CdiRegistry {
    /** A later directory counts before an earlier one. */
    private static final List<Path> DIRECTORIES = List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi"));

    private static final String NVIDIA = "nvidia.com/gpu";
    private static final Set<String> MOMENTS =
            Set.of("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop");

    private final JsonMapper json;
    private final List<Path> directories;

    /** What this host has. */
    public CdiRegistry(JsonMapper json) {
        this(json, DIRECTORIES);
    }

    /** What the files in these directories describe; a later one counts before an earlier one. */
    public CdiRegistry(JsonMapper json, List<Path> directories) {
        this.json = json;
        this.directories = List.copyOf(directories);
    }

    private record Spec(Path file, String kind, JsonNode document) {}

    /**
     * What all those devices together make of a container. What a file says for all of its devices is done once.
     *
     * @param names {@code vendor.com/class=name}
     * @throws IllegalArgumentException with a sentence that says what is missing
     */
    public CdiEdits devices(List<String> names) throws IOException {
        if (names.isEmpty()) {
            return CdiEdits.NONE;
        }
        var specs = specs();
        var general = new LinkedHashSet<Path>();
        var edits = CdiEdits.NONE;
        for (var name : names) {
            var equals = name.indexOf('=');
            var kind = name.substring(0, Math.max(equals, 0));
            var device = name.substring(equals + 1);
            var ofKind = specs.stream().filter(spec -> spec.kind().equals(kind)).toList();
            if (ofKind.isEmpty()) {
                throw new IllegalArgumentException("nothing on this host describes devices of " + kind + ", no file in "
                        + directories.stream().map(Path::toString).collect(Collectors.joining(" or ")) + ". "
                        + (kind.equals(NVIDIA)
                                ? "Install NVIDIA's driver and its container toolkit, and run"
                                        + " nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
                                : "Install what the vendor has for the Container Device Interface"));
            }
            var found = ofKind.reversed().stream()
                    .flatMap(spec -> device(spec, device).map(node -> Map.entry(spec, node)).stream())
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "this host has no device " + name + ". There " + known(kind, ofKind)));
            if (general.add(found.getKey().file())) {
                edits = edits.and(
                        edits(found.getKey(), found.getKey().document().path("containerEdits")));
            }
            edits = edits.and(edits(found.getKey(), found.getValue().path("containerEdits")));
        }
        return edits;
    }

    private static String known(String kind, List<Spec> specs) {
        var names = specs.stream()
                .flatMap(spec -> spec.document().path("devices").valueStream())
                .map(device -> kind + "=" + device.path("name").asText())
                .distinct()
                .sorted()
                .toList();
        return names.isEmpty() ? "is none at all" : (names.size() == 1 ? "is " : "are ") + String.join(", ", names);
    }

    private static Optional<JsonNode> device(Spec spec, String name) {
        return spec.document()
                .path("devices")
                .valueStream()
                .filter(device -> device.path("name").asText().equals(name))
                .findFirst();
    }

    private List<Spec> specs() throws IOException {
        var specs = new ArrayList<Spec>();
        for (var directory : directories) {
            if (!Files.isDirectory(directory)) {
                continue;
            }
            try (var files = Files.list(directory)) {
                for (var file : files.filter(f -> f.toString().matches(".*\\.(json|ya?ml)"))
                        .sorted()
                        .toList()) {
                    specs.add(read(file));
                }
            }
        }
        return specs;
    }

    /** JSON is YAML. */
    private Spec read(Path file) throws IOException {
        try {
            Object document = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
            JsonNode tree = json.valueToTree(document);
            var kind = tree.path("kind").asText();
            if (kind.isEmpty()) {
                throw new IllegalArgumentException(file + " says of no kind of devices that it describes them");
            }
            return new Spec(file, kind, tree);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + " describes no devices: it is not text in UTF-8", e);
        } catch (YAMLException e) {
            throw new IllegalArgumentException(file + " describes no devices: " + e.getMessage(), e);
        }
    }

    private CdiEdits edits(Spec spec, JsonNode edits) throws IOException {
        var environment = new LinkedHashMap<String, String>();
        for (var variable : edits.path("env")) {
            var text = variable.asText();
            var equals = text.indexOf('=');
            if (equals > 0) {
                environment.put(text.substring(0, equals), text.substring(equals + 1));
            }
        }
        var nodes = new ArrayList<HostDevices.Node>();
        var rules = new ArrayList<BundleDevices.Rule>();
        for (var entry : edits.path("deviceNodes")) {
            var path = required(spec, entry, "path");
            var host = entry.path("hostPath").asText("").isEmpty()
                    ? path
                    : entry.path("hostPath").asText();
            var permissions = entry.path("permissions").asText("");
            for (var node : HostDevices.at(Path.of(host), path)) {
                nodes.add(new HostDevices.Node(
                        node.path(),
                        node.type(),
                        node.number(),
                        entry.path("fileMode").asInt(node.mode()) & 07777,
                        entry.path("uid").asInt(node.uid()),
                        entry.path("gid").asInt(node.gid())));
                rules.add(BundleDevices.Rule.of(node, permissions.isEmpty() ? "rwm" : permissions));
            }
        }
        var mounts = new ArrayList<BundleMount>();
        for (var entry : edits.path("mounts")) {
            var options =
                    entry.path("options").valueStream().map(JsonNode::asText).toList();
            mounts.add(new BundleMount(
                    required(spec, entry, "containerPath"),
                    entry.path("type").asText("bind"),
                    required(spec, entry, "hostPath"),
                    options.isEmpty() ? List.of("rbind", "rprivate") : options));
        }
        return new CdiEdits(
                environment,
                new BundleDevices(nodes, rules),
                mounts,
                hooks(spec, edits.path("hooks")),
                edits.path("additionalGids")
                        .valueStream()
                        .map(JsonNode::asInt)
                        .filter(gid -> gid > 0)
                        .toList());
    }

    private Map<String, List<ObjectNode>> hooks(Spec spec, JsonNode written) {
        var hooks = new LinkedHashMap<String, List<ObjectNode>>();
        for (var entry : written) {
            var moment = required(spec, entry, "hookName");
            if (!MOMENTS.contains(moment)) {
                throw new IllegalArgumentException(
                        spec.file() + " has a hook for \"" + moment + "\", which is no moment" + " of a container");
            }
            var hook = json.createObjectNode();
            hook.put("path", required(spec, entry, "path"));
            for (var field : List.of("args", "env", "timeout")) {
                if (entry.hasNonNull(field)) {
                    hook.set(field, entry.path(field));
                }
            }
            hooks.computeIfAbsent(moment, _ -> new ArrayList<>()).add(hook);
        }
        return hooks;
    }

    private static String required(Spec spec, JsonNode entry, String field) {
        var text = entry.path(field).asText("");
        if (text.isEmpty()) {
            throw new IllegalArgumentException(spec.file() + " has an entry without " + field);
        }
        return text;
    }
}
