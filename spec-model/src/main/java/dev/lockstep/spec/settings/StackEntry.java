package dev.lockstep.spec.settings;

import java.util.List;
import java.util.Optional;

/**
 * What {@code lockstep.yaml} says about one stack.
 *
 * @param placement the hosts that run it
 * @param after stacks that must be well on a host before this one is changed there
 * @param windows names of the times at which it may be changed; none: at any time
 * @param approved guards that do not hold its plans
 * @param policy narrower than the repository's
 */
public record StackEntry(
        HostSelector placement,
        List<String> after,
        Optional<Suspension> suspension,
        List<String> windows,
        List<Guard> approved,
        Optional<Policy> policy) {
    /** What holds for a stack that the file does not name. */
    public static final StackEntry NONE =
            new StackEntry(HostSelector.EVERY, List.of(), Optional.empty(), List.of(), List.of(), Optional.empty());

    public StackEntry {
        after = List.copyOf(after);
        windows = List.copyOf(windows);
        approved = List.copyOf(approved);
    }
}
