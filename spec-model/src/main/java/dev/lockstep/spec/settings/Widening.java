package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a policy about images says that more may run than the one above it. It has no effect there, since an image must
 * pass every policy; whoever wrote it believed that it has. So these are warnings, and nothing runs because of them.
 */
final class Widening {
    private final ImagePolicy above;
    private final String whose;
    private final Sources sources;
    private final List<Problem> problems = new ArrayList<>();

    /**
     * @param above what holds already
     * @param whose policy that is, for people: {@code the host}
     * @param sources of the file that is looked at
     */
    Widening(ImagePolicy above, String whose, Sources sources) {
        this.above = above;
        this.whose = whose;
        this.sources = sources;
    }

    /**
     * Looks at one policy.
     *
     * @param policy its path in the file, such as {@code stacks.shop.policy}
     * @return warnings, in the order of the file
     */
    List<Problem> find(String policy, ImagePolicy below) {
        registries(policy + ".registries", below);
        for (var rule : below.rules()) {
            ruleAbove(rule.pattern()).ifPresent(upper -> rule(policy, rule, upper));
        }
        return List.copyOf(problems);
    }

    private void registries(String path, ImagePolicy below) {
        if (above.registries().isEmpty() || below.registries().isEmpty()) {
            return;
        }
        var upper = above.registries().get();
        var hosts = below.registries().get().hosts();
        for (var i = 0; i < hosts.size(); i++) {
            if (!upper.allow(hosts.get(i))) {
                warn(
                        path + "[" + i + "]",
                        whose + " does not allow " + hosts.get(i) + " (registries at " + upper.at()
                                + "), so no image comes from there. Take it out here, or allow it there");
            }
        }
    }

    /** What is above speaks most specifically of everything that the pattern means. */
    private Optional<ImageRule> ruleAbove(ImagePattern pattern) {
        return above.rules().stream()
                .filter(rule -> rule.pattern().covers(pattern))
                .max(Comparator.comparing(ImageRule::pattern, ImagePattern.BY_SPECIFICITY));
    }

    private void rule(String policy, ImageRule rule, ImageRule upper) {
        var path = written(policy, rule);
        if (asks(rule).isEmpty()
                && !says(path, "forbid-latest")
                && !says(path, "require-digest")
                && !says(path, "local")) {
            if (!asks(upper).isEmpty()) {
                warn(
                        path,
                        "is no exception: " + holds(upper, String.join(", ", asks(upper)))
                                + ". Take it out here, or make the exception there");
            }
            return;
        }
        if (upper.forbidLatest() && !rule.forbidLatest() && says(path, "forbid-latest")) {
            weaker(path, "forbid-latest", upper);
        }
        if (upper.requireDigest() && !rule.requireDigest() && says(path, "require-digest")) {
            weaker(path, "require-digest", upper);
        }
        if (upper.local() == ImageRule.Local.REFUSE && rule.local() == ImageRule.Local.ALLOW && says(path, "local")) {
            weaker(path, "local", upper);
        }
        keys(path, rule, upper);
    }

    /** An image that is signed by another key only passes this policy and not the one above. */
    private void keys(String path, ImageRule rule, ImageRule upper) {
        if (upper.signedBy().isEmpty() || rule.signedBy().isEmpty()) {
            return;
        }
        if (upper.sameRepository() && !rule.sameRepository() && says(path, "same-repository")) {
            weaker(path, "same-repository", upper);
        }
        // Files of the host are not read here: which keys are in them is not known.
        var known = new HashSet<String>();
        for (var key : upper.signedBy()) {
            if (!(key instanceof KeySource.Inline(var pem, var unusedKeys, var unusedAt))) {
                return;
            }
            known.add(pem.replaceAll("\\s", ""));
        }
        if (rule.signedBy().stream()
                .noneMatch(key -> key instanceof KeySource.Inline(var pem, var unusedKeys, var unusedAt)
                        && known.contains(pem.replaceAll("\\s", "")))) {
            warn(
                    path + ".require-signed",
                    "names none of the keys that " + whose + " believes (rule \"" + upper.pattern() + "\" at "
                            + upper.at() + "): an image must be signed by one of each");
        }
    }

    private void weaker(String path, String key, ImageRule upper) {
        warn(
                path + "." + key,
                "takes nothing away: " + holds(upper, key.equals("local") ? "local: refuse" : key)
                        + ". Take it out here, or change it there");
    }

    private String holds(ImageRule upper, String what) {
        return whose + " wants " + what + " of these images (rule \"" + upper.pattern() + "\" at " + upper.at() + ")";
    }

    /** The keys by which a rule takes something away. */
    private static List<String> asks(ImageRule rule) {
        var asks = new ArrayList<String>();
        if (!rule.signedBy().isEmpty()) {
            asks.add("require-signed");
        }
        if (rule.requireDigest()) {
            asks.add("require-digest");
        }
        if (rule.forbidLatest()) {
            asks.add("forbid-latest");
        }
        if (rule.local() == ImageRule.Local.REFUSE && rule.signedBy().isEmpty()) {
            asks.add("local: refuse");
        }
        return asks;
    }

    /** The rule's path; a pattern may be written in other letters than it is kept in. */
    private String written(String policy, ImageRule rule) {
        var path = policy + ".images." + rule.pattern();
        return sources.positions().containsKey(path)
                ? path
                : sources.positions().entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith(policy + ".images."))
                        .filter(entry -> samePlace(entry.getValue(), rule.at()))
                        .map(Map.Entry::getKey)
                        .min(Comparator.comparingInt(String::length))
                        .orElse(path);
    }

    private static boolean samePlace(SourcePosition one, SourcePosition other) {
        return one.line() == other.line() && one.column() == other.column();
    }

    private boolean says(String path, String key) {
        return sources.positions().containsKey(path + "." + key);
    }

    private void warn(String path, String message) {
        problems.add(new Problem(sources.at(path), path, message));
    }
}
