package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Turns one composed document into our nodes: types plain scalars, resolves merge keys, refuses duplicate keys, cycles
 * and bombs. Each node is converted once however many aliases point at it, and what it would grow to is added up, so
 * the work is in proportion to the file and not to what the file pretends to be.
 */
final class NodeConverter {
    private final String file;
    private final YamlLimits limits;
    private final Problems problems;
    private final IdentityHashMap<Node, Sized> done = new IdentityHashMap<>();
    private final IdentityHashMap<YamlNode, Sized> sizeOf = new IdentityHashMap<>();
    private final Set<Node> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private long mergedEntries;
    private boolean refused;

    NodeConverter(String file, YamlLimits limits, Problems problems) {
        this.file = file;
        this.limits = limits;
        this.problems = problems;
    }

    /** A converted node, how many nodes it stands for and how deep it goes. */
    private record Sized(YamlNode node, long nodes, int depth) {}

    YamlNode document(Node root) {
        var sized = convert(root);
        var written = done.size();
        if (!refused && (sized.nodes > limits.nodes() || sized.nodes > limits.growth() * Math.max(written, 10))) {
            refuse(
                    root,
                    "aliases make " + written + " nodes of this file into " + sized.nodes
                            + ". That is more than any real file needs");
        }
        return refused ? new YamlMapping(at(root), Map.of()) : sized.node;
    }

    private Sized convert(Node node) {
        var known = done.get(node);
        if (known != null) {
            return known;
        }
        if (!open.add(node)) {
            refuse(node, "an alias inside this value points back at it");
            return nothing(node);
        }
        var sized = switch (node) {
            case ScalarNode scalar -> new Sized(scalar(scalar), 1, 1);
            case SequenceNode sequence -> sequence(sequence);
            case MappingNode mapping -> mapping(mapping);
            default -> nothing(node);
        };
        open.remove(node);
        if (sized.depth > limits.depth()) {
            refuse(node, "nested more than " + limits.depth() + " deep");
            sized = nothing(node);
        }
        done.put(node, sized);
        sizeOf.put(sized.node, sized);
        return sized;
    }

    private Sized sequence(SequenceNode node) {
        checkTag(node, Tag.SEQ);
        var items = new ArrayList<YamlNode>(node.getValue().size());
        var nodes = 1L;
        var depth = 0;
        for (var item : node.getValue()) {
            var sized = convert(item);
            items.add(sized.node);
            nodes = plus(nodes, sized.nodes);
            depth = Math.max(depth, sized.depth);
        }
        return new Sized(new YamlSequence(at(node), items), nodes, depth + 1);
    }

    private Sized mapping(MappingNode node) {
        checkTag(node, Tag.MAP);
        var entries = new LinkedHashMap<String, YamlMapping.Entry>();
        var sizes = new LinkedHashMap<String, Sized>();
        var merges = new ArrayList<NodeTuple>();
        for (var tuple : node.getValue()) {
            if (isMerge(tuple.getKeyNode())) {
                merges.add(tuple);
                continue;
            }
            var sized = convert(tuple.getValueNode());
            var key = key(tuple.getKeyNode());
            if (key == null) {
                continue;
            }
            var keyAt = at(tuple.getKeyNode());
            var earlier = entries.putIfAbsent(key, new YamlMapping.Entry(keyAt, sized.node));
            if (earlier == null) {
                sizes.put(key, sized);
            } else {
                problems.error(
                        keyAt,
                        "",
                        "mapping key \"" + key + "\" already defined at line "
                                + earlier.keyAt().line());
            }
        }
        for (var merge : merges.subList(0, Math.min(1, merges.size()))) {
            merge(merge.getValueNode(), entries, sizes);
        }
        for (var merge : merges.subList(Math.min(1, merges.size()), merges.size())) {
            problems.error(at(merge.getKeyNode()), "", "\"<<\" stands here twice. Write one, with a list of aliases");
        }
        var nodes = 1L;
        var depth = 0;
        for (var sized : sizes.values()) {
            nodes = plus(nodes, sized.nodes + 1);
            depth = Math.max(depth, sized.depth);
        }
        return new Sized(new YamlMapping(at(node), entries), nodes, depth + 1);
    }

