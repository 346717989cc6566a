package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.lint.LintSettings;
import dev.lockstep.runtime.lint.LintSettings.LabelSort;
import dev.lockstep.runtime.lint.RuleSet;
import dev.lockstep.runtime.lint.Severity;
import dev.lockstep.spec.lint.ComposeRules;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.yaml.Suggestion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/** {@code lint}: what in Dockerfiles and Compose files is allowed and not wise. hadolint's words for its options. */
final class LintCommand implements Command {
    /** The exit code where a file cannot be read as what it should be; also for a flag that makes no sense. */
    static final int UNREADABLE = 2;

    private static final int FOUND = 1;
    private static final List<String> LEVELS = List.of("error", "warning", "info", "style", "none");

    /** hadolint's words for sorts of labels. */
    private static final Map<String, LabelSort> SORTS = sorts();

    private static Map<String, LabelSort> sorts() {
        var sorts = new LinkedHashMap<String, LabelSort>();
        sorts.put("text", LabelSort.TEXT);
        sorts.put("url", LabelSort.URL);
        sorts.put("rfc3339", LabelSort.TIME);
        sorts.put("spdx", LabelSort.SPDX);
        sorts.put("hash", LabelSort.HASH);
        sorts.put("semver", LabelSort.SEMVER);
        sorts.put("email", LabelSort.EMAIL);
        return sorts;
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Says what in Dockerfiles and Compose files is allowed and not wise: one finding on a line,"
                                + " with its rule.",
                        "Exit code 0 without findings that count, 1 with some, 2 where a file cannot be read.",
                        "'# hadolint ignore=DL3008' above an instruction, '# hadolint global ignore=...' and"
                                + " '# check=skip=...' are heeded.");
        spec.addOption(Options.value("FORMAT", "text, json or sarif", "-o", "--output", "--format"));
        spec.addOption(Options.value(
                "LEVEL",
                "What counts for the exit code: error, warning (if nothing is said), info, style, or none for nothing",
                "-t",
                "--failure-threshold"));
        spec.addOption(Options.values("RULE", "Do not look for this rule; several with commas", "--ignore"));
        spec.addOption(Options.values("RULE", "Look also for this rule, which is off", "--enable"));
        spec.addOption(Options.values(
                "HOST", "Base images may come from here, * for any part of the name (DL3026)", "--trusted-registry"));
        spec.addOption(Options.values(
                "NAME:SORT",
                "An image has this label; SORT is " + String.join(", ", SORTS.keySet()) + " (DL3049 and following)",
                "--require-label"));
        spec.addOption(Options.flag("It has no others (DL3050)", "--strict-labels"));
        spec.addPositional(Options.arguments(
                "[PATH...]",
                "0..*",
                "Dockerfiles, Compose files, directories to look through; this one if none is given"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json", "sarif"));
        var threshold = call.choice("--failure-threshold", "warning", LEVELS);
        LintRun run;
        try (var images = new LintedImages(call)) {
            run = new LintRun(call.world().directory(), settings(call), images.surroundings());
            look(call, run);
        }
        var lines = run.lines();
        switch (format) {
            case "json" -> call.world().out().print(json(lines));
            case "sarif" ->
                call.world()
                        .out()
                        .print(new Sarif(call.world().directory())
                                .results(lines.stream().map(LintLine::sarif).toList()));
            default -> text(call, lines, run.files());
        }
        if (run.unreadable()) {
            return UNREADABLE;
        }
        return lines.stream().anyMatch(line -> counts(line, threshold)) ? FOUND : ExitCodes.OK;
    }

    private static void look(Invocation call, LintRun run) throws Exception {
        for (var path : paths(call)) {
            var files = LintFiles.of(call.world().directory(), path);
            for (var file : files.dockerfiles()) {
                run.dockerfile(file);
            }
            files.composeDirectories()
                    .forEach(directory -> run.compose(stack(
                            call, request -> request.withDirectory(directory).withFiles(List.of()))));
            files.composeFiles().forEach(file -> run.compose(stack(call, request -> request.withFiles(List.of(file)))));
        }
    }

    private static List<String> paths(Invocation call) {
        var files = call.globals().files();
        return !call.arguments().isEmpty() ? call.arguments() : files.isEmpty() ? List.of(".") : files;
    }

    /** Each file is what it is: COMPOSE_FILE and its like say which one stack is meant, and here all are. */
    private static ProjectFiles stack(Invocation call, UnaryOperator<LoadRequest> which) {
        return new ProjectFiles(call).at(request -> {
            var environment = new LinkedHashMap<>(request.environment());
            environment.keySet().removeIf(name -> name.startsWith("COMPOSE_"));
            return which.apply(request.withEnvironment(environment));
        });
    }

    private static boolean counts(LintLine line, String threshold) {
        return !threshold.equals("none")
                && line.severity().isAtLeast(Severity.valueOf(threshold.toUpperCase(Locale.ROOT)));
    }

    private static LintSettings settings(Invocation call) throws CommandException {
        var labels = new LinkedHashMap<String, LabelSort>();
        for (var label : call.texts("--require-label")) {
            var colon = label.lastIndexOf(':');
            var sort = colon < 1 ? null : SORTS.get(label.substring(colon + 1));
            if (sort == null) {
                throw new CommandException(
                        "--require-label takes NAME:SORT with a SORT of " + String.join(", ", SORTS.keySet())
                                + ", not \"" + label + "\"",
                        UNREADABLE);
            }
            labels.put(label.substring(0, colon), sort);
        }
        return new LintSettings(
                rules(call, "--ignore"),
                rules(call, "--enable"),
                call.texts("--trusted-registry"),
                labels,
                call.flag("--strict-labels"));
    }

    /** A rule that does not exist is mostly one that is spelled wrong. */
    private static Set<String> rules(Invocation call, String option) throws CommandException {
        var known = new ArrayList<String>();
        Stream.concat(
                        RuleSet.ALL.stream().map(rule -> rule.id()),
                        ComposeRules.ALL.stream().map(rule -> rule.id()))
                .forEach(known::add);
        var result = new LinkedHashSet<String>();
        for (var text : call.texts(option)) {
            for (var id : text.split(",", -1)) {
                Optional<String> rule =
                        known.stream().filter(id.strip()::equalsIgnoreCase).findFirst();
                if (rule.isEmpty()) {
                    throw new CommandException(
                            option + ": there is no rule \"" + id.strip() + "\""
                                    + Suggestion.nearest(id.strip(), known)
                                            .map(near -> ". Did you mean \"" + near + "\"?")
                                            .orElse(""),
                            UNREADABLE);
                }
                result.add(rule.get());
            }
        }
        return result;
    }

    private static void text(Invocation call, List<LintLine> lines, int files) {
        lines.forEach(line -> call.world().out().println(line.text()));
        if (files == 0) {
            call.say("no Dockerfile and no Compose file was found.");
        } else if (lines.isEmpty()) {
            call.say("nothing to say about " + (files == 1 ? "1 file." : files + " files."));
        } else {
            call.say(lines.size() == 1 ? "1 finding." : lines.size() + " findings.");
        }
    }

    private static String json(List<LintLine> lines) {
        return JsonText.document(json -> {
            json.writeStartObject();
            json.writeStringField("format", "lockstep.lint/1");
            json.writeArrayFieldStart("findings");
            for (var line : lines) {
                finding(json, line);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void finding(JsonGenerator json, LintLine line) throws IOException {
        var at = line.problem().at();
        json.writeStartObject();
        json.writeStringField("rule", line.rule());
        json.writeStringField("severity", line.word());
        if (!at.isDefault()) {
            json.writeStringField("file", at.file());
            json.writeNumberField("line", at.line());
            json.writeNumberField("column", at.column());
        }
        json.writeStringField("path", line.problem().path());
        json.writeStringField("message", line.problem().message());
        json.writeEndObject();
    }
}
