package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.content.FileChange;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.RefWatch;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.EnvironmentFile;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Follows one repository: asks its remote where the ref points, brings what is new, and says which stacks the commit
 * has for this host. Not for two threads at once.
 */
final class Follower implements AutoCloseable {
    /** What is followed where nothing is said. */
    static final String DEFAULT_REF = "main";

    private final AgentSettings.Repository settings;
    private final GitSource source;
    private final FollowedRef ref;
    private final Root root;
    private final String host;
    private final Map<String, String> labels;
    private final HostVariables variables;
    private final Consumer<String> out;
    private Optional<Revision> last = Optional.empty();
    private boolean brought;
    private List<Problem> warned = List.of();

    Follower(
            AgentSettings.Repository settings,
            GitRepositories repositories,
            Root root,
            String host,
            Map<String, String> labels,
            HostVariables variables,
            Consumer<String> out)
            throws GitException {
        this.settings = settings;
        this.source = repositories.open(Remote.parse(settings.url()));
        this.ref = new FollowedRef(settings.ref().orElse(DEFAULT_REF));
        this.root = root;
        this.host = host;
        this.labels = labels;
        this.variables = variables;
        this.out = out;
    }

    /** The remote's URL without credentials. */
    String url() {
        return source.remote().toString();
    }

    AgentSettings.Repository settings() {
        return settings;
    }

    /** Tells it from another that follows the same repository. */
    String key() {
        return url() + " " + ref() + " " + settings.path().orElse("");
    }

    /** Tells when a look is worth while before its time; empty where nothing can. */
    Optional<RefWatch> watch(Runnable moved) {
        return RefWatch.start(source.remote(), ref, moved);
    }

    /** What is followed. */
    String ref() {
        return ref.text();
    }

    /** The commit seen last. */
    Optional<Revision> last() {
        return last;
    }

    /**
     * Asks the remote once.
     *
     * @return the newest revision; the same as before when nothing is new
     */
    Revision look() throws GitException {
        var tip = source.tip(ref);
        if (last.isEmpty() || !last.get().commit().equals(tip.commit())) {
            var fetched = source.fetch(ref);
            fetched.notes().forEach(out);
            if (fetched.forced()) {
                out.accept("repository " + url() + ": " + ref.text() + " was moved to a commit that does not follow "
                        + fetched.previous().map(c -> c.substring(0, 7)).orElse("") + " (forced)");
            }
            last = Optional.of(fetched.revision());
            brought = true;
        }
        return last.get();
    }

    /** Whether others may ask the same remote at the same time: it is not a directory of this host. */
    boolean isFar() {
        return source.remote().transport() != Remote.Transport.LOCAL;
    }

    /** How far this host's clock is ahead of the remote's, if that tells the time. */
    Optional<Duration> ahead() {
        return source.ahead();
    }

    /** Keeps the clone small; to be called when nobody waits for a revision. */
    void tidy() throws GitException {
        if (brought) {
            source.collect();
            brought = false;
        }
    }

    /** The revision that is in the clone, without asking anybody: to work while the remote is down. */
    Optional<Revision> known() throws GitException {
        if (last.isEmpty()) {
            last = source.fetched(ref);
        }
        return last;
    }

    /**
     * The stacks that this commit has for this host.
     *
     * @throws RepositoryFile.RefusedException when {@code lockstep.yaml} is wrong: then everything stays as it is
     * @throws IOException with a sentence when the commit has no stack at all
     */
    HostStacks stacks(Revision revision) throws IOException {
        return found(revision, this::warn);
    }

