package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.lint.LintFinding;
import dev.lockstep.runtime.lint.Severity;
import dev.lockstep.spec.lint.ComposeFinding;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.Locale;

/**
 * One finding of {@code lint}, of whichever sort of file.
 *
 * @param rule its id
 * @param description of the rule, in a sentence
 */
record LintLine(String rule, String description, Severity severity, Problem problem) implements Comparable<LintLine> {
    /** In a Dockerfile. */
    static LintLine of(String file, LintFinding finding) {
        return new LintLine(
                finding.rule().id(),
                sentence(finding.rule().what(), finding.rule().why()),
                finding.severity(),
                new Problem(
                        new SourcePosition(
                                file, finding.at().line(), finding.at().column()),
                        "",
                        finding.message()));
    }

    /** In a Compose file. */
    static LintLine of(ComposeFinding finding) {
        var severity = switch (finding.rule().level()) {
            case ERROR -> Severity.ERROR;
            case WARNING -> Severity.WARNING;
            case INFO -> Severity.INFO;
        };
        return new LintLine(
                finding.rule().id(),
                sentence(finding.rule().what(), finding.rule().why()),
                severity,
                finding.problem());
    }

    private static String sentence(String what, String why) {
        return Character.toUpperCase(what.charAt(0)) + what.substring(1) + ". " + why;
    }

    /** At a place of another file that has this one in it: {@code dockerfile_inline}. */
    LintLine within(SourcePosition place, String path) {
        return new LintLine(
                rule,
                description,
                severity,
                new Problem(place, path, "line " + problem.at().line() + ": " + problem.message()));
    }

    /** {@code FILE:LINE RULE severity message}. */
    String text() {
        var at = problem.at();
        return Printable.text((at.isDefault() ? at.file() : at.file() + ":" + at.line()) + " " + rule + " " + word()
                + " " + (problem.path().isEmpty() ? "" : problem.path() + ": ") + problem.message());
    }

    /** {@code error}, {@code warning}, {@code info} or {@code style}. */
    String word() {
        return severity.name().toLowerCase(Locale.ROOT);
    }

    Sarif.Result sarif() {
        var level = switch (severity) {
            case ERROR -> "error";
            case WARNING -> "warning";
            case INFO, STYLE -> "note";
        };
        return new Sarif.Result(rule, description, level, problem, problem.path() + "\n" + problem.message());
    }

    @Override
    public int compareTo(LintLine other) {
        var order = problem.compareTo(other.problem);
        return order == 0 ? rule.compareTo(other.rule) : order;
    }
}
