package dev.lockstep.spec.yaml;

import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Leaves plain scalars untyped, for {@link NodeConverter} to type by YAML 1.2: SnakeYAML's own resolver follows 1.1,
 * where {@code no} is a boolean and {@code 12:30} a number.
 */
final class Scalars extends Resolver {
    static final Tag PLAIN = new Tag("tag:lockstep.dev,2025:plain");

    @Override
    protected void addImplicitResolvers() {
        // None: every plain scalar is PLAIN.
    }

    @Override
    public Tag resolve(NodeId kind, String value, boolean implicit) {
        return switch (kind) {
            case scalar -> implicit ? PLAIN : Tag.STR;
            case sequence -> Tag.SEQ;
            default -> Tag.MAP;
        };
    }
}
