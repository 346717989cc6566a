package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Suggestion;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Names that lead nowhere. These are warnings: the stack or the host may come with the next commit, and a mistake here
 * must not stop all the others.
 */
final class Unmatched {
    private final RepositorySettings settings;
    private final Collection<String> names;
    private final Problems problems = new Problems();

    Unmatched(RepositorySettings settings, Collection<String> names) {
        this.settings = settings;
        this.names = names;
    }

    List<Problem> find() {
        settings.stacks().forEach((name, stack) -> {
            // Who agrees that a stack goes names one that is gone.
            if (!names.contains(name) && !stack.approved().contains(Guard.ORPHANED)) {
                warn("stacks." + name, "the repository has no such stack", name, names);
            }
            for (var i = 0; i < stack.after().size(); i++) {
                var before = stack.after().get(i);
                if (!names.contains(before)) {
                    var path = "stacks." + name + ".after[" + i + "]";
                    warn(path, "the repository has no stack \"" + before + "\"", before, names);
                }
            }
            if (!settings.hosts().isEmpty()) {
                hosts(name, stack);
            }
        });
        return problems.warnings();
    }

    /** Only where the file lists its hosts is it known which there are. */
    private void hosts(String name, StackEntry stack) {
        var known = settings.hosts();
        var named = stack.placement().hosts();
        for (var i = 0; i < named.size(); i++) {
            var pattern = named.get(i);
            if (known.keySet().stream().noneMatch(host -> HostSelector.matches(pattern, host))) {
                var path = "stacks." + name + ".hosts[" + i + "]";
                warn(path, "no host \"" + pattern + "\" stands below hosts:", pattern, known.keySet());
            }
        }
        if (known.keySet().stream().noneMatch(host -> settings.isPlaced(name, host, Map.of()))) {
            warn("stacks." + name, "is placed on none of the hosts of this file", "", List.of());
        }
    }

    private void warn(String path, String message, String written, Collection<String> known) {
        problems.warning(
                settings.sources().at(path),
                path,
                message
                        + Suggestion.nearest(written, known)
                                .map(near -> ". Did you mean \"" + near + "\"?")
                                .orElse(""));
    }
}
