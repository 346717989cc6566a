package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.KeyValue;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.Map;
import java.util.function.Function;

/** The attributes of Compose whose values are paths of files, in all their forms: one table, and a walk along it. */
final class PathValues {
    /** What a path is for. */
    enum Use {
        /** {@code env_file}, {@code label_file}. */
        VARIABLES,
        /** The directory of a build, or one beside it; may be a URL. */
        CONTEXT,
        /** The content of a secret or config. */
        CONTENT,
        /** Something that {@code develop} watches. */
        WATCHED,
        /** The source of a bind mount. */
        MOUNT
    }

    /** How a path is written. */
    private enum Form {
        TEXT,
        /** Text, list of texts, list of mappings with {@code path}. */
        FILES,
        /** Text, or a mapping whose keys the table goes on with. */
        BUILD,
        /** Mapping of name to path, or list of {@code NAME=PATH}. */
        NAMED,
        /** {@code SOURCE:TARGET:OPTIONS}, or a mapping. */
        VOLUME,
        /** The options of a volume that is a bind mount in truth. */
        DRIVER
    }

    private record Row(Use use, Form form) {}

    private static final PathTable<Row> PROJECT = PathTable.of(Map.ofEntries(
            Map.entry("services.*.build", new Row(Use.CONTEXT, Form.BUILD)),
            Map.entry("services.*.build.context", new Row(Use.CONTEXT, Form.TEXT)),
            Map.entry("services.*.build.additional_contexts", new Row(Use.CONTEXT, Form.NAMED)),
            Map.entry("services.*.env_file", new Row(Use.VARIABLES, Form.FILES)),
            Map.entry("services.*.label_file", new Row(Use.VARIABLES, Form.FILES)),
            Map.entry("services.*.develop.watch.*.path", new Row(Use.WATCHED, Form.TEXT)),
            Map.entry("services.*.volumes.*", new Row(Use.MOUNT, Form.VOLUME)),
            Map.entry("secrets.*.file", new Row(Use.CONTENT, Form.TEXT)),
            Map.entry("configs.*.file", new Row(Use.CONTENT, Form.TEXT)),
            Map.entry("volumes.*", new Row(Use.MOUNT, Form.DRIVER))));

    /** One of them: where it is in the model, and the scalar that has it. */
    record PathValue(String path, Use use, YamlScalar scalar, String text) {}

    private final Function<PathValue, String> change;

    private PathValues(Function<PathValue, String> change) {
        this.change = change;
    }

    /** A project with the paths that {@code change} gives. */
    static YamlNode inProject(YamlNode root, Function<PathValue, String> change) {
        return new PathValues(change).walk(PROJECT, "", root);
    }

    /** The same for one service. */
    static YamlNode inService(String name, YamlNode service, Function<PathValue, String> change) {
        return new PathValues(change).walk(PROJECT.below("services").below(name), "services." + name, service);
    }

    private YamlNode walk(PathTable<Row> table, String path, YamlNode node) {
        var row = table.value();
        if (row.isPresent()) {
            var changed = form(row.get(), path, node);
            if (table.isLeaf()) {
                return changed;
            }
            return children(table, path, changed);
        }
        return table.isLeaf() ? node : children(table, path, node);
    }

    private YamlNode children(PathTable<Row> table, String path, YamlNode node) {
        if (node instanceof YamlSequence sequence) {
            return sequence.mapItems((i, item) -> walk(table.items(), path + "[" + i + "]", item));
        }
        return node instanceof YamlMapping mapping
                ? mapping.mapValues(
                        (key, value) -> walk(table.below(key), path.isEmpty() ? key : path + "." + key, value))
                : node;
    }

    private YamlNode form(Row row, String path, YamlNode node) {
        return switch (row.form) {
            case TEXT, BUILD -> text(row.use, path, node);
            case FILES ->
                node instanceof YamlSequence sequence
                        ? sequence.mapItems((i, item) -> item instanceof YamlMapping mapping
                                ? key(row.use, path + "[" + i + "]", mapping, "path")
                                : text(row.use, path + "[" + i + "]", item))
                        : text(row.use, path, node);
            case NAMED -> named(row.use, path, node);
            case VOLUME -> volume(row.use, path, node);
            case DRIVER -> driver(row.use, path, node);
        };
    }

    private YamlNode text(Use use, String path, YamlNode node) {
        return node instanceof YamlScalar scalar
                        && scalar.isText()
                        && !scalar.text().isEmpty()
                ? with(scalar, change.apply(new PathValue(path, use, scalar, scalar.text())))
                : node;
    }

    private YamlNode key(Use use, String path, YamlMapping mapping, String key) {
        return mapping.mapValue(key, value -> text(use, path + "." + key, value));
    }

    private YamlNode named(Use use, String path, YamlNode node) {
        if (node instanceof YamlSequence sequence) {
            return sequence.mapItems((i, item) -> pair(use, path + "[" + i + "]", item));
        }
        return node instanceof YamlMapping mapping
                ? mapping.mapValues((key, value) -> text(use, path + "." + key, value))
                : node;
    }

    private YamlNode pair(Use use, String path, YamlNode item) {
        if (!(item instanceof YamlScalar scalar)
                || !scalar.isText()
                || scalar.text().indexOf('=') < 0) {
            return item;
        }
        var pair = KeyValue.of(scalar);
        var changed = change.apply(new PathValue(path, use, scalar, pair.value().text()));
        return with(scalar, pair.key() + "=" + changed);
    }

    private YamlNode volume(Use use, String path, YamlNode node) {
        if (node instanceof YamlMapping mapping) {
            return mapping.get("type") instanceof YamlScalar type && type.text().equals("bind")
                    ? key(use, path, mapping, "source")
                    : mapping;
        }
        if (!(node instanceof YamlScalar scalar) || !scalar.isText() || !isPath(scalar.text())) {
            return node;
        }
        var colon = scalar.text().indexOf(':');
        if (colon < 0) {
            // A target alone is a path of the container.
            return node;
        }
        var source = scalar.text().substring(0, colon);
        var changed = change.apply(new PathValue(path, use, scalar, source));
        return with(
                scalar,
                (isPath(changed) ? changed : "./" + changed) + scalar.text().substring(colon));
    }

    /** What makes the first part of a volume a path and not a name. */
    private static boolean isPath(String source) {
        return source.startsWith(".") || source.startsWith("/") || source.startsWith("~");
    }

    private YamlNode driver(Use use, String path, YamlNode node) {
        if (!(node instanceof YamlMapping volume)
                || !(volume.get("driver") instanceof YamlScalar driver)
                || !driver.text().equals("local")
                || !(volume.get("driver_opts") instanceof YamlMapping options)
                || !(options.get("o") instanceof YamlScalar o)
                || !o.text().equals("bind")) {
            return node;
        }
        return volume.mapValue("driver_opts", _ -> key(use, path + ".driver_opts", options, "device"));
    }

    private static YamlScalar with(YamlScalar scalar, String text) {
        return text.equals(scalar.text()) ? scalar : YamlScalar.text(scalar.at(), text);
    }
}
