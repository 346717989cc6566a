package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.lockstep.reconciler.plan.Printable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The part of Go's templates that {@code --format} is used with: fields, pipelines, variables, {@code if},
 * {@code with}, {@code range}, and the functions of {@link TemplateFunctions}. No template can define or call another
 * one.
 *
 * @param isTable whether lines are columns under headings, because the format begins with {@code table}
 */
record GoTemplate(List<TemplateNode> nodes, boolean isTable) {
    private static final String TABLE = "table ";

    /** Narrower columns docker's own tables do not have. */
    static final int NARROWEST = 10;

    private static final Pattern BREAKS = Pattern.compile("[\\n\\t]");

    GoTemplate {
        nodes = List.copyOf(nodes);
    }

    /** What a template is filled with. */
    record Row(String document, Map<String, String> labels) {
        Row {
            labels = Map.copyOf(labels);
        }
    }

    /** Reads a template, in which {@code \t} and {@code \n} may stand for what they mean. */
    static GoTemplate parse(String text) throws CommandException {
        var isTable = text.startsWith(TABLE);
        var template = isTable ? text.substring(TABLE.length()).strip() : text;
        return new GoTemplate(TemplateParser.parse(unescaped(template)), isTable);
    }

    /** Outside of actions only: inside they are part of a text that has its own escapes. */
    private static String unescaped(String template) {
        var text = new StringBuilder();
        var inside = false;
        for (var i = 0; i < template.length(); i++) {
            if (template.startsWith("{{", i) || template.startsWith("}}", i)) {
                inside = template.charAt(i) == '{';
            }
            if (!inside && template.startsWith("\\t", i)) {
                text.append('\t');
                i++;
            } else if (!inside && template.startsWith("\\n", i)) {
                text.append('\n');
                i++;
            } else {
                text.append(template.charAt(i));
            }
        }
        return text.toString();
    }

    /** What is printed for these documents: a line for each, with headings above them in a table. */
    String lines(List<String> documents) throws CommandException {
        return lines(documents.stream().map(d -> new Row(d, Map.of())).toList(), Map.of());
    }

    /** @param headings of fields whose name in upper-case letters is not their heading */
    String lines(List<Row> rows, Map<String, String> headings) throws CommandException {
        var lines = new ArrayList<String>();
        for (var row : rows) {
            lines.add(filled(row));
        }
        if (!isTable) {
            return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
        }
        var names = new Evaluation(MissingNode.getInstance(), Map.of(), Map.copyOf(headings), true)
                .print(nodes)
                .split("\t", -1);
        var table = new Table(NARROWEST, names);
        lines.forEach(line -> {
            var cells = new ArrayList<>(List.of(line.split("\t", names.length)));
            while (cells.size() < names.length) {
                cells.add("");
            }
            table.row(cells.toArray(String[]::new));
        });
        return table.toString();
    }

    private String filled(Row row) throws CommandException {
        try {
            var document = JsonMapper.builder().build().readTree(row.document());
            return new Evaluation(document, row.labels(), Map.of(), false).print(nodes);
        } catch (IOException e) {
            throw new IllegalStateException("our own document", e);
        }
    }

    /** Harmless for a terminal; line breaks and tabs are the template's own business. */
    private static String printable(String text) {
        var safe = new StringBuilder();
        var breaks = BREAKS.matcher(text);
        var at = 0;
        while (breaks.find()) {
            safe.append(Printable.text(text.substring(at, breaks.start()))).append(breaks.group());
            at = breaks.end();
        }
        return safe.append(Printable.text(text.substring(at))).toString();
    }

    /** One document on its way through the template. */
    private static final class Evaluation {
        private final Map<String, JsonNode> variables = new HashMap<>();
        private final Map<String, String> labels;
        private final Map<String, String> headings;
        private final boolean heads;
        private JsonNode dot;

        /** @param heads whether fields are their headings, and functions leave them as they are */
        Evaluation(JsonNode document, Map<String, String> labels, Map<String, String> headings, boolean heads) {
            this.dot = document;
            this.labels = labels;
            this.headings = headings;
            this.heads = heads;
            variables.put("$", document);
        }

        String print(List<TemplateNode> nodes) throws CommandException {
            var text = new StringBuilder();
            print(nodes, text);
            return text.toString();
        }

        private void print(List<TemplateNode> nodes, StringBuilder text) throws CommandException {
            for (var node : nodes) {
                switch (node) {
                    case TemplateNode.Text(var literal) -> text.append(literal);
                    case TemplateNode.Print(var pipeline) ->
                        text.append(printable(TemplateFunctions.shown(value(pipeline))));
                    case TemplateNode.Assign(var name, var pipeline) -> variables.put(name, value(pipeline));
                    case TemplateNode.If(var condition, var body, var otherwise) ->
                        print(heads || TemplateFunctions.isTrue(value(condition)) ? body : otherwise, text);
                    case TemplateNode.With(var pipeline, var body, var otherwise) -> {
                        var value = value(pipeline);
                        if (TemplateFunctions.isTrue(value)) {
                            within(value, body, text);
                        } else {
                            print(otherwise, text);
                        }
                    }
                    case TemplateNode.Range range -> range(range, text);
                }
            }
        }

