package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the host's owner says about one registry, below {@code registries} of {@code agent.yaml}.
 *
 * @param insecure true: any certificate will do, or none; false: a certificate that is verified, also on the loopback
 * @param mirrors {@code HOST[:PORT][/PATH]}, asked first and in this order for what is pulled
 */
public record RegistryEntry(Optional<Boolean> insecure, List<String> mirrors) {
    static final Keys KEYS = Keys.of("insecure mirrors");

    private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?";
    private static final String HOST = "(\\[[0-9a-fA-F:]+\\]|" + LABEL + "(\\." + LABEL + ")*)(:[0-9]{1,5})?";
    private static final Pattern REGISTRY = Pattern.compile(HOST);
    private static final Pattern MIRROR = Pattern.compile(HOST + "(/[a-z0-9]+([._-]+[a-z0-9]+)*)*");

    public RegistryEntry {
        mirrors = List.copyOf(mirrors);
    }

    /** Those below {@code key}, by host as images name it, in file order. */
    static Map<String, RegistryEntry> read(Reading reading, Fields settings, String key) {
        var registries = new LinkedHashMap<String, RegistryEntry>();
        var node = settings.node(key);
        if (node.isPresent() && node.get() instanceof YamlMapping(var unused, var entries)) {
            entries.forEach((name, entry) -> {
                var path = key + "." + name;
                if (name.startsWith("x-")) {
                    return;
                }
                var host = host(name);
                if (!REGISTRY.matcher(host).matches()) {
                    reading.error(
                            entry.keyAt(),
                            key,
                            "\"" + name + "\" is not a registry. Write HOST or HOST:PORT, as images name it");
                } else if (registries.containsKey(host)) {
                    reading.error(entry.keyAt(), path, "is the same registry as " + host);
                }
                var fields = reading.fields(path, entry.keyAt(), entry.value(), KEYS);
                registries.put(
                        host,
                        new RegistryEntry(
                                fields.node("insecure").flatMap(n -> reading.flag(path + ".insecure", n)),
                                mirrors(reading, fields, host)));
            });
        } else if (node.isPresent()) {
            reading.mustBe(key, node.get(), "a mapping");
        }
        return Collections.unmodifiableMap(registries);
    }

    /** Docker Hub has several names; images have one for it. */
    private static String host(String name) {
        return name.equals("index.docker.io") || name.equals("registry-1.docker.io") ? "docker.io" : name;
    }

    private static List<String> mirrors(Reading reading, Fields fields, String registry) {
        var mirrors = new ArrayList<String>();
        var items = fields.node("mirrors")
                .map(n -> reading.items(fields.path("mirrors"), n))
                .orElse(List.of());
        for (var i = 0; i < items.size(); i++) {
            var item = items.get(i);
            var path = fields.path("mirrors") + "[" + i + "]";
            reading.parsed(path, item, RegistryEntry::mirror).ifPresent(mirror -> {
                if (mirror.equals(registry)) {
                    reading.error(item.at(), path, "is the registry itself, which is asked last anyway");
                } else if (mirrors.contains(mirror)) {
                    reading.error(item.at(), path, "is there twice");
                }
                mirrors.add(mirror);
            });
        }
        return mirrors;
    }

    private static String mirror(String text) {
        if (text.contains("://")) {
            throw new IllegalArgumentException("\"" + text
                    + "\" must be HOST[:PORT][/PATH] without \"://\". Where the mirror has no certificate, write"
                    + " insecure: true for its host");
        }
        if (!MIRROR.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not HOST[:PORT][/PATH]");
        }
        return text;
    }
}
