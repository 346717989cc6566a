package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlReader;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Trees as text that can be compared: keys sorted, texts in quotes, everything else as it is written. */
final class TreeText {
    private TreeText() {}

    static String of(YamlNode node) {
        return switch (node) {
            case YamlScalar scalar ->
                scalar.isText() ? "'" + scalar.text() + "'" : scalar.isNull() ? "~" : scalar.text();
            case YamlSequence sequence ->
                sequence.items().stream().map(TreeText::of).collect(Collectors.joining(", ", "[", "]"));
            case YamlMapping mapping ->
                new TreeMap<>(mapping.entries())
                        .entrySet().stream()
                                .map(e -> e.getKey() + ": " + of(e.getValue().value()))
                                .collect(Collectors.joining(", ", "{", "}"));
        };
    }

    static String ofYaml(String yaml) {
        return of(parse(yaml));
    }

    static YamlNode parse(String yaml) {
        var problems = new Problems();
        var documents = new YamlReader(YamlLimits.DEFAULT)
                .read("expected.yaml", yaml.getBytes(StandardCharsets.UTF_8), problems);
        if (problems.hasErrors()) {
            throw new AssertionError(problems.errors());
        }
        return documents.getFirst();
    }
}
