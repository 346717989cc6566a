package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.Parser;

/**
 * Builds our nodes from the parser's events, in one walk: types plain scalars by YAML 1.2, resolves aliases and merge
 * keys, refuses duplicate keys, cycles and bombs. A node is built once however many aliases point at it, and what it
 * would grow to is added up, so the work is in proportion to the file and not to what the file pretends to be.
 */
final class TreeBuilder {
    /** Each is looked for in every file below; nobody writes as many by hand. */
    private final String file;

    private final Parser parser;
    private final YamlLimits limits;
    private final Problems problems;
    private final boolean edits;
    private final Map<String, Built> anchors = new HashMap<>();
    private final Set<String> openAnchors = new HashSet<>();
    private final IdentityHashMap<YamlNode, Built> known = new IdentityHashMap<>();
    private long written;
    private long merged;
    private long edited;
    private int open;

    /** @param edits whether {@code !reset} and {@code !override} have a meaning in this file */
    TreeBuilder(String file, Parser parser, YamlLimits limits, Problems problems, boolean edits) {
        this.file = file;
        this.parser = parser;
        this.limits = limits;
        this.problems = problems;
        this.edits = edits;
    }

    /** Ends the reading of a file that asks for too much; the problem has been told. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * A node, and what it comes to.
     *
     * @param nodes it stands for
     * @param depth of its nesting
     * @param tag {@code !reset} or {@code !override}
     * @param forgotten paths below it that have one of these tags
     */
    private record Built(
            YamlNode node, long nodes, int depth, @Nullable String tag, List<YamlDocument.Forgotten> forgotten) {
        Built(YamlNode node, @Nullable String tag) {
            this(node, 1, 1, tag, List.of());
        }
    }

    /**
     * The next document, or null at the end of the file.
     *
     * @throws Refused if the file asks for too much
     */
    @Nullable
    YamlDocument next() {
        while (parser.checkEvent(Event.ID.StreamStart) || parser.checkEvent(Event.ID.DocumentStart)) {
            var event = parser.getEvent();
            if (event.is(Event.ID.DocumentStart)) {
                anchors.clear();
                known.clear();
                var before = written;
                var built = node();
                parser.getEvent();
                var own = Math.max(written - before, 10);
                if (built.nodes > limits.nodes() || built.nodes > limits.growth() * own) {
                    throw refused(
                            built.node.at(),
                            "aliases make " + own + " values of this file into " + built.nodes
                                    + ". That is more than any real file needs");
                }
                return new YamlDocument(built.node, built.forgotten);
            }
        }
        return null;
    }

    private Built node() {
        var event = parser.getEvent();
        if (++written > limits.written()) {
            throw refused(
                    at(event),
                    "the file has more than " + limits.written() + " values. That is more than any real file needs");
        }
        if (event instanceof AliasEvent alias) {
            return aliased(alias);
        }
        if (!(event instanceof NodeEvent start)) {
            throw new IllegalStateException("a node was expected, not " + event);
        }
        var anchor = start.getAnchor();
        if (anchor != null) {
            anchors.remove(anchor);
            openAnchors.add(anchor);
        }
        if (++open > limits.depth()) {
            throw refused(at(event), "nested more than " + limits.depth() + " deep");
        }
        var built = built(start);
        open--;
        if (built.depth > limits.depth()) {
            throw refused(at(event), "nested more than " + limits.depth() + " deep, through aliases");
        }
        if (anchor != null) {
            openAnchors.remove(anchor);
            anchors.put(anchor, built);
        }
        return built;
    }

    private Built built(NodeEvent start) {
        if (start instanceof ScalarEvent scalar) {
            return scalar(scalar);
        } else if (start instanceof SequenceStartEvent sequence) {
            return sequence(sequence);
        } else if (start instanceof MappingStartEvent mapping) {
            return mapping(mapping);
        }
        throw new IllegalStateException("unknown event " + start);
    }

    private Built aliased(AliasEvent alias) {
        var built = anchors.get(alias.getAnchor());
        if (built == null) {
            throw refused(
                    at(alias),
                    openAnchors.contains(alias.getAnchor())
                            ? "an alias inside this value points back at it"
                            : "there is no anchor &" + alias.getAnchor() + " before this");
        }
        return built;
    }

