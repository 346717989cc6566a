package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** The functions of a template: Go's own, and those that Docker adds. */
final class TemplateFunctions {
    /** All there are, but for {@code and} and {@code or}, which do not look at all of their arguments. */
    static final TreeSet<String> NAMES = new TreeSet<>(List.of(
            "and",
            "eq",
            "ge",
            "gt",
            "index",
            "join",
            "json",
            "le",
            "len",
            "lower",
            "lt",
            "ne",
            "not",
            "or",
            "pad",
            "print",
            "printf",
            "println",
            "slice",
            "split",
            "title",
            "truncate",
            "upper"));

    private static final Pattern VERB = Pattern.compile("%([-+ 0#]*\\d*(?:\\.\\d+)?)([a-zA-Z%])");

    /** Begins of words, as {@code strings.Title} sees them. */
    private static final Pattern WORD_BEGIN = Pattern.compile("(?<![\\p{L}\\p{N}_])\\p{L}");

    private TemplateFunctions() {}

    static JsonNode call(String name, List<JsonNode> arguments) throws CommandException {
        return switch (name) {
            case "json" -> text(of(name, arguments, 1, 1).getFirst().toString());
            case "len" -> LongNode.valueOf(length(of(name, arguments, 1, 1).getFirst()));
            case "index" -> index(arguments);
            case "slice" -> slice(of(name, arguments, 1, 3));
            case "join" ->
                text(StreamSupport.stream(of(name, arguments, 2, 2).getFirst().spliterator(), false)
                        .map(TemplateFunctions::shown)
                        .collect(Collectors.joining(arguments.get(1).asText())));
            case "split" -> split(of(name, arguments, 2, 2));
            case "lower" -> text(shown(of(name, arguments, 1, 1).getFirst()).toLowerCase(Locale.ROOT));
            case "upper" -> text(shown(of(name, arguments, 1, 1).getFirst()).toUpperCase(Locale.ROOT));
            case "title" ->
                text(WORD_BEGIN
                        .matcher(shown(of(name, arguments, 1, 1).getFirst()))
                        .replaceAll(m -> m.group().toUpperCase(Locale.ROOT)));
            case "pad" -> {
                var it = of(name, arguments, 3, 3);
                var value = shown(it.getFirst());
                yield text(
                        value.isEmpty() ? value : " ".repeat(count(it.get(1))) + value + " ".repeat(count(it.get(2))));
            }
            case "truncate" -> {
                var value = shown(of(name, arguments, 2, 2).getFirst());
                yield text(value.substring(
                        0, value.offsetByCodePoints(0, Math.min(count(arguments.get(1)), points(value)))));
            }
            case "print" -> text(print(arguments));
            case "println" ->
                text(arguments.stream().map(TemplateFunctions::shown).collect(Collectors.joining(" ")) + "\n");
            case "printf" -> text(printf(arguments));
            case "not" -> BooleanNode.valueOf(!isTrue(of(name, arguments, 1, 1).getFirst()));
            case "eq" -> {
                var it = of(name, arguments, 2, Integer.MAX_VALUE);
                yield BooleanNode.valueOf(it.subList(1, it.size()).stream().anyMatch(o -> same(it.getFirst(), o)));
            }
            case "ne" -> BooleanNode.valueOf(!same(of(name, arguments, 2, 2).getFirst(), arguments.get(1)));
            case "lt" -> BooleanNode.valueOf(compare(name, arguments) < 0);
            case "le" -> BooleanNode.valueOf(compare(name, arguments) <= 0);
            case "gt" -> BooleanNode.valueOf(compare(name, arguments) > 0);
            case "ge" -> BooleanNode.valueOf(compare(name, arguments) >= 0);
            default -> throw new CommandException("there is no function " + name);
        };
    }

    private static List<JsonNode> of(String name, List<JsonNode> arguments, int least, int most)
            throws CommandException {
        if (arguments.size() < least || arguments.size() > most) {
            throw new CommandException(name + " in a template takes "
                    + (most > 3 ? "at least " + least : least == most ? String.valueOf(least) : least + " to " + most)
                    + " values, not " + arguments.size());
        }
        return arguments;
    }

    private static JsonNode text(String text) {
        return TextNode.valueOf(text);
    }

    private static int count(JsonNode number) throws CommandException {
        if (!number.canConvertToInt() || number.asInt() < 0 || number.asInt() > 1000) {
            throw new CommandException(number + " in a template is no whole number from 0 to 1000");
        }
        return number.asInt();
    }

    private static int points(String text) {
        return text.codePointCount(0, text.length());
    }

    private static int length(JsonNode value) throws CommandException {
        if (!value.isTextual() && !value.isContainerNode()) {
            throw new CommandException("len of " + value + ": it is no text, list or map");
        }
        return value.isTextual() ? value.asText().length() : value.size();
    }