    private HostStacks found(Revision revision, Consumer<List<Problem>> warnings) throws IOException {
        var tree = source.open(revision);
        var base = settings.path().orElse("");
        var file = RepositoryFile.read(tree, base, host, labels);
        var found = StackDirectories.find(tree, base, source.remote().name());
        if (found.isEmpty()) {
            throw new IOException("repository " + url() + " has no compose file at " + revision.shortCommit()
                    + ": expected compose.yaml, stacks/STACK/compose.yaml or hosts/" + host + "/STACK/compose.yaml"
                    + (base.isEmpty() ? "" : " below " + base));
        }
        var stacks = new LinkedHashMap<String, CommitSource>();
        var bound = new HashSet<String>();
        var others = new HashSet<String>();
        for (var stack : found) {
            var elsewhere = stack.host().isPresent() && !stack.host().get().equals(host);
            if (elsewhere && !file.namesStacks()) {
                continue; // nobody asks for its name
            }
            var name = name(new CommitSource(
                    tree, stack, root, EnvironmentFile.EMPTY, List.of(), List.of(), StackRules.NONE, _ -> {}));
            if (elsewhere) {
                others.add(name);
                continue;
            }
            var taken = stacks.get(name);
            if (taken != null) {
                out.accept("stack " + name + " stands in " + shown(taken.stack()) + " and in " + shown(stack)
                        + "; the first is taken, give the other one another name");
                continue;
            }
            stacks.put(
                    name,
                    new CommitSource(
                            tree,
                            stack,
                            root,
                            variables.of(name),
                            file.imagePolicies(name),
                            file.policies(name),
                            file.rules(name),
                            change -> report(name, change)));
            stack.host().ifPresent(_ -> bound.add(name));
        }
        others.addAll(stacks.keySet());
        warnings.accept(file.unmatched(others));
        return file.place(stacks, bound);
    }

    /** Once for each set of warnings, not at each look. */
    private void warn(List<Problem> warnings) {
        if (!warnings.equals(warned)) {
            warned = warnings;
            warnings.forEach(w -> out.accept("repository " + url() + ": " + w));
        }
    }

    /**
     * The stack at the commit that it was brought to last, whatever the repository has become since; empty when it was
     * brought to none. Any thread may ask.
     */
    Optional<CommitSource> applied(String stack) throws IOException {
        var revision = source.pinned(stack);
        return revision.isPresent()
                ? Optional.ofNullable(found(revision.get(), _ -> {}).active().get(stack))
                : Optional.empty();
    }

    /** Values of the trailer in the messages of that commit and of those that it merges. */
    List<String> trailers(Revision revision, String key) throws GitException {
        return source.trailers(revision, key);
    }

    /**
     * The stack as a commit of the clone has it, whether it is suspended there or not.
     *
     * @throws IOException with a sentence, when the clone has no such commit, or that no such stack for this host
     */
    CommitSource at(String commit, String stack) throws IOException {
        var revision = source.revision(commit)
                .orElseThrow(() -> new IOException("commit " + commit + " is not in this host's clone of " + url()
                        + " any more: it belongs to no followed ref"));
        var found = found(revision, _ -> {});
        return Optional.ofNullable(found.active().get(stack))
                .or(() -> Optional.ofNullable(found.suspended().get(stack)).map(HostStacks.Suspended::source))
                .orElseThrow(() -> new IOException("commit " + revision.shortCommit() + " of " + url()
                        + " has no stack " + stack + " for this host"));
    }

    /** Reports to the remote what is written down of its stacks, where the host's owner wants that. */
    void report(InstantSource clock) throws IOException {
        if (settings.report()) {
            var report = new StatusReport(host, root.id(), url());
            source.report(host, report.document(new StatusFiles(root).all()), report::isOwn, clock.instant());
        }
    }

    /** The stack is followed no longer: its commit need not be kept. */
    void forget(String stack) throws GitException {
        source.unpin(stack);
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
        LoadRequest request = source.load();
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Valid valid -> valid.project().name();
            case Loaded.Invalid _ ->
                new StatusFiles(root)
                        .all().stream()
                                .filter(s -> s.repository().equals(source.repository()))
                                .filter(s -> s.directory()
                                        .equals(Optional.of(source.stack().directory())))
                                .map(StackStatus::stack)
                                .findFirst()
                                .orElse(normal(source.stack().defaultName()));
        };
    }

    /** As Compose makes a project name of a directory's. */
    private static String normal(String name) {
        var normal = name.toLowerCase(java.util.Locale.ROOT)
                .replaceAll("[^a-z0-9_-]", "")
                .replaceAll("^[_-]+", "");
        return normal.isEmpty() ? "stack" : normal;
    }

    @Override
    public void close() {
        source.close();
    }
}