    /** Adds what {@code <<} brings and the mapping does not have itself; the first of a list wins. */
    private void merge(Node value, Map<String, YamlMapping.Entry> entries, Map<String, Sized> sizes) {
        List<Node> bases = value instanceof SequenceNode sequence ? sequence.getValue() : List.of(value);
        for (var base : bases) {
            if (!(convert(base).node instanceof YamlMapping mapping)) {
                problems.error(at(base), "", "\"<<\" takes a mapping, an alias of one, or a list of these");
                continue;
            }
            mergedEntries += mapping.entries().size();
            if (mergedEntries > limits.nodes()) {
                refuse(base, "merge keys make this file too large");
                return;
            }
            mapping.entries().forEach((key, entry) -> {
                if (entries.putIfAbsent(key, entry) == null) {
                    sizes.put(key, sizeOf.getOrDefault(entry.value(), new Sized(entry.value(), 1, 1)));
                }
            });
        }
    }

    private static boolean isMerge(Node key) {
        return key instanceof ScalarNode scalar
                && (scalar.getTag().equals(Scalars.PLAIN) || scalar.getTag().equals(Tag.MERGE))
                && scalar.getValue().equals("<<");
    }

    private @Nullable String key(Node node) {
        if (convert(node).node instanceof YamlScalar scalar) {
            if (scalar.isText()) {
                return scalar.text();
            }
            problems.error(
                    at(node),
                    "",
                    "a key must be text, and YAML takes " + (scalar.isNull() ? "this" : scalar.text()) + " for "
                            + scalar.kindInWords() + ". Write it in quotes");
        } else {
            problems.error(at(node), "", "a key must be text");
        }
        return null;
    }

    private YamlScalar scalar(ScalarNode node) {
        var text = node.getValue();
        return new YamlScalar(at(node), kind(node), text, inset(node, text));
    }

    private YamlScalar.Kind kind(ScalarNode node) {
        var tag = node.getTag();
        if (tag.equals(Scalars.PLAIN)) {
            return plainKind(node.getValue());
        }
        if (tag.equals(Tag.STR) || tag.getValue().equals("!")) {
            return YamlScalar.Kind.TEXT;
        }
        var wanted = kindOf(tag);
        if (wanted == null) {
            unknownTag(node);
            return YamlScalar.Kind.TEXT;
        }
        if (plainKind(node.getValue()) != wanted) {
            problems.error(at(node), "", "\"" + node.getValue() + "\" is not what its tag says");
        }
        return wanted;
    }

    private static YamlScalar.@Nullable Kind kindOf(Tag tag) {
        if (tag.equals(Tag.INT)) {
            return YamlScalar.Kind.INTEGER;
        }
        if (tag.equals(Tag.FLOAT)) {
            return YamlScalar.Kind.FLOAT;
        }
        if (tag.equals(Tag.BOOL)) {
            return YamlScalar.Kind.BOOLEAN;
        }
        return tag.equals(Tag.NULL) ? YamlScalar.Kind.NULL : null;
    }

    private static YamlScalar.Kind plainKind(String text) {
        return switch (text) {
            case "", "~", "null", "Null", "NULL" -> YamlScalar.Kind.NULL;
            case "true", "True", "TRUE", "false", "False", "FALSE" -> YamlScalar.Kind.BOOLEAN;
            default -> Numbers.kindOf(text);
        };
    }

    private void checkTag(Node node, Tag expected) {
        if (!node.getTag().equals(expected)) {
            unknownTag(node);
        }
    }

    private void unknownTag(Node node) {
        var tag = node.getTag().getValue();
        problems.error(
                at(node),
                "",
                tag.equals("!reset") || tag.equals("!override")
                        ? "the tag " + tag + " is not supported yet"
                        : "the tag " + tag + " has no meaning here");
    }

    /** See {@link YamlScalar#inset}. */
    private static int inset(ScalarNode node, String text) {
        var start = node.getStartMark();
        var end = node.getEndMark();
        var quotes = node.getScalarStyle() == ScalarStyle.PLAIN ? 0 : 1;
        var same = start.getLine() == end.getLine()
                && end.getColumn() - start.getColumn() == text.codePointCount(0, text.length()) + 2 * quotes;
        return same ? quotes : -1;
    }

    private void refuse(Node node, String message) {
        if (!refused) {
            problems.error(at(node), "", message);
        }
        refused = true;
    }

    private Sized nothing(Node node) {
        return new Sized(YamlScalar.nothing(at(node)), 1, 1);
    }

    private SourcePosition at(Node node) {
        var mark = node.getStartMark();
        return new SourcePosition(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static long plus(long a, long b) {
        // Saturating: a bomb of nine levels is past every number that matters, not past zero.
        return a > Long.MAX_VALUE / 4 || b > Long.MAX_VALUE / 4 ? Long.MAX_VALUE / 4 : a + b;
    }
}