    /** What a key does not have is empty, as with Go's maps of text; a list has no item that is not there. */
    private static JsonNode index(List<JsonNode> arguments) throws CommandException {
        var found = of("index", arguments, 1, Integer.MAX_VALUE).getFirst();
        for (var key : arguments.subList(1, arguments.size())) {
            if (key.isTextual()) {
                if (!found.isObject() && !found.isNull() && !found.isMissingNode()) {
                    throw new CommandException(found + " has no keys, so no " + key);
                }
                found = found.path(key.asText());
            } else {
                if (!found.has(key.asInt(-1))) {
                    throw new CommandException(found + " has no item " + key);
                }
                found = found.path(key.asInt());
            }
        }
        if (arguments.size() == 1) {
            throw new CommandException("index, and only index, takes a number or a \"key\" at its end");
        }
        return found;
    }

    private static JsonNode slice(List<JsonNode> it) throws CommandException {
        var whole = it.getFirst();
        var size = length(whole);
        var from = it.size() > 1 ? count(it.get(1)) : 0;
        var to = it.size() > 2 ? count(it.get(2)) : size;
        if (from > to || to > size) {
            throw new CommandException("slice of " + whole + ": it has no part from " + from + " to " + to);
        }
        if (whole.isTextual()) {
            return text(whole.asText().substring(from, to));
        }
        var part = JsonNodeFactory.instance.arrayNode();
        for (var i = from; i < to; i++) {
            part.add(whole.get(i));
        }
        return part;
    }

    private static JsonNode split(List<JsonNode> it) {
        var parts = JsonNodeFactory.instance.arrayNode();
        Arrays.stream(shown(it.getFirst()).split(Pattern.quote(it.get(1).asText()), -1))
                .forEach(parts::add);
        return parts;
    }

    /** Go puts a blank between two values of which none is text. */
    private static String print(List<JsonNode> arguments) {
        var printed = new StringBuilder();
        for (var i = 0; i < arguments.size(); i++) {
            if (i > 0 && !arguments.get(i).isTextual() && !arguments.get(i - 1).isTextual()) {
                printed.append(' ');
            }
            printed.append(shown(arguments.get(i)));
        }
        return printed.toString();
    }

    private static String printf(List<JsonNode> arguments) throws CommandException {
        var rest = new ArrayList<>(of("printf", arguments, 1, Integer.MAX_VALUE));
        var format = rest.removeFirst().asText();
        var printed = new StringBuilder();
        var verb = VERB.matcher(format);
        var at = 0;
        while (verb.find()) {
            printed.append(format, at, verb.start());
            at = verb.end();
            var letter = verb.group(2);
            if (letter.equals("%")) {
                printed.append('%');
                continue;
            }
            if (rest.isEmpty()) {
                throw new CommandException("printf in a template has too few values for \"" + format + "\"");
            }
            var value = rest.removeFirst();
            try {
                printed.append(
                        switch (letter) {
                            case "d", "x" -> String.format(Locale.ROOT, verb.group(), value.asLong());
                            case "f" -> String.format(Locale.ROOT, verb.group(), value.asDouble());
                            case "q" -> String.format(Locale.ROOT, "%" + verb.group(1) + "s", text(shown(value)));
                            case "s", "v", "t" -> String.format(Locale.ROOT, "%" + verb.group(1) + "s", shown(value));
                            default -> throw new CommandException("printf in a template does not know %" + letter);
                        });
            } catch (IllegalArgumentException e) {
                throw new CommandException("printf in a template: \"" + verb.group() + "\" does not fit " + value);
            }
        }
        return printed.append(format.substring(at)).toString();
    }

    private static boolean same(JsonNode one, JsonNode other) {
        return one.isNumber() && other.isNumber()
                ? one.decimalValue().compareTo(other.decimalValue()) == 0
                : one.equals(other);
    }

    private static int compare(String name, List<JsonNode> arguments) throws CommandException {
        var it = of(name, arguments, 2, 2);
        var one = it.getFirst();
        var other = it.get(1);
        if (one.isNumber() && other.isNumber()) {
            return one.decimalValue().compareTo(other.decimalValue());
        }
        if (one.isTextual() && other.isTextual()) {
            return one.asText().compareTo(other.asText());
        }
        throw new CommandException(name + " in a template cannot compare " + one + " with " + other);
    }

    /** Neither nothing, nor false, nor zero, nor empty. */
    static boolean isTrue(JsonNode value) {
        return switch (value.getNodeType()) {
            case ARRAY, OBJECT -> !value.isEmpty();
            case BOOLEAN -> value.booleanValue();
            case NUMBER -> value.decimalValue().signum() != 0;
            case STRING -> !value.asText().isEmpty();
            case NULL, MISSING -> false;
            case BINARY, POJO -> true;
        };
    }

    /** As Go prints values. */
    static String shown(JsonNode node) {
        if (node.isArray()) {
            return StreamSupport.stream(node.spliterator(), false)
                    .map(TemplateFunctions::shown)
                    .collect(Collectors.joining(" ", "[", "]"));
        }
        if (node.isObject()) {
            var entries = new TreeMap<String, String>();
            node.properties().forEach(entry -> entries.put(entry.getKey(), shown(entry.getValue())));
            return entries.entrySet().stream()
                    .map(entry -> entry.getKey() + ":" + entry.getValue())
                    .collect(Collectors.joining(" ", "map[", "]"));
        }
        if (node.isMissingNode()) {
            return "";
        }
        return node.isNull() ? "<no value>" : node.asText();
    }
}
