package dev.lockstep.reconciler.agent;

import dev.lockstep.spec.settings.Guard;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a commit has for one host.
 *
 * @param active stacks to keep in step, by name, each behind those that it comes after
 * @param suspended stacks that are left as they are, by name
 * @param elsewhere names of stacks that the commit places on other hosts
 * @param after for each active stack the active ones that come before it
 * @param agreed for stacks of any name, also of those that the commit does not have: guards that it passes over
 */
record HostStacks(
        Map<String, CommitSource> active,
        Map<String, Suspended> suspended,
        Set<String> elsewhere,
        Map<String, List<String>> after,
        Map<String, Set<Guard>> agreed) {
    /**
     * A stack that is left as it is.
     *
     * @param at where that is asked for, {@code file:line:column}
     */
    record Suspended(CommitSource source, String at, String why) {
        String sentence(String stack) {
            return "stack " + stack + " is suspended by " + at + ": " + why + "; it stays as it is";
        }
    }

    /** A repository that has nothing. */
    static final HostStacks NONE = new HostStacks(Map.of(), Map.of(), Set.of(), Map.of(), Map.of());

    HostStacks {
        active = Collections.unmodifiableMap(new LinkedHashMap<>(active));
        suspended = Collections.unmodifiableMap(new LinkedHashMap<>(suspended));
        elsewhere = Set.copyOf(elsewhere);
        after = Map.copyOf(after);
        agreed = Map.copyOf(agreed);
    }

    /** Whether this host has none. */
    boolean isEmpty() {
        return active.isEmpty() && suspended.isEmpty();
    }

    /** Whether this host has the stack, be it as it is. */
    boolean has(String stack) {
        return active.containsKey(stack) || suspended.containsKey(stack);
    }
}
