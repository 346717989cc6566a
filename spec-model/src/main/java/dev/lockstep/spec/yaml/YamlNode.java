package dev.lockstep.spec.yaml;

/**
 * One node of a YAML document, with aliases and merge keys resolved. Nodes are immutable and may be shared: what an
 * alias repeats is the same object.
 */
public sealed interface YamlNode permits YamlMapping, YamlSequence, YamlScalar {
    /** Where the node begins. */
    SourcePosition at();

    /** The same value, said to stand at {@code place}. */
    YamlNode movedTo(SourcePosition place);

    /** What it is, for messages: {@code a mapping}, {@code a list}, {@code text}. */
    String kindInWords();

    /** True for the very same object: what was not changed is not copied, and comparing whole trees takes long. */
    @SuppressWarnings("ReferenceEquality")
    default boolean isSame(YamlNode other) {
        return this == other;
    }
}
