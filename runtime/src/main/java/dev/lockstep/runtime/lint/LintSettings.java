package dev.lockstep.runtime.lint;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What somebody wants of the rules.
 *
 * @param ignored ids that are not looked for, in any case
 * @param wanted ids that are looked for although they are off
 * @param registries hosts from which base images may come, with {@code *} for any part of a name; none given: any
 * @param labels which labels an image has, and of what sort each value is; empty: nothing is said
 * @param onlyThese whether other labels than {@code labels} are too much
 */
public record LintSettings(
        Set<String> ignored,
        Set<String> wanted,
        List<String> registries,
        Map<String, LabelSort> labels,
        boolean onlyThese) {
    /** Sorts of values of labels. */
    public enum LabelSort {
        TEXT,
        URL,
        /** A time by RFC 3339. */
        TIME,
        /** A licence expression of SPDX, by its form. */
        SPDX,
        /** A commit's id, whole or its first seven digits at least. */
        HASH,
        SEMVER,
        EMAIL
    }

    /** Nothing special. */
    public static final LintSettings DEFAULT = new LintSettings(Set.of(), Set.of(), List.of(), Map.of(), false);

    public LintSettings {
        ignored = lower(ignored);
        wanted = lower(wanted);
        registries = List.copyOf(registries);
        labels = Map.copyOf(labels);
    }

    private static Set<String> lower(Set<String> ids) {
        return ids.stream().map(id -> id.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }
}
