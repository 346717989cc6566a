package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lockstep.reconciler.plan.Printable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * The part of Go's templates that {@code --format} is used with: {@code {{.Field.Field}}}, {@code {{json .Field}}},
 * {@code {{len .Field}}}, {@code {{index .Field 0}}} or {@code "key"}, and {@code {{range .Field}}…{{end}}}.
 *
 * @param columns of a table, when it begins with {@code table}
 */
record GoTemplate(List<Part> parts, List<String> columns) {
    private static final Pattern ACTION = Pattern.compile("\\{\\{-?\\s*(.*?)\\s*-?}}", Pattern.DOTALL);
    private static final Pattern CALL = Pattern.compile(
            "(?:(json|len|index|range)\\s+)?(\\.|(?:\\.[A-Za-z_][A-Za-z0-9_]*)+)(?:\\s+(\\d{1,9}|\"[^\"]*\"))?");
    private static final String TABLE = "table ";

    /** A piece of a template. */
    sealed interface Part {}

    private record Text(String text) implements Part {}

    private record Value(String function, String path, String index) implements Part {}

    private record Range(String path, List<Part> body) implements Part {}

    /** Reads a template, in which {@code \t} and {@code \n} may stand for what they mean. */
    static GoTemplate parse(String text) throws CommandException {
        var isTable = text.startsWith(TABLE);
        var template = (isTable ? text.substring(TABLE.length()) : text)
                .replace("\\t", "\t")
                .replace("\\n", "\n");
        var reader = new Reader(template);
        var parts = reader.parts(false);
        var columns = new ArrayList<String>();
        if (isTable) {
            for (var part : parts) {
                if (part instanceof Value value) {
                    columns.add(value.path().substring(1).toUpperCase(java.util.Locale.ROOT));
                } else if (!(part instanceof Text between) || !between.text().equals("\t")) {
                    throw new CommandException(
                            "a table has fields with \\t between, such as" + " 'table {{.Repository}}\\t{{.Tag}}'");
                }
            }
        }
        return new GoTemplate(parts, columns);
    }

    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        List<Part> parts(boolean inside) throws CommandException {
            var parts = new ArrayList<Part>();
            var action = ACTION.matcher(text);
            while (action.find(at)) {
                if (action.start() > at) {
                    parts.add(new Text(text.substring(at, action.start())));
                }
                at = action.end();
                var words = action.group(1);
                if (words.equals("end") && inside) {
                    return parts;
                }
                parts.add(part(words));
            }
            if (inside) {
                throw new CommandException("the template has a range without its end");
            }
            if (text.indexOf("{{", at) >= 0) {
                throw new CommandException("the template has {{ without its }}");
            }
            if (at < text.length()) {
                parts.add(new Text(text.substring(at)));
                at = text.length();
            }
            return parts;
        }

        private Part part(String words) throws CommandException {
            var call = CALL.matcher(words);
            if (!call.matches()) {
                throw new CommandException(
                        "\"{{" + Printable.text(words) + "}}\" is not understood: a template here has"
                                + " {{.Field}}, {{json .}}, {{len .Field}}, {{index .Field 0}} and {{range .Field}}...{{end}}");
            }
            var function = call.group(1) == null ? "" : call.group(1);
            var index = call.group(3) == null ? "" : call.group(3);
            if (function.equals("index") == index.isEmpty()) {
                throw new CommandException("\"{{" + Printable.text(words)
                        + "}}\": index, and only index, takes a number or" + " a \"key\" at its end");
            }
            return function.equals("range")
                    ? new Range(call.group(2), parts(true))
                    : new Value(function, call.group(2), index);
        }
    }

    /** What is printed for these documents: a line for each, with headings above them in a table. */
    String lines(List<String> documents) throws CommandException {
        var rows = new ArrayList<String>();
        for (var document : documents) {
            rows.add(line(document));
        }
        if (columns.isEmpty()) {
            return rows.stream().map(row -> row + "\n").collect(Collectors.joining());
        }
        var table = new Table(columns.toArray(String[]::new));
        rows.forEach(row -> table.row(row.split("\t", columns.size())));
        return table.toString();
    }

    private String line(String document) throws CommandException {
        try {
            var text = new StringBuilder();
            write(parts, JsonMapper.builder().build().readTree(document), text);
            return text.toString();
        } catch (IOException e) {
            throw new IllegalStateException("our own document", e);
        }
    }

    private static void write(List<Part> parts, JsonNode node, StringBuilder text) throws CommandException {
        for (var part : parts) {
            switch (part) {
                case Text(var literal) -> text.append(literal);
                case Value value -> text.append(value(value, node));
                case Range(var path, var body) -> {
                    for (var item : at(node, path)) {
                        write(body, item, text);
                    }
                }
            }
        }
    }

    private static String value(Value value, JsonNode node) throws CommandException {
        var found = at(node, value.path());
        return switch (value.function()) {
            case "json" -> found.toString();
            case "len" -> Integer.toString(found.isTextual() ? found.asText().length() : found.size());
            case "index" -> {
                var index = value.index();
                var item = index.startsWith("\"")
                        ? found.path(index.substring(1, index.length() - 1))
                        : found.path(Integer.parseInt(index));
                if (item.isMissingNode() && !index.startsWith("\"")) {
                    throw new CommandException(value.path() + " has no item " + index);
                }
                yield shown(item);
            }
            default -> shown(found);
        };
    }

    private static JsonNode at(JsonNode node, String path) throws CommandException {
        var at = node;
        for (var name : path.substring(1).split("\\.", -1)) {
            if (name.isEmpty()) {
                continue;
            }
            if (!at.has(name)) {
                var names = new ArrayList<String>();
                at.fieldNames().forEachRemaining(names::add);
                throw new CommandException("there is no field " + name
                        + (names.isEmpty() ? "" : "; there are " + String.join(", ", names)));
            }
            at = at.path(name);
        }
        return at;
    }

    /** As Go prints values. */
    private static String shown(JsonNode node) {
        if (node.isArray()) {
            return StreamSupport.stream(node.spliterator(), false)
                    .map(GoTemplate::shown)
                    .collect(Collectors.joining(" ", "[", "]"));
        }
        if (node.isObject()) {
            var entries = new TreeMap<String, String>();
            node.properties().forEach(entry -> entries.put(entry.getKey(), shown(entry.getValue())));
            return entries.entrySet().stream()
                    .map(entry -> entry.getKey() + ":" + entry.getValue())
                    .collect(Collectors.joining(" ", "map[", "]"));
        }
        if (node instanceof MissingNode) {
            return "";
        }
        return node.isNull() ? "<nil>" : Printable.text(node.asText());
    }
}
