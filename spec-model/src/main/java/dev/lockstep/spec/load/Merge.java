package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;

/**
 * Puts one tree over another by {@link MergeRules}. A value that takes another's place says so in its position
 * ({@link Step.Replaced}). Lists are only appended here: {@link Uniqueness} finds the entries that are the same.
 */
final class Merge {
    private final Problems problems;

    Merge(Problems problems) {
        this.problems = problems;
    }

    /** {@code over} put over {@code under}; both are the roots of files. */
    YamlNode files(YamlNode under, YamlNode over) {
        return merge(MergeRules.PROJECT, "", under, over);
    }

    /** The same for one service, whose name is {@code name}. */
    YamlNode services(String name, YamlNode under, YamlNode over) {
        return merge(MergeRules.PROJECT.below("services").below(name), "services." + name, under, over);
    }

    private YamlNode merge(PathTable<MergeRules.Row> rules, String path, YamlNode under, YamlNode over) {
        return switch (rules.value().map(MergeRules.Row::rule).orElse(MergeRules.Rule.PLAIN)) {
            case PLAIN -> plain(rules, path, under, over);
            case REPLACE -> replacing(under, over);
            case KEY_VALUES -> keyValues(rules, path, LongForms.keyValues(under), LongForms.keyValues(over));
            case LIST -> plain(rules, path, LongForms.list(under), LongForms.list(over));
            case HOSTS -> hosts(rules, path, under, over);
            case NAMES -> plain(rules, path, LongForms.names(under), LongForms.names(over));
            case DEPENDENCIES -> plain(rules, path, LongForms.dependencies(under), LongForms.dependencies(over));
            case BUILD -> plain(rules, path, LongForms.build(under), LongForms.build(over));
            case LOGGING -> sameDriver(under, over) ? plain(rules, path, under, over) : replacing(under, over);
            case SUBNETS -> subnets(rules, path, under, over);
        };
    }

    private YamlNode plain(PathTable<MergeRules.Row> rules, String path, YamlNode under, YamlNode over) {
        if (Reading.isNull(over)) {
            return under;
        }
        if (Reading.isNull(under)) {
            return over;
        }
        if (under instanceof YamlMapping below && over instanceof YamlMapping above) {
            return mappings(rules, path, below, above);
        } else if (under instanceof YamlSequence below && over instanceof YamlSequence above) {
            return appended(below, above);
        }
        return under instanceof YamlScalar && over instanceof YamlScalar
                ? replacing(under, over)
                : cannot(path, under, over);
    }

    private YamlMapping mappings(PathTable<MergeRules.Row> rules, String path, YamlMapping under, YamlMapping over) {
        var entries = new LinkedHashMap<>(under.entries());
        over.entries().forEach((key, entry) -> {
            var earlier = entries.get(key);
            if (earlier == null) {
                entries.put(key, entry);
                return;
            }
            var next = path.isEmpty() ? key : path + "." + key;
            var value = merge(rules.below(key), next, earlier.value(), entry.value());
            entries.put(
                    key,
                    new YamlMapping.Entry(
                            value instanceof YamlScalar && !Reading.isNull(entry.value())
                                    ? entry.keyAt()
                                    : earlier.keyAt(),
                            value));
        });
        return new YamlMapping(under.at(), entries);
    }

    private static YamlSequence appended(YamlSequence under, YamlSequence over) {
        var items = new ArrayList<YamlNode>(under.items().size() + over.items().size());
        items.addAll(under.items());
        items.addAll(over.items());
        return new YamlSequence(under.at(), items);
    }

    private YamlNode keyValues(PathTable<MergeRules.Row> rules, String path, YamlNode under, YamlNode over) {
        if (!(under instanceof YamlMapping below) || !(over instanceof YamlMapping above)) {
            return plain(rules, path, under, over);
        }
        var entries = new LinkedHashMap<>(below.entries());
        above.entries().forEach((key, entry) -> {
            var earlier = entries.get(key);
            entries.put(
                    key,
                    earlier == null
                            ? entry
                            : new YamlMapping.Entry(
                                    entry.keyAt()
                                            .via(new Step.Replaced(
                                                    place(earlier).plain())),
                                    replacing(earlier.value(), entry.value())));
        });
        return new YamlMapping(over.at(), entries);
    }

    private static SourcePosition place(YamlMapping.Entry entry) {
        return Reading.isNull(entry.value()) ? entry.keyAt() : entry.value().at();
    }

    private YamlNode hosts(PathTable<MergeRules.Row> rules, String path, YamlNode under, YamlNode over) {
        var merged = plain(rules, path, LongForms.hosts(under), LongForms.hosts(over));
        if (!(merged instanceof YamlSequence sequence)) {
            return merged;
        }
        // Only what is exactly the same is there once: a host may have two addresses.
        var distinct = new LinkedHashMap<Object, YamlNode>();
        for (var item : sequence.items()) {
            distinct.putIfAbsent(item instanceof YamlScalar scalar ? scalar.asText() : item, item);
        }
        return new YamlSequence(sequence.at(), new ArrayList<>(distinct.values()));
    }

    private static boolean sameDriver(YamlNode under, YamlNode over) {
        if (!(under instanceof YamlMapping below) || !(over instanceof YamlMapping above)) {
            return true;
        }
        return !(below.get("driver") instanceof YamlScalar first)
                || !(above.get("driver") instanceof YamlScalar second)
                || first.text().equals(second.text());
    }

    private YamlNode subnets(PathTable<MergeRules.Row> rules, String path, YamlNode under, YamlNode over) {
        if (!(under instanceof YamlSequence below) || !(over instanceof YamlSequence above)) {
            return plain(rules, path, under, over);
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
                items.set(place, plain(rules.items(), path + "[" + place + "]", items.get(place), item));
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

    /** {@code over}, which remembers where {@code under} stands. */
    static YamlNode replacing(YamlNode under, YamlNode over) {
        return over.movedTo(over.at().via(new Step.Replaced(under.at().plain())));
    }

    private YamlNode cannot(String path, YamlNode under, YamlNode over) {
        problems.error(
                over.at(),
                path,
                over.kindInWords() + " cannot override " + under.kindInWords() + " (" + under.at() + ")");
        return under;
    }
}
