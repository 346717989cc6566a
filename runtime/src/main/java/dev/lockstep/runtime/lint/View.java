package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.CommandLine;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.GlobalArguments;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Problem;
import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A file as rules look at it: with its build arguments at their defaults, for linux/amd64. */
record View(
        Dockerfile file,
        List<Problem> warnings,
        GlobalArguments globals,
        LintSettings settings,
        LintSurroundings surroundings) {
    /** What {@code FROM} may use without an {@code ARG}. */
    static final Map<String, String> PLATFORM = platform();

    private static Map<String, String> platform() {
        var values = new HashMap<String, String>();
        for (var kind : List.of("TARGET", "BUILD")) {
            values.put(kind + "PLATFORM", "linux/amd64");
            values.put(kind + "OS", "linux");
            values.put(kind + "ARCH", "amd64");
            values.put(kind + "VARIANT", "");
        }
        values.put("TARGETSTAGE", "default");
        return Map.copyOf(values);
    }

    static View of(Dockerfile file, List<Problem> warnings, LintSettings settings, LintSurroundings surroundings) {
        return new View(file, warnings, globals(file), settings, surroundings);
    }

    private static GlobalArguments globals(Dockerfile file) {
        try {
            return GlobalArguments.of(file, Map.of(), PLATFORM);
        } catch (SubstitutionException e) {
            // ARG A=${B:?…} without B: the builder says so, and no rule can know more.
            return GlobalArguments.of(
                    new Dockerfile(file.source(), file.directives(), List.of(), file.stages()), Map.of(), PLATFORM);
        }
    }

    List<Stage> stages() {
        return file.stages();
    }

    /** A word of {@code FROM} with defaults; empty if it cannot be said. */
    Optional<String> inFrom(String text) {
        try {
            return Optional.of(file.words().word(text, globals::value).word());
        } catch (SubstitutionException e) {
            return Optional.empty();
        }
    }

    /** The stage that another stands upon. */
    Optional<Stage> parent(Stage stage) {
        var name = inFrom(stage.base()).map(base -> base.toLowerCase(Locale.ROOT));
        for (var index = stage.index() - 1; index >= 0; index--) {
            if (stages().get(index).name().equals(name) && name.isPresent()) {
                return Optional.of(stages().get(index));
            }
        }
        return Optional.empty();
    }

    /** A stage behind all that it stands upon. */
    List<Stage> line(Stage stage) {
        var line = new ArrayList<Stage>();
        for (var at = Optional.of(stage); at.isPresent(); at = parent(at.get())) {
            line.addFirst(at.get());
        }
        return line;
    }

    /** What a stage does, triggers of ONBUILD in the place of their instruction. */
    static List<Instruction> withTriggers(Stage stage, char escape) {
        var result = new ArrayList<Instruction>();
        for (var instruction : stage.instructions()) {
            result.add(
                    instruction instanceof Instruction.Onbuild onbuild
                                    && DockerfileParser.trigger(onbuild.trigger(), escape)
                                            instanceof DockerfileParser.Trigger.Valid(var trigger)
                            ? at(trigger, onbuild)
                            : instruction);
        }
        return result;
    }

    /** RUN, the only one whose text rules look into, at the place of its ONBUILD; others stay triggers. */
    private static Instruction at(Instruction trigger, Instruction.Onbuild onbuild) {
        return trigger instanceof Instruction.Run run
                ? new Instruction.Run(
                        onbuild.written(), run.command(), run.mounts(), run.network(), run.security(), run.heredocs())
                : onbuild;
    }

    /** The commands of a RUN. */
    static ShellScript script(Instruction.Run run) {
        return switch (run.command()) {
            case CommandLine.Exec(var words) -> ShellScript.of(words);
            case CommandLine.Shell shell when run.heredocs().isEmpty() -> ShellScript.of(shell.text());
            // A document behind a command is what that reads, mostly no script.
            case CommandLine.Shell shell ->
                ShellScript.of(shell.line().strip().startsWith("<<") ? shell.text() : shell.line());
            case CommandLine.Script script ->
                script.content().startsWith("#!/bin/sh") || script.content().startsWith("#!/bin/bash")
                        ? ShellScript.of(script.content())
                        : new ShellScript(List.of(), false);
        };
    }

    /** What is between quotes that stand around the whole. */
    static String unquoted(String text) {
        var quote = text.isEmpty() ? '\0' : text.charAt(0);
        return text.length() > 1 && (quote == '"' || quote == '\'') && text.charAt(text.length() - 1) == quote
                ? text.substring(1, text.length() - 1)
                : text;
    }
}
