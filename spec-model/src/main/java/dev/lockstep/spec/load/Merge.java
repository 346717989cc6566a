package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.KeyValue;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts one file over another as the Compose Specification's "Merge and override" says: mappings merge, lists append,
 * single values replace, nothing leaves what was there; some keys have a rule of their own. Lists whose entries have an
 * identity (ports, volumes) are only appended here, and the readers let a later entry replace an equal earlier one.
 */
final class Merge {
    /** How the values of one key are put together. */
    private enum Rule {
        PLAIN,
        REPLACE,
        /** Mapping or list of {@code K=V}; a key without value overrides as well. */
        KEY_VALUES,
        /** One text or a list of texts. */
        LIST,
        /** List of names or mapping by name. */
        NAMES,
        DEPENDENCIES,
        IPAM_CONFIG
    }

    private final Problems problems;

    Merge(Problems problems) {
        this.problems = problems;
    }

    /** {@code over} put over {@code under}; both are the roots of files. */
    YamlNode files(YamlNode under, YamlNode over) {
        return merge("", under, over);
    }

    private static Rule ruleOf(String path) {
        var parts = path.split("\\.", -1);
        var section = parts[0];
        if (parts.length < 3) {
            return Rule.PLAIN;
        }
        var key = parts[parts.length - 1];
        if (section.equals("services") && parts.length == 3) {
            return switch (key) {
                case "command", "entrypoint" -> Rule.REPLACE;
                case "environment", "labels" -> Rule.KEY_VALUES;
                case "env_file" -> Rule.LIST;
                case "networks" -> Rule.NAMES;
                case "depends_on" -> Rule.DEPENDENCIES;
                default -> Rule.PLAIN;
            };
        }
        if (section.equals("services") && parts.length == 4 && parts[2].equals("healthcheck") && key.equals("test")) {
            return Rule.REPLACE;
        }
        if ((section.equals("networks") || section.equals("volumes")) && parts.length == 3 && key.equals("labels")) {
            return Rule.KEY_VALUES;
        }
        return section.equals("networks") && parts.length == 4 && parts[2].equals("ipam") && key.equals("config")
                ? Rule.IPAM_CONFIG
                : Rule.PLAIN;
    }

    private YamlNode merge(String path, YamlNode under, YamlNode over) {
        return switch (ruleOf(path)) {
            case REPLACE -> over;
            case PLAIN -> plain(path, under, over);
            case KEY_VALUES -> overlay(keyValues(under), keyValues(over), path);
            case LIST -> append(asList(under), asList(over), path);
            case NAMES -> plain(path, named(under, false), named(over, false));
            case DEPENDENCIES -> plain(path, named(under, true), named(over, true));
            case IPAM_CONFIG -> subnets(path, under, over);
        };
    }

    private YamlNode plain(String path, YamlNode under, YamlNode over) {
        if (isNull(over)) {
            return under;
        }
        if (isNull(under)) {
            return over;
        }
        return switch (over) {
            case YamlMapping above when under instanceof YamlMapping below -> mappings(path, below, above);
            case YamlSequence above when under instanceof YamlSequence below -> append(below, above, path);
            case YamlScalar above when under instanceof YamlScalar -> above;
            default -> cannot(path, under, over);
        };
    }

    private YamlMapping mappings(String path, YamlMapping under, YamlMapping over) {
        var entries = new LinkedHashMap<>(under.entries());
        over.entries().forEach((key, entry) -> {
            var earlier = entries.get(key);
            if (earlier == null) {
                entries.put(key, entry);
            } else {
                // A name with a dot is one part of the path here, whatever it looks like in messages.
                var part = key.replace('.', '\u0000');
                var value = merge(path.isEmpty() ? part : path + "." + part, earlier.value(), entry.value());
                // What is only added to is still at home where it was written first.
                var stays = value instanceof YamlMapping || isNull(entry.value());
                entries.put(key, new YamlMapping.Entry(stays ? earlier.keyAt() : entry.keyAt(), value));
            }
        });
        return new YamlMapping(over.at(), entries);
    }

