package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.dockerfile.Problem;
import dev.lockstep.runtime.dockerfile.SourceRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;

/** Looks through Dockerfiles. */
public final class DockerfileLint {
    private static final List<BiConsumer<View, Sink>> CHECKS = List.of(
            WritingRules::check,
            BaseRules::check,
            PlatformRules::check,
            VariableRules::check,
            CopyRules::check,
            MetadataRules::check,
            LabelRules::check,
            RunRules::check,
            DebianRules::check,
            PackageRules::check);

    /** One thing at one place is one finding, and there is an end to them. */
    private static final int MOST = 2_000;

    private DockerfileLint() {}

    /** All findings, by place. */
    public static List<LintFinding> check(Parsed.Valid parsed, LintSettings settings, LintSurroundings surroundings) {
        var view = View.of(parsed.dockerfile(), parsed.warnings(), settings, surroundings);
        var ignores = IgnoreComments.of(parsed.dockerfile());
        var directives = parsed.dockerfile().directives();
        var findings = new ArrayList<LintFinding>();
        Sink sink = (id, at, message) -> {
            var rule = RuleSet.of(id);
            var lower = id.toLowerCase(Locale.ROOT);
            var skipped = rule.isBuildCheck() && names(directives.skippedChecks(), lower);
            var asked = rule.isBuildCheck() && names(directives.experimentalChecks(), lower);
            if ((rule.isOn() || asked || settings.wanted().contains(lower))
                    && !settings.ignored().contains(lower)
                    && !skipped
                    && !ignores.covers(lower, at)
                    && findings.size() < MOST) {
                findings.add(new LintFinding(
                        rule,
                        rule.isBuildCheck() && directives.checksFail() ? Severity.ERROR : rule.severity(),
                        at,
                        message));
            }
        };
        CHECKS.forEach(check -> check.accept(view, sink));
        ignores.places().forEach(at -> sink.add("DL1001", at, "rules are ignored here"));
        Collections.sort(findings);
        return findings.stream().distinct().toList();
    }

    private static boolean names(Set<String> checks, String lower) {
        return checks.contains("all") || checks.contains(lower);
    }

    /** What is wrong with a file that cannot be read, under the rules' ids where there is one. */
    public static List<LintFinding> unreadable(Parsed.Invalid parsed) {
        return parsed.problems().stream()
                .map(p -> new LintFinding(rule(p), Severity.ERROR, p.at(), p.text()))
                .toList();
    }

    private static LintRule rule(Problem problem) {
        var message = problem.message();
        if (message.startsWith("no build stage in current context")) {
            return RuleSet.of("DL3061");
        } else if (message.endsWith("isn't allowed as an ONBUILD trigger")) {
            return RuleSet.of("DL3043");
        } else if (message.startsWith("circular dependency detected on stage")) {
            return RuleSet.of("DL3023");
        } else if (message.contains("the highest port is")) {
            return RuleSet.of("DL3011");
        } else if (message.startsWith("When using COPY with more than one source")) {
            return RuleSet.of("DL3021");
        }
        return RuleSet.UNREADABLE;
    }

    /** The whole of a file's first line, for what has no other place. */
    static SourceRange top() {
        return new SourceRange(1, 1, 1);
    }
}
