package dev.lockstep.spec.yaml;

import java.util.List;

/** A list. */
public record YamlSequence(SourcePosition at, List<YamlNode> items) implements YamlNode {
    public YamlSequence {
        items = List.copyOf(items);
    }

    @Override
    public String kindInWords() {
        return "a list";
    }
}
