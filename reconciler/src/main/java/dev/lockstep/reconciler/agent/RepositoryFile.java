package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.BuildTargets;
import dev.lockstep.reconciler.deploy.KeyRing;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.settings.Guard;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.settings.RepositorySettings;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A commit's {@code lockstep.yaml}, as one host sees it. What stands in it and cannot be acted on makes the commit
 * refused: following it as if the key were not there would be against what its author wrote.
 */
final class RepositoryFile {
    private final RepositorySettings settings;
    private final String host;
    private final Map<String, String> labels;

    private RepositoryFile(RepositorySettings settings, String host, Map<String, String> labels) {
        this.settings = settings;
        this.host = host;
        this.labels = labels;
    }

    /** The commit may not be followed; all that runs goes on running, and nothing is orphaned. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /**
     * Reads the file of a commit; a commit without one says nothing.
     *
     * @param base the directory that is looked in, {@code ""} for the whole repository
     * @param labels that the host has itself
     * @throws RefusedException with every problem and its place
     */
    static RepositoryFile read(CommitTree tree, String base, String host, Map<String, String> labels)
            throws IOException {
        var name = base.isEmpty() ? RepositorySettings.FILE : base + "/" + RepositorySettings.FILE;
        var bytes = tree.read(name);
        if (bytes.isEmpty()) {
            return new RepositoryFile(RepositorySettings.NONE, host, labels);
        }
        return switch (RepositorySettings.read(name, bytes.get())) {
            case RepositorySettings.Read.Valid(var settings, var unused) -> {
                refuse(tree, KeyRing.problems(settings.imageKeys()));
                yield new RepositoryFile(settings, host, labels);
            }
            case RepositorySettings.Read.Invalid(var errors, var unused) -> {
                refuse(tree, errors);
                throw new IllegalStateException("invalid without an error");
            }
        };
    }

    private static void refuse(CommitTree tree, List<Problem> problems) throws RefusedException {
        if (!problems.isEmpty()) {
            throw new RefusedException("commit " + tree.revision().shortCommit() + " is refused: "
                    + problems.stream().map(Problem::toString).collect(Collectors.joining("; ")));
        }
    }

    /** What of the repository's stacks is this host's; {@code bound} are those of its own directory. */
    HostStacks place(Map<String, CommitSource> stacks, Set<String> bound) {
        var active = new LinkedHashMap<String, CommitSource>();
        var suspended = new LinkedHashMap<String, HostStacks.Suspended>();
        var elsewhere = new LinkedHashSet<String>();
        for (var name : settings.inOrder(stacks.keySet())) {
            var source = Objects.requireNonNull(stacks.get(name));
            var suspension = settings.suspension(name, host);
            if (!bound.contains(name) && !settings.isPlaced(name, host, labels)) {
                elsewhere.add(name);
            } else if (suspension.isPresent()) {
                var path = suspension.get().path();
                var why = suspension
                        .get()
                        .suspension()
                        .reason()
                        .map(r -> ": " + r)
                        .orElse("");
                suspended.put(
                        name,
                        new HostStacks.Suspended(
                                source, settings.sources().at(path).toString(), path + why));
            } else {
                active.put(name, source);
            }
        }
        var after = new LinkedHashMap<String, List<String>>();
        active.keySet()
                .forEach(name -> after.put(
                        name,
                        settings.stack(name).after().stream()
                                .filter(active::containsKey)
                                .toList()));
        var agreed = new LinkedHashMap<String, Set<Guard>>();
        settings.stacks().forEach((name, entry) -> agreed.put(name, Set.copyOf(entry.approved())));
        return new HostStacks(active, suspended, elsewhere, after, agreed);
    }

    /** Whether it names something that is built, be it on other hosts: then the repository needs no stacks. */
    boolean hasBuilds() {
        return !settings.builds().isEmpty();
    }

    /**
     * What this host builds of the file's {@code builds:}; empty when the file does not say what is built.
     *
     * @param base directory of the file in the repository
     */
    Optional<List<BuildTarget>> targets(String base) {
        return BuildTargets.isSaid(settings)
                ? Optional.of(BuildTargets.ofEntries(settings, base, host, labels))
                : Optional.empty();
    }

    /** What the file says of the images of that stack. */
    List<ImagePolicy> imagePolicies(String stack) {
        return settings.imagePolicies(stack);
    }

    /** What the file leaves that stack to ask for. */
    List<PolicyLayer> policies(String stack) {
        return settings.policies(stack);
    }

    /** What the file says of when and how that stack is changed; also of one that the commit does not have. */
    StackRules rules(String stack) {
        return new StackRules(
                settings.windows(stack), Set.copyOf(settings.stack(stack).approved()));
    }

    /** Whether anything is said about single stacks; only then it counts which stacks other hosts have. */
    boolean namesStacks() {
        return !settings.stacks().isEmpty();
    }

    /** Names in the file that lead nowhere. */
    List<Problem> unmatched(Set<String> stacks) {
        return settings.unmatched(stacks);
    }
}
