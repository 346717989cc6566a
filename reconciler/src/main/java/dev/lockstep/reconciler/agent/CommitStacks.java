package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.content.FileChange;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.StackDirectories;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which stacks commits of one repository have for this host. Any thread may ask, but for {@link #of}. */
final class CommitStacks {
    private static final Logger LOG = LoggerFactory.getLogger(CommitStacks.class);

    private final FollowedRepository repository;
    private final GitSource source;
    private final FollowingHost host;
    private final Function<CommitTree, StackBuilds> built;
    private final Consumer<String> out;
    /** Names that files of valid stacks give them: to know one, its files are loaded, and every poll asks for all. */
    private final Map<Placed, String> names = new ConcurrentHashMap<>();

    private List<String> warned = List.of();

    /** A stack in a commit, whose files are the same for ever. */
    private record Placed(String commit, StackDirectories.Stack stack) {}

    /** The commit was read, and there is no stack in it. */
    static final class NoStacksException extends IOException {
        private static final long serialVersionUID = 1L;

        NoStacksException(String message) {
            super(message);
        }
    }

    CommitStacks(
            FollowedRepository repository,
            GitSource source,
            FollowingHost host,
            Function<CommitTree, StackBuilds> built,
            Consumer<String> out) {
        this.repository = repository;
        this.source = source;
        this.host = host;
        this.built = built;
        this.out = out;
    }

    /**
     * The stacks that this commit has for this host.
     *
     * @throws RepositoryFile.RefusedException when {@code lockstep.yaml} is wrong: then everything stays as it is
     * @throws NoStacksException when the commit has no stack at all: all that came from there is gone
     * @throws IOException with a sentence when that cannot be found out: then, too, everything stays as it is
     */
    HostStacks of(Revision revision) throws IOException {
        return found(revision, this::warn);
    }

    /** The same without a word of what is wrong in it and yet no reason to refuse it. */
    HostStacks quietly(Revision revision) throws IOException {
        return found(revision, _ -> {});
    }

    private HostStacks found(Revision revision, Consumer<List<String>> warnings) throws IOException {
        var tree = source.open(revision);
        var base = repository.base();
        var file = host.file(tree, base);
        var found = StackDirectories.find(tree, base, source.remote().name());
        if (found.isEmpty() && !file.hasBuilds()) {
            throw new NoStacksException(
                    "repository " + repository.url() + " has no compose file at " + revision.shortCommit()
                            + ": expected compose.yaml, stacks/STACK/compose.yaml or hosts/" + host.name()
                            + "/STACK/compose.yaml"
                            + (base.isEmpty() ? "" : " below " + base));
        }
        var builds = built.apply(tree);
        var stacks = new LinkedHashMap<String, CommitSource>();
        var bound = new HashSet<String>();
        var others = new HashSet<String>();
        var wrong = new ArrayList<String>();
        for (var stack : found) {
            var elsewhere = stack.host().isPresent() && !stack.host().get().equals(host.name());
            if (elsewhere && !file.namesStacks()) {
                continue; // nobody asks for its name
            }
            var name = name(CommitSource.unnamed(tree, stack, host.root(), HostVariables.Values.NONE));
            if (elsewhere) {
                others.add(name);
                continue;
            }
            var taken = stacks.get(name);
            if (taken != null) {
                wrong.add("stack " + name + " stands in " + shown(taken.stack()) + " and in " + shown(stack)
                        + "; the first is taken, give the other one another name");
                continue;
            }
            stacks.put(
                    name,
                    new CommitSource(
                            tree,
                            stack,
                            Optional.of(name),
                            host.root(),
                            variables(tree, stack, name),
                            file.imagePolicies(name),
                            file.policies(name),
                            file.rules(name),
                            builds,
                            repository.formerly(),
                            change -> report(name, change)));
            stack.host().ifPresent(_ -> bound.add(name));
        }
        others.addAll(stacks.keySet());
        file.unmatched(others).forEach(problem -> wrong.add(problem.toString()));
        warnings.accept(wrong);
        return file.place(stacks, bound);
    }

    /** Once for each set of warnings, not at each look. */
    private void warn(List<String> warnings) {
        if (!warnings.equals(warned)) {
            warned = warnings;
            warnings.forEach(w -> out.accept("repository " + repository.url() + ": " + w));
        }
    }

    /**
     * The stack as a commit of the clone has it, whether it is suspended there or not.
     *
     * @throws IOException with a sentence, when the clone has no such commit, or that no such stack for this host
     */
    CommitSource at(String commit, String stack) throws IOException {
        var revision = source.revision(commit)
                .orElseThrow(() -> new IOException("commit " + commit + " is not in this host's clone of "
                        + repository.url() + " any more: it belongs to no followed ref"));
        var found = quietly(revision);
        return Optional.ofNullable(found.active().get(stack))
                .or(() -> Optional.ofNullable(found.suspended().get(stack)).map(HostStacks.Suspended::source))
                .orElseThrow(() -> new IOException("commit " + revision.shortCommit() + " of " + repository.url()
                        + " has no stack " + stack + " for this host"));
    }

    /** The stack at commits of this clone. */
    KeptRevision.Commits earlier(String stack) {
        return new KeptRevision.Commits() {
            @Override
            public Optional<CommitSource> kept() throws IOException {
                return applied(stack);
            }

            @Override
            public CommitSource at(String commit) throws IOException {
                return CommitStacks.this.at(commit, stack);
            }
        };
    }

    /**
     * The stack at the commit that it was brought to last, whatever the repository has become since; empty when it was
     * brought to none. Any thread may ask.
     */
    Optional<CommitSource> applied(String stack) throws IOException {
        var pinned = source.pinned(stack);
        var revision = pinned.isPresent() ? pinned : appliedBefore(stack);
        return revision.isPresent()
                ? Optional.ofNullable(quietly(revision.get()).active().get(stack))
                : Optional.empty();
    }

    /** What runs of a stack that is not to be had from the newest commit; empty where the clone does not have it. */
    Optional<CommitSource> running(StackStatus status) throws IOException {
        if (status.applied().isPresent()) {
            try {
                return Optional.of(at(status.applied().get().id(), status.stack()));
            } catch (IOException e) {
                LOG.debug("what was applied is not to be had stack={}", status.stack(), e);
            }
        }
        return applied(status.stack());
    }

    /** What it was brought to while the repository had another URL, whose clone had it pinned. */
    private Optional<Revision> appliedBefore(String stack) throws IOException {
        var commit = new StatusFiles(host.root())
                .read(stack)
                .filter(status -> status.repository()
                        .filter(repository.formerly()::contains)
                        .isPresent())
                .flatMap(StackStatus::applied);
        return commit.isPresent() ? source.revision(commit.get().id()) : Optional.empty();
    }

    /** Another commit is followed: what was remembered of the one before is let go. */
    void forgetNames() {
        names.clear();
    }

    private static String shown(StackDirectories.Stack stack) {
        return stack.directory().isEmpty() ? "the root" : stack.directory();
    }

    private void report(String stack, FileChange change) {
        out.accept("stack " + stack + ": file " + change.asText());
    }

    /**
     * {@code name:} of the file, else the directory's; a file that cannot be read now keeps the name that it had, or a
     * typing mistake would orphan what runs.
     */
    private String name(CommitSource source) throws IOException {
        var placed = new Placed(source.commit().commit(), source.stack());
        var known = names.get(placed);
        if (known != null) {
            return known;
        }
        var chosen = written(source);
        if (chosen.isPresent()) {
            names.put(placed, chosen.get());
            return chosen.get();
        }
        return new StatusFiles(host.root())
                .all().stream()
                        .filter(s -> repository.isAt(s.repository()))
                        .filter(s ->
                                s.directory().equals(Optional.of(source.stack().directory())))
                        .map(StackStatus::stack)
                        .findFirst()
                        .orElse(normal(source.stack().defaultName()));
    }

    /** What its files call it; empty where they do not, or cannot be read. */
    private static Optional<String> written(CommitSource source) throws IOException {
        try {
            return new ComposeLoader().name(source.load());
        } catch (VirtualMachineError e) {
            // The stack's own worker says so: files that fill the memory are to cost their stack alone.
            LOG.debug("stack cannot be loaded directory={}", source.stack().directory(), e);
            return Optional.empty();
        }
    }

    /** The host's values for a stack: by its name they are found, so that they cannot say it. */
    private HostVariables.Values variables(CommitTree tree, StackDirectories.Stack stack, String name)
            throws IOException {
        var values = host.variables().of(name);
        if (values.problem().isPresent() || values.file().values().isEmpty()) {
            return values;
        }
        return written(CommitSource.unnamed(tree, stack, host.root(), values))
                .filter(other -> !other.equals(name))
                .map(other -> new HostVariables.Values(
                        values.file(),
                        values.place(),
                        Optional.of("with the host's values for the stack " + name + " its files call it " + other
                                + "; the name of a stack cannot depend on them. Write name: in the files without"
                                + " variables")))
                .orElse(values);
    }

    /** As Compose makes a project name of a directory's. */
    private static String normal(String name) {
        var normal = name.toLowerCase(java.util.Locale.ROOT)
                .replaceAll("[^a-z0-9_-]", "")
                .replaceAll("^[_-]+", "");
        return normal.isEmpty() ? "stack" : normal;
    }
}
