package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.plan.Guards;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.spec.settings.Guard;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What {@code apply -y} does not do: remove what nobody may have meant to remove. Whoever is asked has seen the plan;
 * {@code -y} in a script has not, and an emptied file looks to it like any other.
 */
final class RemovalGuard {
    /** The others are about what a repository does to its hosts. */
    private static final Set<Guard> OF_PERSONS = Set.of(Guard.LAST_SERVICE, Guard.MOST_OF_HOST, Guard.DATA);

    private RemovalGuard() {}

    /**
     * Why the plan is held, and how to go on.
     *
     * @param approved guards that need not hold it
     */
    static Optional<String> held(Invocation call, Set<Guard> approved, Plan plan, Observed observed) {
        if (!call.flag("--yes")) {
            return Optional.empty();
        }
        var findings = new Guards(plan, observed, Optional.empty())
                .find().stream()
                        .filter(finding -> !approved.contains(finding.guard()))
                        .toList();
        return findings.isEmpty()
                ? Optional.empty()
                : Optional.of("Nothing was changed. The plan is held: "
                        + findings.stream().map(Guards.Finding::sentence).collect(Collectors.joining("; "))
                        + ". If that is meant: 'lockstep apply -y"
                        + findings.stream()
                                .map(finding -> " --approve " + finding.guard().word())
                                .distinct()
                                .collect(Collectors.joining())
                        + "', or without -y on a terminal, which asks.");
    }

    /** What {@code --approve} names; an exception when that is no guard. */
    static Set<Guard> approved(Invocation call) throws CommandException {
        var approved = new TreeSet<Guard>();
        for (var text : call.texts("--approve")) {
            for (var word : text.split(",", -1)) {
                approved.add(OF_PERSONS.stream()
                        .filter(guard -> guard.word().equals(word.strip()))
                        .findFirst()
                        .orElseThrow(() -> new CommandException(
                                "--approve takes last-service, most-of-host or data, not \"" + word + "\"")));
            }
        }
        return approved;
    }
}