    private YamlNode append(YamlNode under, YamlNode over, String path) {
        if (isNull(over)) {
            return under;
        }
        if (under instanceof YamlSequence below && over instanceof YamlSequence above) {
            var items = new ArrayList<>(below.items());
            items.addAll(above.items());
            return new YamlSequence(above.at(), items);
        }
        return isNull(under) ? over : cannot(path, under, over);
    }

    private YamlNode overlay(YamlNode under, YamlNode over, String path) {
        if (isNull(over)) {
            return under;
        }
        if (isNull(under)) {
            return over;
        }
        if (under instanceof YamlMapping below && over instanceof YamlMapping above) {
            var entries = new LinkedHashMap<>(below.entries());
            entries.putAll(above.entries());
            return new YamlMapping(above.at(), entries);
        }
        return cannot(path, under, over);
    }

    private YamlNode subnets(String path, YamlNode under, YamlNode over) {
        if (!(under instanceof YamlSequence below) || !(over instanceof YamlSequence above)) {
            return plain(path, under, over);
        }
        var items = new ArrayList<>(below.items());
        for (var item : above.items()) {
            var place = -1;
            for (var i = 0; i < items.size() && place < 0; i++) {
                place = sameSubnet(items.get(i), item) ? i : -1;
            }
            if (place < 0) {
                items.add(item);
            } else {
                items.set(place, plain(path + "[" + place + "]", items.get(place), item));
            }
        }
        return new YamlSequence(above.at(), items);
    }

    private static boolean sameSubnet(YamlNode a, YamlNode b) {
        return a instanceof YamlMapping one
                && b instanceof YamlMapping two
                && one.get("subnet") instanceof YamlScalar first
                && two.get("subnet") instanceof YamlScalar second
                && first.text().equals(second.text());
    }

    /** {@code [A=1, B]} as {@code {A: "1", B: null}}; anything else as it is. */
    private static YamlNode keyValues(YamlNode node) {
        if (!(node instanceof YamlSequence sequence)) {
            return node;
        }
        var entries = new LinkedHashMap<String, YamlMapping.Entry>();
        for (var item : sequence.items()) {
            if (!(item instanceof YamlScalar scalar)) {
                return node;
            }
            var entry = KeyValue.of(scalar);
            entries.put(entry.key(), new YamlMapping.Entry(scalar.at(), entry.value()));
        }
        return new YamlMapping(node.at(), entries);
    }

    private static YamlNode asList(YamlNode node) {
        return node instanceof YamlSequence || isNull(node) ? node : new YamlSequence(node.at(), List.of(node));
    }

    /** {@code [a, b]} as a mapping by name; anything else as it is. */
    private static YamlNode named(YamlNode node, boolean dependencies) {
        if (!(node instanceof YamlSequence sequence)) {
            return node;
        }
        var entries = new LinkedHashMap<String, YamlMapping.Entry>();
        for (var item : sequence.items()) {
            if (!(item instanceof YamlScalar name) || name.isNull()) {
                return node;
            }
            var at = name.at();
            var value = dependencies
                    ? new YamlMapping(
                            at,
                            Map.of(
                                    "condition",
                                    new YamlMapping.Entry(at, YamlScalar.text(at, "service_started")),
                                    "required",
                                    new YamlMapping.Entry(at, new YamlScalar(at, YamlScalar.Kind.BOOLEAN, "true", -1))))
                    : YamlScalar.nothing(at);
            entries.put(name.text(), new YamlMapping.Entry(at, value));
        }
        return new YamlMapping(node.at(), entries);
    }

    private YamlNode cannot(String path, YamlNode under, YamlNode over) {
        problems.error(
                over.at(),
                path.replace('\u0000', '.'),
                over.kindInWords() + " cannot override " + under.kindInWords() + " (" + under.at() + ")");
        return under;
    }

    private static boolean isNull(YamlNode node) {
        return node instanceof YamlScalar scalar && scalar.isNull();
    }
}
