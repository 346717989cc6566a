package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Collectors;

/**
 * Transactions of {@link TableCommands} in the words of nft(8), for a libnftables whose JSON cannot say all of it.
 * Knows what {@link NftJson} makes, and nothing else. Pure.
 */
final class NftText {
    private NftText() {}

    /** The same commands in the same order, a line each. */
    static String of(JsonNode transaction) {
        return transaction
                .path("nftables")
                .valueStream()
                .map(NftText::command)
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String command(JsonNode command) {
        var verb = command.fieldNames().next();
        var what = command.path(verb).fieldNames().next();
        var object = command.path(verb).path(what);
        var family = object.path("family").asText();
        var begin = verb + " " + what + " " + family + " ";
        if (what.equals("table")) {
            return begin + object.path("name").asText();
        }
        begin += object.path("table").asText() + " ";
        if (what.equals("rule")) {
            return begin + object.path("chain").asText() + " " + statements(object.path("expr"))
                    + (object.has("comment") ? " comment " + quoted(object.path("comment")) : "");
        }
        begin += object.path("name").asText();
        return switch (what) {
            case "chain" -> begin + chain(object);
            case "set", "map" -> begin + " { " + set(object) + "}";
            case "element" -> begin + " " + elements(object.path("elem"));
            default -> throw unknown(command);
        };
    }

    private static String chain(JsonNode chain) {
        return chain.has("hook")
                ? " { type " + chain.path("type").asText() + " hook "
                        + chain.path("hook").asText() + " priority "
                        + chain.path("prio").asInt() + "; policy "
                        + chain.path("policy").asText() + "; }"
                : "";
    }

    private static String set(JsonNode set) {
        return "type " + type(set.path("type")) + (set.has("map") ? " : " + type(set.path("map")) : "") + "; "
                + (set.has("flags") ? "flags " + words(set.path("flags"), ", ") + "; " : "")
                + (set.has("elem") ? "elements = " + elements(set.path("elem")) + "; " : "");
    }

    private static String type(JsonNode type) {
        return type.isArray() ? words(type, " . ") : type.asText();
    }

    private static String words(JsonNode texts, String between) {
        return texts.valueStream().map(JsonNode::asText).collect(Collectors.joining(between));
    }

    /** An array of two is a key with what the map has for it. */
    private static String elements(JsonNode elements) {
        return elements.valueStream()
                .map(element -> element.isArray()
                        ? expression(element.path(0)) + " : " + expression(element.path(1))
                        : expression(element))
                .collect(Collectors.joining(", ", "{ ", " }"));
    }

    private static String statements(JsonNode statements) {
        return statements.valueStream().map(NftText::statement).collect(Collectors.joining(" "));
    }

    private static String statement(JsonNode statement) {
        var kind = statement.fieldNames().next();
        var said = statement.path(kind);
        return switch (kind) {
            case "match" -> match(said);
            case "counter", "masquerade" -> kind;
            case "redirect" -> "redirect to :" + said.path("port").asInt();
            case "vmap" ->
                expression(said.path("key")) + " vmap " + said.path("data").asText();
            case "dnat" -> {
                var map = said.path("addr").path("map");
                yield "dnat " + said.path("family").asText() + " to " + expression(map.path("key")) + " map "
                        + map.path("data").asText();
            }
            default -> expression(statement);
        };
    }

    /** What several words are equal to is one of them; of marks, the one that is set, which JSON calls {@code in}. */
    private static String match(JsonNode match) {
        var right = match.path("right");
        return expression(match.path("left"))
                + (match.path("op").asText().equals("!=") ? " != " : " ")
                + (right.isArray()
                        ? right.valueStream().map(NftText::expression).collect(Collectors.joining(","))
                        : expression(right));
    }

    private static String expression(JsonNode expression) {
        if (expression.isNumber()) {
            return expression.asText();
        }
        if (expression.isTextual()) {
            return expression.asText().startsWith("@") ? expression.asText() : quoted(expression);
        }
        var kind = expression.fieldNames().next();
        var said = expression.path(kind);
        return switch (kind) {
            case "meta", "ct" -> kind + " " + said.path("key").asText();
            case "fib" ->
                "fib " + words(said.path("flags"), " . ") + " "
                        + said.path("result").asText();
            case "payload" ->
                said.has("base")
                        ? "@" + said.path("base").asText() + ","
                                + said.path("offset").asInt() + ","
                                + said.path("len").asInt()
                        : said.path("protocol").asText() + " "
                                + said.path("field").asText();
            case "concat" -> said.valueStream().map(NftText::expression).collect(Collectors.joining(" . "));
            case "prefix" -> said.path("addr").asText() + "/" + said.path("len").asInt();
            case "set" -> elements(said);
            case "jump" -> "jump " + said.path("target").asText();
            case "accept", "drop", "return" -> kind;
            default -> throw unknown(expression);
        };
    }

    /** Quoted, it is never taken for a word of the language; there are no escapes, nor anything that needs one. */
    private static String quoted(JsonNode text) {
        return "\"" + text.asText() + "\"";
    }

    private static IllegalArgumentException unknown(JsonNode what) {
        return new IllegalArgumentException("there are no words for " + what);
    }
}
