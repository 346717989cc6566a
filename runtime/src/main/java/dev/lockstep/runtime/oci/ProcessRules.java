package dev.lockstep.runtime.oci;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What holds for every process of a container.
 *
 * @param noNewPrivileges set-id programs and file capabilities give nothing
 * @param oomScoreAdj how soon the kernel kills it for memory, −1000 to 1000
 * @param limits by name without {@code RLIMIT_}
 * @param apparmor name of a loaded profile
 * @param selinuxLabel its context
 */
public record ProcessRules(
        boolean noNewPrivileges,
        int oomScoreAdj,
        Map<String, Rlimit> limits,
        Optional<String> apparmor,
        Optional<String> selinuxLabel) {
    /** Nothing. */
    public static final ProcessRules DEFAULT = new ProcessRules(false, 0, Map.of(), Optional.empty(), Optional.empty());

    public ProcessRules {
        limits = Collections.unmodifiableMap(new TreeMap<>(limits));
    }
}
