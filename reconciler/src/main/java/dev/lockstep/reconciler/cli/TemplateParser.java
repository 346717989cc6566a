package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.lockstep.reconciler.plan.Printable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads templates by the grammar of Go's {@code text/template}, as far as one template can use it. */
final class TemplateParser {
    /** An action ends at the first braces that are not inside of a text. */
    private static final Pattern ACTION = Pattern.compile(
            "\\{\\{(?<trim>-(?=\\s))?(?<words>(?:[^\"`{}]|\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)*?)(?<trimNext>(?<=\\s)-)?}}",
            Pattern.DOTALL);

    private static final Pattern TOKEN = Pattern.compile("\\s*(?:"
            + "(?<text>\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)"
            + "|(?<number>[-+]?\\d+(?:\\.\\d+)?)"
            + "|(?<variable>\\$[A-Za-z0-9_]*)(?<variableFields>(?:\\.[A-Za-z_][A-Za-z0-9_]*)*)"
            + "|(?<field>(?:\\.[A-Za-z_][A-Za-z0-9_]*)+|\\.)"
            + "|(?<word>[A-Za-z_][A-Za-z0-9_]*)"
            + "|(?<sign>:=|[=|(),])"
            + ")");

    private static final Pattern COMMENT = Pattern.compile("\\s*/\\*.*\\*/\\s*", Pattern.DOTALL);
    private static final Pattern LAST_BLANKS = Pattern.compile("\\s+\\z");
    private static final Pattern FIRST_BLANKS = Pattern.compile("\\A\\s+");

    private final String text;
    private int at;
    private boolean trimNext;

    private TemplateParser(String text) {
        this.text = text;
    }

    /** A whole template. */
    static List<TemplateNode> parse(String text) throws CommandException {
        var parser = new TemplateParser(text);
        var body = parser.body("");
        return body.nodes();
    }

    /** Nodes up to the {@code end} or {@code else} that ends them. */
    private record Body(List<TemplateNode> nodes, String end) {}

    /** @param inside the block whose body it is; empty: the template */
    private Body body(String inside) throws CommandException {
        var nodes = new ArrayList<TemplateNode>();
        var action = ACTION.matcher(text);
        while (action.find(at)) {
            literal(nodes, text.substring(at, action.start()), action.group("trim") != null);
            at = action.end();
            trimNext = action.group("trimNext") != null;
            var words = action.group("words").strip();
            if (COMMENT.matcher(words).matches()) {
                continue;
            }
            if (words.equals("end") || words.equals("else") || words.startsWith("else ")) {
                if (inside.isEmpty() || inside.equals("else") && !words.equals("end")) {
                    throw new CommandException("the template has {{" + Printable.text(words) + "}} without its begin");
                }
                return new Body(nodes, words);
            }
            nodes.add(action(words));
        }
        if (text.indexOf("{{", at) >= 0) {
            throw new CommandException("the template has {{ without its }}");
        }
        if (!inside.isEmpty()) {
            throw new CommandException("the template has a " + inside + " without its end");
        }
        literal(nodes, text.substring(at), false);
        at = text.length();
        return new Body(nodes, "");
    }

    private void literal(List<TemplateNode> nodes, String literal, boolean trimmed) {
        var rest = trimNext ? FIRST_BLANKS.matcher(literal).replaceFirst("") : literal;
        rest = trimmed ? LAST_BLANKS.matcher(rest).replaceFirst("") : rest;
        trimNext = false;
        if (!rest.isEmpty()) {
            nodes.add(new TemplateNode.Text(rest));
        }
    }

    private TemplateNode action(String words) throws CommandException {
        var tokens = new Tokens(words);
        if (tokens.take("if")) {
            return condition(tokens);
        }
        if (tokens.take("with")) {
            var value = tokens.last();
            var body = body("with");
            return new TemplateNode.With(value, body.nodes(), otherwise(body));
        }
        if (tokens.take("range")) {
            return range(tokens);
        }
        var variable = tokens.variable();
        if (variable.isPresent() && (tokens.take(":=") || tokens.take("="))) {
            return new TemplateNode.Assign(variable.get(), tokens.last());
        }
        return new TemplateNode.Print(new Tokens(words).last());
    }

    private TemplateNode condition(Tokens tokens) throws CommandException {
        var condition = tokens.last();
        var body = body("if");
        if (body.end().startsWith("else if ")) {
            var next = new Tokens(body.end().substring("else if ".length()));
            return new TemplateNode.If(condition, body.nodes(), List.of(condition(next)));
        }
        return new TemplateNode.If(condition, body.nodes(), otherwise(body));
    }

    private TemplateNode range(Tokens tokens) throws CommandException {
        var first = tokens.variable();
        var second = first.isPresent() && tokens.take(",") ? tokens.variable() : Optional.<String>empty();
        if (first.isPresent() && !tokens.take(":=")) {
            tokens.back(); // what is ranged over begins with a variable
            first = Optional.empty();
        }
        var items = tokens.last();
        var body = body("range");
        return second.isPresent()
                ? new TemplateNode.Range(first, second, items, body.nodes(), otherwise(body))
                : new TemplateNode.Range(Optional.empty(), first, items, body.nodes(), otherwise(body));
    }

