package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.KeyValue;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The forms of an attribute that merge with each other: short ones as the long one. What is wrong stays as it is. */
final class LongForms {
    private LongForms() {}

    /** {@code [A=1, B]} as {@code {A: "1", B: null}}. */
    static YamlNode keyValues(YamlNode node) {
        if (!(node instanceof YamlSequence sequence)) {
            return node;
        }
        var entries = new LinkedHashMap<String, YamlMapping.Entry>();
        for (var item : sequence.items()) {
            if (!(item instanceof YamlScalar scalar)) {
                return node;
            }
            var entry = KeyValue.of(scalar);
            // Where one key stands twice the later counts, at the place of the earlier.
            entries.put(entry.key(), new YamlMapping.Entry(scalar.at(), entry.value()));
        }
        return new YamlMapping(node.at(), entries);
    }

    /** {@code a} as {@code [a]}. */
    static YamlNode list(YamlNode node) {
        return node instanceof YamlScalar scalar && !scalar.isNull()
                ? new YamlSequence(node.at(), List.of(node))
                : node;
    }

    /** {@code {h: 1.2.3.4, i: [1.2.3.4, ::1]}} as {@code ["h=1.2.3.4", …]}. */
    static YamlNode hosts(YamlNode node) {
        if (!(node instanceof YamlMapping mapping)) {
            return node;
        }
        var items = new ArrayList<YamlNode>();
        for (var entry : mapping.entries().entrySet()) {
            var value = entry.getValue().value();
            for (var address : value instanceof YamlSequence sequence ? sequence.items() : List.of(value)) {
                if (!(address instanceof YamlScalar scalar)) {
                    return node;
                }
                items.add(YamlScalar.text(scalar.at(), entry.getKey() + "=" + scalar.asText()));
            }
        }
        return new YamlSequence(node.at(), items);
    }

    /** {@code [a, b]} as {@code {a: null, b: null}}. */
    static YamlNode names(YamlNode node) {
        return named(node, YamlScalar::nothing);
    }

    /** {@code [a, b]} as mapping to what a bare dependency means. */
    static YamlNode dependencies(YamlNode node) {
        return named(
                node,
                at -> new YamlMapping(
                        at,
                        Map.of(
                                "condition",
                                new YamlMapping.Entry(at, YamlScalar.text(at, "service_started")),
                                "required",
                                new YamlMapping.Entry(at, new YamlScalar(at, YamlScalar.Kind.BOOLEAN, "true", -1)))));
    }

    private interface Default {
        YamlNode at(SourcePosition place);
    }

    private static YamlNode named(YamlNode node, Default value) {
        if (!(node instanceof YamlSequence sequence)) {
            return node;
        }
        var entries = new LinkedHashMap<String, YamlMapping.Entry>();
        for (var item : sequence.items()) {
            if (!(item instanceof YamlScalar name) || name.isNull()) {
                return node;
            }
            entries.put(name.text(), new YamlMapping.Entry(name.at(), value.at(name.at())));
        }
        return new YamlMapping(node.at(), entries);
    }

    /** {@code DIR} as {@code {context: DIR}}. */
    static YamlNode build(YamlNode node) {
        return node instanceof YamlScalar scalar && !scalar.isNull()
                ? new YamlMapping(node.at(), Map.of("context", new YamlMapping.Entry(node.at(), node)))
                : node;
    }
}