        private void within(JsonNode value, List<TemplateNode> body, StringBuilder text) throws CommandException {
            var before = dot;
            dot = value;
            print(body, text);
            dot = before;
        }

        private void range(TemplateNode.Range range, StringBuilder text) throws CommandException {
            var items = value(range.items());
            if (heads) {
                text.append(items.asText());
                return;
            }
            if (items.isEmpty()) {
                print(range.otherwise(), text);
                return;
            }
            var keys = new ArrayList<String>();
            items.fieldNames().forEachRemaining(keys::add);
            keys.sort(String::compareTo);
            for (var i = 0; i < items.size(); i++) {
                var item = items.isObject() ? items.get(keys.get(i)) : items.get(i);
                var index = items.isObject() ? TextNode.valueOf(keys.get(i)) : IntNode.valueOf(i);
                range.index().ifPresent(name -> variables.put(name, index));
                range.item().ifPresent(name -> variables.put(name, item));
                within(item, range.body(), text);
            }
        }

        private JsonNode value(TemplateNode.Pipeline pipeline) throws CommandException {
            var arguments = new ArrayList<JsonNode>();
            for (var call : pipeline.calls()) {
                var value = value(call, arguments);
                arguments.clear();
                arguments.add(value);
            }
            return arguments.getFirst();
        }

        private JsonNode value(TemplateNode.Call call, List<JsonNode> piped) throws CommandException {
            var rest = call.words().subList(1, call.words().size());
            if (call.words().getFirst() instanceof TemplateNode.Function(var name)) {
                if (name.equals("and") || name.equals("or")) {
                    return shortCut(name.equals("or"), rest, piped);
                }
                var arguments = new ArrayList<JsonNode>();
                for (var word : rest) {
                    arguments.add(value(word));
                }
                arguments.addAll(piped);
                return heads && !arguments.isEmpty()
                        ? arguments.stream()
                                .filter(a -> !rest.contains(new TemplateNode.Literal(a)))
                                .findFirst()
                                .orElse(arguments.getFirst())
                        : TemplateFunctions.call(name, arguments);
            }
            if (call.words().getFirst() instanceof TemplateNode.Field(var names)
                    && names.equals(List.of("Label"))
                    && rest.size() + piped.size() == 1) {
                var key = rest.isEmpty() ? piped.getFirst() : value(rest.getFirst());
                return TextNode.valueOf(heads ? heading(key.asText()) : labels.getOrDefault(key.asText(), ""));
            }
            if (!rest.isEmpty() || !piped.isEmpty()) {
                throw new CommandException("only functions take values: " + String.join(", ", TemplateFunctions.NAMES));
            }
            return value(call.words().getFirst());
        }

        private JsonNode shortCut(boolean or, List<TemplateNode.Word> words, List<JsonNode> piped)
                throws CommandException {
            JsonNode last = BooleanNode.FALSE;
            for (var word : words) {
                last = value(word);
                if (TemplateFunctions.isTrue(last) == or) {
                    return last;
                }
            }
            return piped.isEmpty() ? last : piped.getFirst();
        }

        private JsonNode value(TemplateNode.Word word) throws CommandException {
            return switch (word) {
                case TemplateNode.Literal(var literal) -> literal;
                case TemplateNode.Field(var names) ->
                    heads && !names.isEmpty() ? TextNode.valueOf(heading(names.getLast())) : at(dot, names);
                case TemplateNode.Variable(var name, var names) -> {
                    var value = variables.get(name);
                    if (value == null) {
                        throw new CommandException("the template has no variable " + name);
                    }
                    yield heads && !names.isEmpty() ? TextNode.valueOf(heading(names.getLast())) : at(value, names);
                }
                case TemplateNode.Group(var pipeline, var names) ->
                    heads ? value(pipeline) : at(value(pipeline), names);
                case TemplateNode.Function function -> value(new TemplateNode.Call(List.of(function)), List.of());
            };
        }

        /** A label's heading is its last part in words: {@code com.example.some-name} is {@code some name}. */
        private String heading(String field) {
            if (headings.containsKey(field)) {
                return headings.getOrDefault(field, "");
            }
            var last = field.substring(field.lastIndexOf('.') + 1);
            return last.equals(field) ? field.toUpperCase(Locale.ROOT) : last.replaceAll("[-_]", " ");
        }

        private static JsonNode at(JsonNode node, List<String> names) throws CommandException {
            var at = node;
            for (var name : names) {
                if (!at.has(name)) {
                    var there = new ArrayList<String>();
                    at.fieldNames().forEachRemaining(there::add);
                    throw new CommandException("there is no field " + name
                            + (there.isEmpty() ? "" : "; there are " + String.join(", ", there)));
                }
                at = at.path(name);
            }
            return at;
        }
    }
}