    private Built sequence(SequenceStartEvent start) {
        var tag = collectionTag(start, start.getTag());
        var items = new ArrayList<YamlNode>();
        var nodes = 1L;
        var depth = 0;
        while (!parser.checkEvent(Event.ID.SequenceEnd)) {
            var item = node();
            if (!Tags.RESET.equals(item.tag)) {
                items.add(item.node);
                nodes = plus(nodes, item.nodes);
                depth = Math.max(depth, item.depth);
            }
        }
        parser.getEvent();
        return remember(new Built(new YamlSequence(at(start), items), nodes, depth + 1, tag, List.of()));
    }

    private Built mapping(MappingStartEvent start) {
        var tag = collectionTag(start, start.getTag());
        var entries = new Entries();
        while (!parser.checkEvent(Event.ID.MappingEnd)) {
            var keyEvent = parser.peekEvent();
            if (isMerge(keyEvent)) {
                parser.getEvent();
                entries.mergeAt(at(keyEvent), node());
                continue;
            }
            var key = key(at(keyEvent), node());
            var value = node();
            if (key != null) {
                entries.add(key, at(keyEvent), value);
            }
        }
        parser.getEvent();
        return remember(entries.built(at(start), tag));
    }

    private Built remember(Built built) {
        known.put(built.node, built);
        return built;
    }

    /** The entries of one mapping while it is read. */
    private final class Entries {
        private final Map<String, YamlMapping.Entry> entries = new LinkedHashMap<>();
        private final Map<String, SourcePosition> keys = new HashMap<>();
        private final List<YamlDocument.Forgotten> forgotten = new ArrayList<>();
        private @Nullable Built merge;

        void add(String key, SourcePosition at, Built value) {
            var earlier = keys.putIfAbsent(key, at);
            if (earlier != null) {
                problems.error(at, "", "mapping key \"" + key + "\" already defined at line " + earlier.line());
                return;
            }
            if (value.tag != null) {
                forget(List.of(key), value.node.at());
            }
            value.forgotten.forEach(f -> {
                var path = new ArrayList<String>();
                path.add(key);
                path.addAll(f.path());
                forget(path, f.at());
            });
            if (!Tags.RESET.equals(value.tag)) {
                entries.put(key, new YamlMapping.Entry(at, value.node));
            }
        }

        private void forget(List<String> path, SourcePosition at) {
            // Counted over the whole file: each alias of a mapping repeats what stands below it.
            if (++edited > limits.written()) {
                throw refused(at, "more than " + limits.written() + " tags !reset and !override");
            }
            forgotten.add(new YamlDocument.Forgotten(path, at));
        }

        void mergeAt(SourcePosition at, Built value) {
            if (merge != null) {
                problems.error(at, "", "\"<<\" stands here twice. Write one, with a list of aliases");
                return;
            }
            merge = value;
        }

        /** Adds what {@code <<} brings and the mapping does not have itself; the first of a list wins. */
        private void mergeIn(Built value) {
            List<YamlNode> bases = value.node instanceof YamlSequence sequence ? sequence.items() : List.of(value.node);
            for (var base : bases) {
                if (!(base instanceof YamlMapping mapping)) {
                    problems.error(base.at(), "", "\"<<\" takes a mapping, an alias of one, or a list of these");
                    continue;
                }
                merged += mapping.entries().size();
                if (merged > limits.written()) {
                    throw refused(base.at(), "merge keys make this file too large");
                }
                mapping.entries().forEach(entries::putIfAbsent);
                sizeOf(base).forgotten.forEach(f -> forget(f.path(), f.at()));
            }
        }

        Built built(SourcePosition at, @Nullable String tag) {
            if (merge != null) {
                mergeIn(merge);
            }
            var nodes = 1L;
            var depth = 0;
            for (var entry : entries.values()) {
                var size = sizeOf(entry.value());
                nodes = plus(nodes, size.nodes + 1);
                depth = Math.max(depth, size.depth);
            }
            return new Built(new YamlMapping(at, entries), nodes, depth + 1, tag, List.copyOf(forgotten));
        }
    }

    private Built sizeOf(YamlNode node) {
        return known.getOrDefault(node, new Built(node, null));
    }

