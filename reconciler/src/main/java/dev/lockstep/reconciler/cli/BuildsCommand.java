package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/** {@code builds}: the builds that an agent makes of its repositories, read from files with or without an agent. */
final class BuildsCommand implements Command {
    private static final int SHOWN = 20;
    private static final int SHORT = 7;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Lists the builds of this host's repositories, the newest first: builds [ls].",
                        "'builds show NUMBER' tells all of one, 'builds logs NUMBER' what it printed; with -f also what"
                                + " comes, until it is over.",
                        "'builds retry NUMBER' has the agent make it again, from the same commit, as another build.");
        spec.addOption(Options.value("FORMAT", "text or json", "--format", "-o", "--output"));
        spec.addOption(Options.value("NUMBER", "The newest so many, or all (default 20)", "-n", "--limit"));
        spec.addOption(Options.flag("With logs: go on until the build is over", "-f", "--follow"));
        spec.addPositional(Options.arguments("[ls] | show NUMBER | logs NUMBER | retry NUMBER", "0..2", "What to do"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "text", List.of("text", "json"));
        var words = call.arguments();
        var verb = words.isEmpty() ? "ls" : words.getFirst();
        if (!List.of("ls", "show", "logs", "retry").contains(verb)) {
            throw new CommandException("builds takes ls, show, logs or retry, not \"" + Printable.text(verb) + "\"");
        }
        refuse(call, verb, "--follow", List.of("logs"));
        refuse(call, verb, "--format", List.of("ls", "show"));
        refuse(call, verb, "--limit", List.of("ls"));
        if (verb.equals("ls") && words.size() > 1) {
            throw new CommandException("builds ls takes no number; 'lockstep builds show NUMBER' tells all of one");
        }
        var door = EngineDoor.of(call);
        if (verb.equals("ls")) {
            return list(call, door.hasRoot() ? all(call) : List.of(), format);
        }
        var number = number(words, verb);
        if (!door.hasRoot()) {
            throw unknown(number);
        }
        return switch (verb) {
            case "logs" -> logs(call, records(call), number);
            case "retry" -> retry(call, number);
            default -> show(call, records(call), number, format);
        };
    }

    private static void refuse(Invocation call, String verb, String option, List<String> verbs)
            throws CommandException {
        if (call.parsed().hasMatchedOption(option) && !verbs.contains(verb)) {
            throw new CommandException(option + " goes with builds " + String.join(" and builds ", verbs));
        }
    }

    private static BuildRecords records(Invocation call) throws IOException {
        return new BuildRecords(
                Root.openForReading(call.globals().root(), call.globals().runRoot()));
    }

    private static List<BuildRecord> all(Invocation call) throws IOException {
        return records(call).all(e -> call.say("Left out: " + e.getMessage()));
    }

    private static long number(List<String> words, String verb) throws CommandException {
        if (words.size() < 2 || !words.get(1).matches("[0-9]{1,18}")) {
            throw new CommandException(
                    "needs the number of a build, as 'lockstep builds' lists it: builds " + verb + " NUMBER");
        }
        return Long.parseLong(words.get(1));
    }

    private static CommandException unknown(long number) {
        return new CommandException(
                "there is no build " + number + " on this host, or no longer; 'lockstep builds' lists what is kept");
    }

    private static int list(Invocation call, List<BuildRecord> all, String format) throws CommandException {
        var limit = call.text("--limit").orElse(String.valueOf(SHOWN));
        if (!limit.equals("all") && !limit.matches("[0-9]{1,9}")) {
            throw new CommandException("--limit is a number or all, not \"" + Printable.text(limit) + "\"");
        }
        var shown = all.stream()
                .limit(limit.equals("all") ? Long.MAX_VALUE : Long.parseLong(limit))
                .toList();
        if (format.equals("json")) {
            call.world().out().print(JsonText.document(json -> {
                json.writeStartArray();
                for (var record : shown) {
                    write(record, json);
                }
                json.writeEndArray();
            }));
            return ExitCodes.OK;
        }
        if (all.isEmpty()) {
            call.say("Nothing was built of a repository here yet.");
            return ExitCodes.OK;
        }
        var now = call.world().clock().instant();
        var table = new Table("BUILD", "TARGET", "IMAGE", "OF", "COMMIT", "STATE", "WHEN", "TOOK", "WHAT");
        shown.forEach(record -> table.row(
                String.valueOf(record.number()),
                record.target(),
                record.name(),
                ref(record),
                record.occasion().commit().substring(0, SHORT),
                state(record),
                Spans.ago(record.ended().or(record::started).orElse(record.queued()), now),
                took(record, now).map(Spans::precise).orElse(""),
                record.problem().isEmpty() ? record.subject() : record.problem()));
        call.world().out().print(table);
        return ExitCodes.OK;
    }

    /** A state as people read it. */
    static String state(BuildRecord record) {
        return record.state().name().toLowerCase(Locale.ROOT);
    }

    private static String ref(BuildRecord record) {
        return record.occasion().ref().replaceFirst("^refs/(heads|tags)/", "");
    }

    private static Optional<Duration> took(BuildRecord record, Instant now) {
        return record.started()
                .map(begin -> Duration.between(begin, record.ended().orElse(now)));
    }

    private static int show(Invocation call, BuildRecords records, long number, String format)
            throws IOException, CommandException {
        var record = records.read(number).orElseThrow(() -> unknown(number));
        call.world()
                .out()
                .print(
                        format.equals("json")
                                ? JsonText.document(json -> write(record, json))
                                : text(record, records, call.world().clock().instant()));
        return ExitCodes.OK;
    }

    private static String text(BuildRecord record, BuildRecords records, Instant now) throws IOException {
        var text = new StringBuilder();
        line(text, "Build", record.number() + " of " + record.target());
        line(text, "State", state(record) + (record.problem().isEmpty() ? "" : ": " + record.problem()));
        for (var tag : record.tags()) {
            line(text, "Image", record.image() + ":" + tag);
        }
        record.digest()
                .ifPresent(digest -> line(text, "Digest", digest + (record.pushed() ? ", pushed" : ", on this host")));
        line(text, "From", record.repository() + " " + record.occasion().ref());
        line(
                text,
                "Commit",
                record.occasion().commit() + (record.subject().isEmpty() ? "" : " \"" + record.subject() + "\""));
        line(text, "Because", because(record));
        time(text, "Queued", Optional.of(record.queued()), now);
        time(text, "Started", record.started(), now);
        time(text, "Ended", record.ended(), now);
        if (record.restarts() > 0) {
            line(text, "Restarts", String.valueOf(record.restarts()));
        }
        if (Files.exists(records.log(record.number()))) {
            line(text, "Log", records.log(record.number()).toString());
        }
        for (var report : reports(records.reports(record.number()))) {
            line(text, "Report", report);
        }
        return text.toString();
    }

    private static String because(BuildRecord record) {
        return switch (record.occasion().kind()) {
            case TAG -> "a tag was pushed";
            case BRANCH -> "a branch was pushed";
            case WANTED -> "a stack wants it";
            case RETRY -> "somebody asked for it again";
        };
    }

    /** Only names are shown: what is in there came out of a container. */
    private static Set<String> reports(Path directory) throws IOException {
        var names = new TreeSet<String>();
        if (Files.isDirectory(directory)) {
            try (Stream<Path> all = Files.walk(directory)) {
                all.filter(path -> !Files.isDirectory(path)).forEach(path -> names.add(path.toString()));
            }
        }
        return names;
    }

    private static void time(StringBuilder text, String key, Optional<Instant> time, Instant now) {
        time.ifPresent(at -> line(text, key, at.truncatedTo(ChronoUnit.SECONDS) + " (" + Spans.ago(at, now) + ")"));
    }

    private static void line(StringBuilder text, String key, String value) {
        text.append("%-10s".formatted(key + ":")).append(Printable.text(value)).append('\n');
    }

    private static int logs(Invocation call, BuildRecords records, long number)
            throws IOException, CommandException, InterruptedException {
        if (records.read(number).isEmpty()) {
            throw unknown(number);
        }
        new BuildLogReader(records, number, call.world().out(), call::say).read(call.flag("--follow"));
        return ExitCodes.OK;
    }

    private static int retry(Invocation call, long number) throws IOException, CommandException {
        var root = Root.open(call.globals().root(), call.globals().runRoot());
        if (!EngineDoor.agentRuns(root)) {
            throw new CommandException("no agent runs on root " + call.globals().root()
                    + ", which would build it; start it ('systemctl start lockstep')");
        }
        var answer = new RequestBox(root, call.world().clock())
                .ask("build", Map.of("number", String.valueOf(number)), PATIENCE)
                .orElseThrow(() -> new CommandException("the agent has not answered within " + Spans.round(PATIENCE)));
        if (answer.exitCode() != ExitCodes.OK) {
            throw new CommandException(String.join("; ", answer.lines()), answer.exitCode());
        }
        answer.lines().forEach(line -> call.world().out().println(Printable.text(line)));
        return ExitCodes.OK;
    }

    /** For programs. */
    static void write(BuildRecord record, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("number", record.number());
        json.writeStringField("repository", record.repository());
        json.writeStringField("target", record.target());
        json.writeStringField("image", record.image());
        json.writeArrayFieldStart("tags");
        for (var tag : record.tags()) {
            json.writeString(tag);
        }
        json.writeEndArray();
        json.writeStringField("kind", record.occasion().kind().name().toLowerCase(Locale.ROOT));
        json.writeStringField("ref", record.occasion().ref());
        json.writeStringField("commit", record.occasion().commit());
        json.writeStringField("subject", record.subject());
        json.writeStringField("inputs", record.inputs());
        json.writeStringField("state", state(record));
        optional(json, "digest", record.digest());
        json.writeBooleanField("pushed", record.pushed());
        json.writeStringField("problem", record.problem());
        json.writeStringField("queued", record.queued().toString());
        optional(json, "started", record.started());
        optional(json, "ended", record.ended());
        json.writeNumberField("restarts", record.restarts());
        json.writeEndObject();
    }

    private static void optional(JsonGenerator json, String field, Optional<?> value) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(field, value.get().toString());
        }
    }
}
