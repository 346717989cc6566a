package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.plan.Printable;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code history} and {@code history show}: what was done to stacks, read from files with or without an agent. */
final class HistoryCommand implements Command {
    private static final int SHOWN = 20;
    private static final int COMMIT = 7;
    private static final int WIDEST = 60;

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Lists what was done to the stacks of this host, newest last: history [STACK].",
                        "'history show [STACK] NUMBER' tells all of one run.");
        spec.addOption(Options.value("FORMAT", "text or json", "-o", "--output"));
        spec.addOption(Options.value("NUMBER", "The newest so many, or all (default 20)", "-n", "--limit"));
        spec.addPositional(Options.arguments("[STACK] | show [STACK] NUMBER", "0..3", "What to tell of"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json"));
        var door = EngineDoor.of(call);
        var arguments = new ArrayList<>(call.arguments());
        var show = !arguments.isEmpty() && arguments.getFirst().equals("show");
        if (show) {
            arguments.removeFirst();
        }
        var named = call.globals().projectName();
        if (arguments.size() > (show ? 2 : 1)) {
            throw new CommandException(
                    show ? "needs a stack and a number: history show [STACK] NUMBER" : "takes one stack");
        }
        Optional<String> number = show && !arguments.isEmpty() ? Optional.of(arguments.removeLast()) : Optional.empty();
        var stack = Decided.checked(arguments.isEmpty() ? named : Optional.of(arguments.getFirst()));
        try (var engine = door.openForReading()) {
            var history = new History(engine.root());
            if (show) {
                return show(call, history, stack, number, format);
            }
            return list(call, history, stack, format);
        }
    }

    private static int list(Invocation call, History history, Optional<String> stack, String format)
            throws IOException, CommandException {
        var entries = new ArrayList<HistoryEntry>();
        for (var one : stack.isPresent() ? List.of(stack.get()) : history.stacks()) {
            entries.addAll(history.entries(one));
        }
        entries.sort(Comparator.comparing(HistoryEntry::time));
        var newest = entries.subList(Math.max(0, entries.size() - limit(call)), entries.size());
        if (format.equals("json")) {
            call.world().out().print(JsonText.document(json -> {
                json.writeStartArray();
                for (var entry : newest) {
                    write(entry, json);
                }
                json.writeEndArray();
            }));
            return ExitCodes.OK;
        }
        if (entries.isEmpty()) {
            call.say(
                    stack.map(name -> "Nothing is known of stack " + name + ".").orElse("Nothing was done here yet."));
            return ExitCodes.OK;
        }
        var now = call.world().clock().instant();
        var table = new Table("STACK", "NUMBER", "WHEN", "REVISION", "TRIGGER", "OUTCOME", "TOOK", "BY", "WHAT");
        newest.forEach(entry -> table.row(
                entry.stack(),
                String.valueOf(entry.number()),
                Spans.ago(entry.time(), now),
                revision(entry),
                entry.trigger(),
                entry.outcome().word(),
                Spans.precise(entry.duration()),
                entry.by().or(entry::author).orElse(""),
                what(entry)));
        call.world().out().print(table);
        return ExitCodes.OK;
    }

    private static int limit(Invocation call) throws CommandException {
        var limit = call.text("--limit").orElse(String.valueOf(SHOWN));
        if (limit.equals("all")) {
            return Integer.MAX_VALUE;
        }
        if (!limit.matches("[0-9]{1,9}")) {
            throw new CommandException("--limit is a number or all, not \"" + Printable.text(limit) + "\"");
        }
        return Integer.parseInt(limit);
    }

    private static String revision(HistoryEntry entry) {
        return entry.commit()
                .map(commit -> commit.substring(0, Math.min(COMMIT, commit.length())))
                .orElse("");
    }

    private static String what(HistoryEntry entry) {
        var text = entry.message().isEmpty()
                ? entry.operations().size() == 1
                        ? entry.operations().getFirst().strip()
                        : entry.operations().size() + " operations"
                : entry.message();
        var end = text.offsetByCodePoints(0, Math.min(WIDEST, text.codePointCount(0, text.length())));
        return end < text.length() ? text.substring(0, end) + "…" : text;
    }

    private static int show(
            Invocation call, History history, Optional<String> stack, Optional<String> number, String format)
            throws IOException, CommandException {
        if (number.isEmpty() || !number.get().matches("[0-9]{1,18}")) {
            throw new CommandException(
                    "needs the number of a run, as 'lockstep history' lists it: history show" + " [STACK] NUMBER");
        }
        var name = stack.isPresent() ? stack.get() : only(history);
        var wanted = Long.parseLong(number.get());
        var entry = history.entries(name).stream()
                .filter(e -> e.number() == wanted)
                .findFirst()
                .orElseThrow(() -> new CommandException("the history of stack " + name + " has no number " + wanted
                        + ", or no longer; 'lockstep history " + name + "' lists what is kept"));
        call.world()
                .out()
                .print(
                        format.equals("json")
                                ? JsonText.document(json -> write(entry, json))
                                : text(entry, call.world().clock().instant()));
        return ExitCodes.OK;
    }

    private static String only(History history) throws IOException, CommandException {
        var stacks = history.stacks();
        if (stacks.size() != 1) {
            throw new CommandException("needs the name of a stack: history show STACK NUMBER");
        }
        return stacks.getFirst();
    }

    private static String text(HistoryEntry entry, Instant now) {
        var text = new StringBuilder();
        line(text, "Stack", entry.stack() + " on " + entry.host() + ", number " + entry.number());
        line(
                text,
                "Ended",
                entry.time().truncatedTo(ChronoUnit.SECONDS) + " (" + Spans.ago(entry.time(), now) + "), after "
                        + Spans.precise(entry.duration()));
        entry.commit()
                .ifPresent(commit -> line(
                        text,
                        "Revision",
                        commit + entry.subject().map(s -> " \"" + s + "\"").orElse("")));
        entry.author().ifPresent(author -> line(text, "Author", author));
        entry.repository()
                .ifPresent(url ->
                        line(text, "From", url + entry.ref().map(r -> " " + r).orElse("")));
        line(text, "Trigger", entry.trigger());
        entry.by().ifPresent(by -> line(text, "By", by));
        line(text, "Outcome", entry.outcome().word());
        entry.overrides().forEach(override -> line(text, "Passed", override));
        if (!entry.message().isEmpty()) {
            line(text, "Message", entry.message());
        }
        entry.version().ifPresent(version -> line(text, "Lockstep", version));
        if (!entry.operations().isEmpty()) {
            text.append("\nPlan")
                    .append(entry.plan().map(digest -> " " + digest).orElse(""))
                    .append(":\n");
            entry.operations()
                    .forEach(operation ->
                            text.append("  ").append(Printable.text(operation)).append('\n'));
        }
        if (!entry.steps().isEmpty()) {
            text.append("\nDone:\n");
            entry.steps()
                    .forEach(step -> text.append("  ")
                            .append(Printable.text(step.operation() + ": " + step.result()
                                    + step.took()
                                            .map(t -> " in " + Spans.precise(t))
                                            .orElse("")
                                    + step.why().map(why -> ", " + why).orElse("")))
                            .append('\n'));
        }
        if (!entry.images().isEmpty()) {
            text.append("\nImages afterwards:\n");
            entry.images()
                    .forEach((reference, digest) -> text.append("  ")
                            .append(Printable.text(reference + " " + digest))
                            .append('\n'));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String key, String value) {
        text.append("%-10s".formatted(key + ":")).append(Printable.text(value)).append('\n');
    }

    /** As the lines of the file have it, so that one program reads both. */
    private static void write(HistoryEntry entry, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("number", entry.number());
        json.writeStringField("time", entry.time().toString());
        json.writeStringField("host", entry.host());
        json.writeStringField("root", entry.root());
        json.writeStringField("stack", entry.stack());
        optional(json, "repository", entry.repository());
        optional(json, "commit", entry.commit());
        optional(json, "ref", entry.ref());
        optional(json, "author", entry.author());
        optional(json, "subject", entry.subject());
        json.writeStringField("trigger", entry.trigger());
        optional(json, "by", entry.by());
        json.writeStringField("outcome", entry.outcome().word());
        texts(json, "operations", entry.operations());
        json.writeArrayFieldStart("steps");
        for (var step : entry.steps()) {
            json.writeStartObject();
            json.writeStringField("operation", step.operation());
            json.writeStringField("result", step.result());
            optional(json, "took", step.took().map(Object::toString));
            optional(json, "why", step.why());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeObjectFieldStart("images");
        for (var image : entry.images().entrySet()) {
            json.writeStringField(image.getKey(), image.getValue());
        }
        json.writeEndObject();
        texts(json, "overrides", entry.overrides());
        json.writeStringField("message", entry.message());
        json.writeStringField("duration", entry.duration().toString());
        optional(json, "version", entry.version());
        optional(json, "plan", entry.plan());
        json.writeEndObject();
    }

    private static void optional(JsonGenerator json, String field, Optional<String> value) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(field, value.get());
        }
    }

    private static void texts(JsonGenerator json, String field, List<String> values) throws IOException {
        json.writeArrayFieldStart(field);
        for (var value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }
}
