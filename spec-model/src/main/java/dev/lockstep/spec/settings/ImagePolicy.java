package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Which images may run, as one file says it. Where several files say something, an image must pass each of them: a file
 * can only take away.
 *
 * @param registries that images may come from
 * @param rules for images by their names
 */
public record ImagePolicy(Optional<Registries> registries, List<ImageRule> rules) {
    /** Anything may run. */
    public static final ImagePolicy NONE = new ImagePolicy(Optional.empty(), List.of());

    /**
     * Whether anything may run. Not by {@code equals}, which for a record is made when it is first called: every cold
     * pull asks.
     */
    public boolean allowsAll() {
        return registries.isEmpty() && rules.isEmpty();
    }

    /**
     * A list of registries.
     *
     * @param hosts as references have them in full, {@code HOST} or {@code HOST:PORT}; none: no image may run
     * @param at where the list stands
     */
    public record Registries(List<String> hosts, SourcePosition at) {
        public Registries {
            hosts = List.copyOf(hosts);
        }

        /** Whether images of that registry may run. */
        public boolean allow(String registry) {
            return hosts.contains(ImagePattern.registry(registry));
        }
    }

    public ImagePolicy {
        rules = List.copyOf(rules);
    }

    /** The keys that its rules name, in file order. */
    public List<KeySource> keys() {
        return rules.stream().flatMap(rule -> rule.signedBy().stream()).toList();
    }

    /** The rule that holds for that repository, if any does. */
    public Optional<ImageRule> ruleFor(String registry, String repository) {
        return rules.stream()
                .filter(rule -> rule.pattern().matches(registry, repository))
                .max(Comparator.comparing(ImageRule::pattern, ImagePattern.BY_SPECIFICITY));
    }
}
