package dev.lockstep.runtime.lint;

/**
 * A rule, under the id by which people know it.
 *
 * @param id of docker's build checks (a word) or of hadolint ({@code DL} and a number)
 * @param isOn whether it is looked for unless somebody asks for it
 * @param what is found, in half a sentence
 * @param why that is not wise
 */
public record LintRule(String id, Severity severity, boolean isOn, String what, String why) {
    static LintRule on(String id, Severity severity, String what, String why) {
        return new LintRule(id, severity, true, what, why);
    }

    static LintRule off(String id, Severity severity, String what, String why) {
        return new LintRule(id, severity, false, what, why);
    }

    /** Whether docker's builder has this check too. */
    public boolean isBuildCheck() {
        return !id.startsWith("DL");
    }
}
