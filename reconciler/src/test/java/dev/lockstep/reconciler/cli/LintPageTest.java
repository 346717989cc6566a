package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.lint.LintRule;
import dev.lockstep.runtime.lint.RuleSet;
import dev.lockstep.spec.lint.ComposeRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of rules is the code's own tables. {@code -Dupdate} rewrites it. */
class LintPageTest {
    private static final Path PAGE = Path.of("src/main/distribution/doc/lint.md");

    private static String dockerfile(Predicate<LintRule> which) {
        return "| rule | severity | found is | why it is not wise |\n|---|---|---|---|\n"
                + RuleSet.ALL.stream()
                        .filter(which)
                        .map(rule -> "| `" + rule.id() + "` | "
                                + rule.severity().name().toLowerCase(Locale.ROOT) + (rule.isOn() ? "" : ", off") + " | "
                                + rule.what() + " | " + rule.why() + " |\n")
                        .collect(Collectors.joining());
    }

    private static String compose() {
        return "| rule | severity | CIS | found is | why it is not wise |\n|---|---|---|---|---|\n"
                + ComposeRules.ALL.stream()
                        .map(rule -> "| `" + rule.id() + "` | "
                                + rule.level().name().toLowerCase(Locale.ROOT) + " | " + rule.cis() + " | "
                                + rule.what()
                                + " | " + rule.why() + " |\n")
                        .collect(Collectors.joining());
    }

    private static String with(String page, String title, String table) {
        var section = Pattern.compile("(## " + Pattern.quote(title) + "\n\n(?:[^|#\n].*\n|\n)*)(?:\\|.*\n)*");
        var match = section.matcher(page);
        assertThat(match.find()).as(title).isTrue();
        return match.replaceFirst(Matcher.quoteReplacement(match.group(1) + table));
    }

    @Test
    void the_page_has_every_rule_as_it_is() throws IOException {
        var page = Files.readString(PAGE);
        var expected = with(
                with(
                        with(page, "Build checks", dockerfile(LintRule::isBuildCheck)),
                        "hadolint's rules",
                        dockerfile(rule -> !rule.isBuildCheck())),
                "Compose files",
                compose());
        if (Boolean.getBoolean("update")) {
            Files.writeString(PAGE, expected);
        }
        assertThat(Files.readString(PAGE)).isEqualTo(expected);
    }
}
