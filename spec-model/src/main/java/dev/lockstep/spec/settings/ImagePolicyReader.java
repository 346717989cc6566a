package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/** Reads rules about images, of the host's file or of a repository's. */
final class ImagePolicyReader {
    static final Keys IMAGES = Keys.of("registries rules");
    static final Keys RULE = Keys.of("require-signed same-repository require-digest forbid-latest local");

    private static final String REGISTRY = "[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?";

    private final Reading reading;
    private final boolean keyFiles;

    /** @param keyFiles whether keys may be files: what comes from Git names none of the host's */
    ImagePolicyReader(Reading reading, boolean keyFiles) {
        this.reading = reading;
        this.keyFiles = keyFiles;
    }

    /** All that the host's file says, below {@code key}. */
    ImagePolicy read(Fields settings, String key) {
        if (!settings.has(key)) {
            return ImagePolicy.NONE;
        }
        var images = settings.fields(key, IMAGES);
        Optional<ImagePolicy.Registries> registries = images.has("registries")
                ? Optional.of(new ImagePolicy.Registries(
                        list(images, "registries").stream()
                                .flatMap(item ->
                                        reading.parsed(item.path(), item.node(), ImagePolicyReader::registry).stream())
                                .toList(),
                        images.at("registries")))
                : Optional.empty();
        return new ImagePolicy(registries, rules(images, "rules"));
    }

    /** A registry as references have it in full. */
    static String registry(String text) {
        if (!text.matches(REGISTRY)) {
            throw new IllegalArgumentException("\"" + text + "\" is not a registry such as registry.example.com:5000");
        }
        return ImagePattern.registry(text);
    }

    /** The rules below {@code key}, by pattern, in file order. */
    List<ImageRule> rules(Fields above, String key) {
        var rules = new ArrayList<ImageRule>();
        var seen = new HashMap<String, String>();
        var node = above.node(key);
        if (node.isPresent() && node.get() instanceof YamlMapping(var unused, var entries)) {
            entries.forEach((written, entry) -> {
                if (written.startsWith("x-")) {
                    return;
                }
                var path = above.path(key) + "." + written;
                reading.place(path, entry.keyAt());
                var fields = reading.fields(path, entry.keyAt(), entry.value(), RULE);
                reading.attempt(path, YamlScalar.text(entry.keyAt(), written), () -> ImagePattern.parse(written))
                        .ifPresent(pattern -> {
                            var earlier = seen.putIfAbsent(pattern.text(), written);
                            if (earlier != null) {
                                reading.error(
                                        entry.keyAt(), path, "is the same pattern as \"" + earlier + "\" above it");
                            }
                            rules.add(rule(pattern, fields));
                        });
            });
        } else if (node.isPresent()) {
            reading.mustBe(above.path(key), node.get(), "a mapping");
        }
        return rules;
    }

    private ImageRule rule(ImagePattern pattern, Fields fields) {
        var keys = new ArrayList<KeySource>();
        for (var item : list(fields, "require-signed")) {
            reading.parsed(item.path(), item.node(), text -> key(text, item)).ifPresent(keys::add);
        }
        if (fields.has("require-signed") && list(fields, "require-signed").isEmpty()) {
            fields.error("require-signed", "names no key. Name those that may have signed, or remove it");
        }
        var sameRepository = fields.flag("same-repository", false);
        if (sameRepository && !fields.has("require-signed")) {
            fields.error("same-repository", "says which signatures count, and none is required. Write require-signed");
        }
        return new ImageRule(
                pattern,
                keys,
                sameRepository,
                fields.flag("require-digest", false),
                fields.flag("forbid-latest", false),
                fields.parsed("local", ImagePolicyReader::local)
                        .orElse(fields.has("require-signed") ? ImageRule.Local.REFUSE : ImageRule.Local.ALLOW),
                fields.at());
    }

    private KeySource key(String text, Item item) {
        if (text.contains("-----BEGIN")) {
            return new KeySource.Inline(text, item.path(), item.node().at());
        }
        if (!keyFiles) {
            throw new IllegalArgumentException("must be the public key itself, from -----BEGIN PUBLIC KEY----- on:"
                    + " a repository names no files of hosts");
        }
        if (text.isBlank() || text.contains("\n") || text.contains("\0")) {
            throw new IllegalArgumentException(
                    "must be the path of a file with a public key, or the key itself from -----BEGIN PUBLIC KEY-----"
                            + " on");
        }
        return new KeySource.File(text, item.path(), item.node().at());
    }

    private static ImageRule.Local local(String text) {
        return switch (text) {
            case "allow" -> ImageRule.Local.ALLOW;
            case "refuse" -> ImageRule.Local.REFUSE;
            default -> throw new IllegalArgumentException("must be allow or refuse, not \"" + text + "\"");
        };
    }

    private record Item(String path, YamlNode node) {}

    /** A list, or a single text. */
    private List<Item> list(Fields fields, String key) {
        var node = fields.node(key);
        if (node.isEmpty()) {
            return List.of();
        }
        var path = fields.path(key);
        if (node.get() instanceof YamlScalar single && single.isText()) {
            return List.of(new Item(path, single));
        }
        var items = new ArrayList<Item>();
        for (var item : reading.items(path, node.get())) {
            items.add(new Item(path + "[" + items.size() + "]", item));
        }
        return items;
    }
}
