package dev.lockstep.reconciler.cli;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What {@code --format} says of lines: the command's own table, documents, or a template of the user's. */
sealed interface RowFormat {
    /** The table that the command prints without the option. */
    record OwnTable() implements RowFormat {}

    /** A document a line. */
    record Json() implements RowFormat {}

    /** The user's. */
    record Template(GoTemplate template) implements RowFormat {}

    /** Reads {@code --format}. */
    static RowFormat of(Invocation call) throws CommandException {
        var text = call.text("--format").orElse("table");
        return switch (text) {
            case "table", "" -> new OwnTable();
            case "json" -> new Json();
            default -> new Template(parsed(text));
        };
    }

    private static GoTemplate parsed(String text) throws CommandException {
        if (!text.contains("{{")) {
            throw new CommandException(
                    "--format takes table, json or a Go template like '{{.Name}}', not \"" + text + "\"");
        }
        return GoTemplate.parse(text);
    }

    default boolean isTable() {
        return this instanceof OwnTable;
    }

    /**
     * What is printed.
     *
     * @throws IllegalStateException when it is the command's own table, which only the command knows
     */
    default String lines(List<GoTemplate.Row> rows, Map<String, String> headings) throws CommandException {
        return switch (this) {
            case OwnTable _ -> throw new IllegalStateException("the command prints its own table");
            case Json _ -> rows.stream().map(GoTemplate.Row::document).collect(Collectors.joining());
            case Template(var template) -> template.lines(rows, headings);
        };
    }
}