    private static boolean isMerge(Event event) {
        return event instanceof ScalarEvent scalar
                && scalar.getScalarStyle() == ScalarStyle.PLAIN
                && scalar.getValue().equals("<<")
                && (scalar.getTag() == null || scalar.getTag().equals(Tag.MERGE.getValue()));
    }

    private @Nullable String key(SourcePosition at, Built built) {
        if (!(built.node instanceof YamlScalar scalar)) {
            problems.error(at, "", "a key must be text");
            return null;
        }
        if (!scalar.isText()) {
            problems.error(
                    at,
                    "",
                    "a key must be text, and YAML takes " + (scalar.isNull() ? "this" : scalar.text()) + " for "
                            + scalar.kindInWords() + ". Write it in quotes");
            return null;
        }
        return scalar.text();
    }

    private Built scalar(ScalarEvent event) {
        var text = event.getValue();
        var tag = event.getTag();
        var kind = event.getScalarStyle() == ScalarStyle.PLAIN ? plainKind(text) : YamlScalar.Kind.TEXT;
        if (tag != null && !Tags.isEdit(tag)) {
            kind = tagged(event, tag, kind);
        }
        if (kind == YamlScalar.Kind.FLOAT && !Double.isFinite(Numbers.decimal(text))) {
            problems.error(at(event), "", "\"" + text + "\" is no number that can be used. Quote it if it is text");
            kind = YamlScalar.Kind.TEXT;
        } else if (text.indexOf('\0') >= 0) {
            problems.error(at(event), "", "the character U+0000 ends text for Linux. Remove it");
        }
        return new Built(new YamlScalar(at(event), kind, text, inset(event, text)), edit(event, tag));
    }

    private YamlScalar.Kind tagged(ScalarEvent event, String tag, YamlScalar.Kind written) {
        var wanted = Tags.kind(tag);
        if (wanted == null) {
            if (!Tags.isText(tag)) {
                meaningless(event, tag);
            }
            return YamlScalar.Kind.TEXT;
        }
        var given = plainKind(event.getValue());
        if (given != wanted && !(wanted == YamlScalar.Kind.FLOAT && given == YamlScalar.Kind.INTEGER)) {
            problems.error(at(event), "", "\"" + event.getValue() + "\" is not what its tag says");
            return written;
        }
        return wanted;
    }

    private static YamlScalar.Kind plainKind(String text) {
        return switch (text) {
            case "", "~", "null", "Null", "NULL" -> YamlScalar.Kind.NULL;
            case "true", "True", "TRUE", "false", "False", "FALSE" -> YamlScalar.Kind.BOOLEAN;
            default -> Numbers.kindOf(text);
        };
    }

    private @Nullable String collectionTag(NodeEvent event, @Nullable String tag) {
        if (tag != null && !Tags.isEdit(tag) && !Tags.isCollection(tag)) {
            meaningless(event, tag);
        }
        return edit(event, tag);
    }

    private @Nullable String edit(NodeEvent event, @Nullable String tag) {
        if (!Tags.isEdit(tag)) {
            return null;
        }
        if (!edits) {
            problems.error(at(event), "", "the tag " + tag + " has no meaning in this file. Remove it");
            return null;
        }
        return tag;
    }

    private void meaningless(NodeEvent event, String tag) {
        problems.warning(at(event), "", "the tag " + tag + " has no meaning here and is ignored. Remove it");
    }

    /** See {@link YamlScalar#inset}. */
    private static int inset(ScalarEvent event, String text) {
        var start = event.getStartMark();
        var end = event.getEndMark();
        var quotes = event.getScalarStyle() == ScalarStyle.PLAIN ? 0 : 1;
        var same = start.getLine() == end.getLine()
                && end.getColumn() - start.getColumn() == text.codePointCount(0, text.length()) + 2 * quotes;
        return same ? quotes : -1;
    }

    private Refused refused(SourcePosition at, String message) {
        problems.error(at, "", message);
        return new Refused(message);
    }

    private SourcePosition at(Event event) {
        Mark mark = event.getStartMark();
        return new SourcePosition(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static long plus(long a, long b) {
        // Saturating: a bomb of nine levels is past every number that matters, not past zero.
        return a > Long.MAX_VALUE / 4 || b > Long.MAX_VALUE / 4 ? Long.MAX_VALUE / 4 : a + b;
    }
}