    private List<TemplateNode> otherwise(Body body) throws CommandException {
        if (body.end().equals("end")) {
            return List.of();
        }
        if (!body.end().equals("else")) {
            throw new CommandException("\"{{" + Printable.text(body.end()) + "}}\" is not understood here");
        }
        return body("else").nodes();
    }

    /** The words of one action, read one after the other. */
    private static final class Tokens {
        private final String words;
        private final Matcher matcher;
        private int at;

        Tokens(String words) {
            this.words = words;
            this.matcher = TOKEN.matcher(words);
        }

        /** Reads that word or sign if it is the next. */
        boolean take(String word) {
            if (next() && (word.equals(matcher.group("word")) || word.equals(matcher.group("sign")))) {
                at = matcher.end();
                return true;
            }
            return false;
        }

        /** Reads a variable without fields if that is next. */
        Optional<String> variable() {
            if (next()
                    && matcher.group("variable") != null
                    && matcher.group("variableFields").isEmpty()) {
                at = matcher.end();
                return Optional.of(matcher.group("variable"));
            }
            return Optional.empty();
        }

        /** To the begin of the words behind {@code range}. */
        void back() {
            at = 0;
            take("range");
        }

        private boolean next() {
            matcher.region(at, words.length());
            return matcher.lookingAt();
        }

        /** All that is left. */
        TemplateNode.Pipeline last() throws CommandException {
            var pipeline = pipeline();
            if (!words.substring(at).isBlank()) {
                throw wrong();
            }
            return pipeline;
        }

        private TemplateNode.Pipeline pipeline() throws CommandException {
            var calls = new ArrayList<TemplateNode.Call>();
            do {
                calls.add(call());
            } while (take("|"));
            return new TemplateNode.Pipeline(calls);
        }

        private TemplateNode.Call call() throws CommandException {
            var found = new ArrayList<TemplateNode.Word>();
            for (var word = word(); word.isPresent(); word = word()) {
                found.add(word.get());
            }
            if (found.isEmpty()) {
                throw wrong();
            }
            return new TemplateNode.Call(found);
        }

        private Optional<TemplateNode.Word> word() throws CommandException {
            if (take("(")) {
                var inner = pipeline();
                if (!take(")")) {
                    throw wrong();
                }
                var adjacent = at < words.length() && words.charAt(at) == '.';
                if (adjacent && next() && matcher.group("field") != null) {
                    at = matcher.end();
                    return Optional.of(new TemplateNode.Group(inner, names(matcher.group("field"))));
                }
                return Optional.of(new TemplateNode.Group(inner, List.of()));
            }
            if (!next() || matcher.group("sign") != null) {
                return Optional.empty();
            }
            at = matcher.end();
            if (matcher.group("text") != null) {
                return Optional.of(new TemplateNode.Literal(TextNode.valueOf(unquoted(matcher.group("text")))));
            }
            if (matcher.group("number") != null) {
                return Optional.of(new TemplateNode.Literal(number(matcher.group("number"))));
            }
            if (matcher.group("variable") != null) {
                return Optional.of(
                        new TemplateNode.Variable(matcher.group("variable"), names(matcher.group("variableFields"))));
            }
            if (matcher.group("field") != null) {
                return Optional.of(new TemplateNode.Field(names(matcher.group("field"))));
            }
            return Optional.of(
                    switch (matcher.group("word")) {
                        case "true" -> new TemplateNode.Literal(BooleanNode.TRUE);
                        case "false" -> new TemplateNode.Literal(BooleanNode.FALSE);
                        case "nil" -> new TemplateNode.Literal(NullNode.instance);
                        default -> function(matcher.group("word"));
                    });
        }

        private TemplateNode.Word function(String name) throws CommandException {
            if (!TemplateFunctions.NAMES.contains(name)) {
                throw new CommandException(
                        "\"{{" + Printable.text(words.strip()) + "}}\" is not understood: there is no" + " function "
                                + name + "; there are " + String.join(", ", TemplateFunctions.NAMES));
            }
            return new TemplateNode.Function(name);
        }

        private static JsonNode number(String text) {
            return text.contains(".")
                    ? DecimalNode.valueOf(new BigDecimal(text))
                    : LongNode.valueOf(new BigDecimal(text).longValue());
        }

        private static List<String> names(String fields) {
            return fields.length() <= 1
                    ? List.of()
                    : List.of(fields.substring(1).split("\\.", -1));
        }

        private static String unquoted(String quoted) {
            var inner = quoted.substring(1, quoted.length() - 1);
            return quoted.startsWith("`") ? inner : inner.translateEscapes();
        }

        private CommandException wrong() {
            return new CommandException("\"{{" + Printable.text(words.strip())
                    + "}}\" is not understood: a template here has {{.Field}}, {{json .}}, {{join .List \",\"}},"
                    + " {{if .Field}}...{{else}}...{{end}} and {{range .List}}...{{end}}");
        }
    }
}
