package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.content.FileChange;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Follows one repository: asks its remote where the ref points, brings what is new, and says which stacks the commit
 * has for this host. Not for two threads at once.
 */
final class Follower implements AutoCloseable {
    private final AgentSettings.Repository settings;
    private final GitSource source;
    private final FollowedRef ref;
    private final Root root;
    private final String host;
    private final HostVariables variables;
    private final Consumer<String> out;
    private Optional<Revision> last = Optional.empty();

    Follower(
            AgentSettings.Repository settings,
            GitRepositories repositories,
            Root root,
            String host,
            HostVariables variables,
            Consumer<String> out)
            throws GitException {
        this.settings = settings;
        this.source = repositories.open(Remote.parse(settings.url()));
        this.ref = new FollowedRef(settings.ref().orElse("main"));
        this.root = root;
        this.host = host;
        this.variables = variables;
        this.out = out;
    }

    /** The remote's URL without credentials. */
    String url() {
        return source.remote().toString();
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
        }
        return last.get();
    }

    /** The revision that is in the clone, without asking anybody: to work while the remote is down. */
    Optional<Revision> known() throws GitException {
        if (last.isEmpty()) {
            last = source.fetched(ref);
        }
        return last;
    }

    /**
     * The stacks that this commit has for this host, by name.
     *
     * @throws IOException with a sentence when the commit has no stack at all
     */
    Map<String, CommitSource> stacks(Revision revision) throws IOException {
        var tree = source.open(revision);
        var base = settings.path().orElse("");
        var found = StackDirectories.find(tree, base, source.remote().name());
        if (found.isEmpty()) {
            throw new IOException("repository " + url() + " has no compose file at " + revision.shortCommit()
                    + ": expected compose.yaml, stacks/STACK/compose.yaml or hosts/" + host + "/STACK/compose.yaml"
                    + (base.isEmpty() ? "" : " below " + base));
        }
        var stacks = new LinkedHashMap<String, CommitSource>();
        for (var stack : found) {
            if (stack.host().isPresent() && !stack.host().get().equals(host)) {
                continue;
            }
            var name = name(new CommitSource(tree, stack, root, Map.of(), _ -> {}));
            var taken = stacks.get(name);
            if (taken != null) {
                out.accept("stack " + name + " stands in " + shown(taken.stack()) + " and in " + shown(stack)
                        + "; the first is taken, give the other one another name");
                continue;
            }
            stacks.put(name, new CommitSource(tree, stack, root, variables.of(name), change -> report(name, change)));
        }
        return stacks;
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
