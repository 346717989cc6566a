package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.building.BuildSources;
import dev.lockstep.reconciler.builds.BuildInputs;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.BuildTargets;
import dev.lockstep.reconciler.builds.BuiltNames;
import dev.lockstep.reconciler.builds.CommitBuilds;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.content.FileChange;
import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.git.BroughtRef;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.RefRule;
import dev.lockstep.reconciler.git.RefWatch;
import dev.lockstep.reconciler.git.RefusedMove;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.reconciler.git.RemoteTip;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one repository: asks its remote where the ref points, brings what is new, and says which stacks the commit
 * has for this host. Not for two threads at once.
 */
final class Follower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Follower.class);

    /** What is followed where nothing is said. */
    static final String DEFAULT_REF = "main";

    private final AgentSettings.Repository settings;
    private final GitSource source;
    private final FollowedRef ref;
    private final Root root;
    private final String host;
    private final Map<String, String> labels;
    private final HostVariables variables;
    private final BuildsEntry builds;
    private final Others others;
    private final Consumer<String> out;
    /** Builds ask in threads of their own. */
    private volatile Optional<Revision> last = Optional.empty();
    /** Names that files of valid stacks give them: to know one, its files are loaded, and every poll asks for all. */
    private final Map<Placed, String> names = new ConcurrentHashMap<>();

    /** A move of the ref that is not followed. */
    private volatile Optional<RefusedMove> refused = Optional.empty();
    /** The beginning of a commit that somebody has agreed to. */
    private volatile Optional<String> accepted = Optional.empty();

    private boolean brought;
    /** What is asked for beside the followed ref, and what the answer was. */
    private List<String> asked = List.of();

    private List<RemoteRef> refs = List.of();
    /** What the followed commit builds, and which commit that was. */
    private List<BuildTarget> targets = List.of();

    private String targetsOf = "";
    private List<Problem> warned = List.of();

    /** A stack in a commit, whose files are the same for ever. */
    private record Placed(String commit, StackDirectories.Stack stack) {}

    /** The commit was read, and there is no stack in it. */
    static final class NoStacksException extends IOException {
        private static final long serialVersionUID = 1L;

        NoStacksException(String message) {
            super(message);
        }
    }

    /** What this host has from other repositories. */
    @FunctionalInterface
    interface Others {
        /** Whether a stack of that name is one of theirs. */
        boolean have(String stack) throws IOException;
    }

    /**
     * Follows it.
     *
     * @param builds what the host's owner lets repositories build
     * @param others whose stacks are not built and tested here: their values and secrets are found by their names
     */
    Follower(
            AgentSettings.Repository settings,
            GitRepositories repositories,
            Root root,
            String host,
            Map<String, String> labels,
            HostVariables variables,
            BuildsEntry builds,
            Others others,
            Consumer<String> out)
            throws GitException {
        this.settings = settings;
        this.source = repositories.open(Remote.parse(settings.url()));
        this.ref = new FollowedRef(settings.ref().orElse(DEFAULT_REF));
        this.root = root;
        this.host = host;
        this.labels = labels;
        this.variables = variables;
        this.builds = builds;
        this.others = others;
        this.out = out;
    }

    /** The remote's URL without credentials. */
    String url() {
        return source.remote().toString();
    }

    /** What it had before, in the same form. */
    Set<String> formerly() {
        return formerly(settings);
    }

    private static Set<String> formerly(AgentSettings.Repository settings) {
        return settings.formerly().stream().map(Follower::written).collect(Collectors.toUnmodifiableSet());
    }

    /** A URL as owners of objects have it; what is none, nothing has. */
    private static String written(String url) {
        try {
            return Remote.parse(url).toString();
        } catch (IllegalArgumentException e) {
            return url;
        }
    }

    /** Whether that is the URL of what is followed, or was. */
    static boolean isAt(AgentSettings.Repository settings, Optional<String> url) {
        return url.filter(u ->
                        u.equals(written(settings.url())) || formerly(settings).contains(u))
                .isPresent();
    }

    /** Whether both follow one repository, be it by different refs or directories. */
    static boolean isOne(AgentSettings.Repository settings, AgentSettings.Repository other) {
        return isAt(settings, Optional.of(written(other.url())));
    }

    AgentSettings.Repository settings() {
        return settings;
    }

    /** Tells it from another that follows the same repository. */
    String key() {
        return url() + " " + ref() + " " + settings.path().orElse("");
    }

    /** For people. */
    static String title(AgentSettings.Repository settings) {
        return (Remote.parse(settings.url()) + " " + settings.ref().orElse(DEFAULT_REF) + " "
                        + settings.path().orElse(""))
                .strip();
    }

    /** Tells when a look is worth while before its time; empty where nothing can. */
    Optional<RefWatch> watch(Runnable moved) {
        return RefWatch.start(source.remote(), ref, moved);
    }

    /** What is followed. */
    String ref() {
        return ref.text();
    }

    /** Where the ref points on the remote, while it is refused to follow it there. Any thread may ask. */
    Optional<RefusedMove> refused() {
        return refused;
    }

    /**
     * Somebody agrees that the ref is followed to a commit that is refused; the next {@link #look} does. Any thread may
     * say so.
     *
     * @param commit its id, or the beginning
     * @return false when it is not that one that is refused
     */
    boolean accept(String commit) {
        if (refused.filter(move -> move.to().commit().startsWith(commit)).isEmpty()) {
            return false;
        }
        accepted = Optional.of(commit);
        return true;
    }

    /**
     * The same before anybody has looked: should the next {@link #look} find the ref at such a commit, it is followed.
     */
    void agree(String commit) {
        accepted = Optional.of(commit);
    }

    /** The commit seen last. */
    Optional<Revision> last() {
        return last;
    }

    /**
     * Asks the remote once.
     *
     * @return the newest revision; the same as before when nothing is new, or what is new is {@link #refused}
     */
    Revision look() throws GitException {
        var answer = source.ask(ref, asked);
        refs = answer.refs();
        var tip = answer.tip();
        var agreed = accepted;
        if (last.filter(revision -> isAt(revision, tip)).isPresent() && source.has(last.get())) {
            refused = Optional.empty(); // it is back
        } else if (agreed.isPresent()
                || last.isEmpty()
                || refused.filter(move -> isAt(move.to(), tip)).isEmpty()
                || !source.has(last.get())) {
            var fetched = source.fetch(ref, new RefRule(settings.forcePush(), agreed));
            fetched.notes().forEach(out);
            if (fetched.forced()) {
                out.accept("repository " + url() + ": " + ref.text() + " was moved to a commit that does not follow "
                        + fetched.previous().map(c -> c.substring(0, 7)).orElse("") + " (forced)");
            }
            if (agreed.filter(fetched.revision().commit()::startsWith).isPresent()) {
                out.accept("repository " + url() + ": " + ref.text() + " is followed to "
                        + fetched.revision().shortCommit() + ", as somebody has agreed to");
            }
            refused = fetched.refused();
            last = Optional.of(fetched.revision());
            names.clear();
            brought = true;
        }
        accepted = Optional.empty();
        return last.get();
    }

    private static boolean isAt(Revision revision, RemoteTip tip) {
        return revision.commit().equals(tip.commit()) && revision.ref().equals(tip.ref());
    }

    /** As far as this host follows them: what it refuses is as it was. */
    private List<RemoteRef> followed(List<RemoteRef> found) {
        var move = refused;
        var kept = last;
        if (move.isEmpty() || kept.isEmpty()) {
            return found;
        }
        return found.stream()
                .map(one -> !one.name().equals(move.get().to().ref())
                        ? one
                        : new RemoteRef(
                                one.name(),
                                kept.get().tag().orElse(kept.get().commit()),
                                kept.get().commit()))
                .toList();
    }

    /**
     * Branches and tags of the remote, as the last {@link #look} found them; what it did not ask for is asked for now,
     * and from then on with it.
     *
     * @param patterns full names, each with one {@code *} at most
     */
    List<RemoteRef> refs(List<String> patterns) throws GitException {
        if (!patterns.equals(asked)) {
            asked = List.copyOf(patterns);
            refs = source.ask(ref, asked).refs();
        }
        return followed(refs);
    }

    /** The same as the remote has them now. Any thread may ask. */
    List<RemoteRef> ask(List<String> patterns) throws GitException {
        return followed(source.ask(ref, patterns).refs());
    }

    /** Full name of the followed ref, as it was found; empty before that. Any thread may ask. */
    Optional<String> followed() {
        return last.map(Revision::ref);
    }

    /** Brings commits of branches and tags that are built; see {@link GitSource#bring}. Any thread may ask. */
    Map<String, BroughtRef> bring(List<RemoteRef> wanted) throws GitException {
        return source.bring(wanted);
    }

    /**
     * Brings the commit of a build that is wanted again, if its branch or tag still leads to it. Any thread may ask.
     *
     * @throws IOException with a sentence, when it cannot be had or is not taken
     */
    void bring(Occasion occasion) throws IOException {
        if (!RemoteRef.isOwn(occasion.ref())) {
            return; // a commit that is followed as such
        }
        var there = ask(List.of(occasion.ref())).stream()
                .filter(ref -> ref.name().equals(occasion.ref()) && ref.commit().equals(occasion.commit()))
                .toList();
        for (var brought : bring(there).values()) {
            if (brought instanceof BroughtRef.Refused(var problem)) {
                throw new IOException(problem);
            }
        }
    }

    /** Refs that are forgotten need not be kept. */
    void letGo(Set<String> refs) throws GitException {
        source.letGo(refs::contains);
    }

    /** Whether something that is meant differs between two commits; see {@link GitSource#differ}. */
    boolean differ(String older, String newer, Predicate<String> paths) throws GitException {
        return source.differ(older, newer, paths);
    }

    /** The files of a commit of the clone. Any thread may ask. */
    CommitTree open(Revision revision) throws GitException {
        return source.open(revision);
    }

    /** What the followed commit builds on this host; read once for each commit. */
    List<BuildTarget> targets(Revision revision) throws IOException {
        if (!targetsOf.equals(revision.commit())) {
            var leftOut = new ArrayList<String>();
            targets = targets(open(revision), leftOut::add);
            targetsOf = leftOut.isEmpty() ? revision.commit() : "";
        }
        return targets;
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
     * @throws NoStacksException when the commit has no stack at all: all that came from there is gone
     * @throws IOException with a sentence when that cannot be found out: then, too, everything stays as it is
     */
    HostStacks stacks(Revision revision) throws IOException {
        return found(revision, this::warn);
    }

    private HostStacks found(Revision revision, Consumer<List<Problem>> warnings) throws IOException {
        var tree = source.open(revision);
        var base = settings.path().orElse("");
        var file = RepositoryFile.read(tree, base, host, labels);
        var found = StackDirectories.find(tree, base, source.remote().name());
        if (found.isEmpty() && !file.hasBuilds()) {
            throw new NoStacksException("repository " + url() + " has no compose file at " + revision.shortCommit()
                    + ": expected compose.yaml, stacks/STACK/compose.yaml or hosts/" + host + "/STACK/compose.yaml"
                    + (base.isEmpty() ? "" : " below " + base));
        }
        var built = new CommitBuilds(url(), new Builds(tree), new BuildRecords(root), new BuiltNames(root));
        var stacks = new LinkedHashMap<String, CommitSource>();
        var bound = new HashSet<String>();
        var others = new HashSet<String>();
        for (var stack : found) {
            var elsewhere = stack.host().isPresent() && !stack.host().get().equals(host);
            if (elsewhere && !file.namesStacks()) {
                continue; // nobody asks for its name
            }
            var name = name(named(tree, stack, HostVariables.Values.NONE));
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
                            Optional.of(name),
                            root,
                            variables(tree, stack, name),
                            file.imagePolicies(name),
                            file.policies(name),
                            file.rules(name),
                            built,
                            formerly(),
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

    /** The stack at commits of this clone. */
    KeptRevision.Commits earlier(String stack) {
        return new KeptRevision.Commits() {
            @Override
            public Optional<CommitSource> kept() throws IOException {
                return applied(stack);
            }

            @Override
            public CommitSource at(String commit) throws IOException {
                return Follower.this.at(commit, stack);
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
                ? Optional.ofNullable(found(revision.get(), _ -> {}).active().get(stack))
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
        var commit = new StatusFiles(root)
                .read(stack)
                .filter(status ->
                        status.repository().filter(formerly()::contains).isPresent())
                .flatMap(StackStatus::applied);
        return commit.isPresent() ? source.revision(commit.get().id()) : Optional.empty();
    }

    /** A commit of the clone as something to build from; empty when the clone does not have it. Any thread may ask. */
    Optional<BuildSources.Source> toBuild(String commit) throws IOException {
        var revision = source.revision(commit);
        return revision.isPresent() ? Optional.of(new Built(source.open(revision.get()))) : Optional.empty();
    }

    /** What a commit builds on this host: nothing where the owner does not let it. Any thread may ask. */
    List<BuildTarget> targets(CommitTree tree) throws IOException {
        return targets(tree, _ -> {});
    }

    /** @param leftOut hears which stacks cannot be read now for what the host adds to them, or are another's here */
    private List<BuildTarget> targets(CommitTree tree, Consumer<String> leftOut) throws IOException {
        if (!builds.allows(url())) {
            return List.of();
        }
        var base = settings.path().orElse("");
        var said = RepositoryFile.read(tree, base, host, labels).targets(base);
        if (said.isPresent()) {
            return said.get();
        }
        var stacks = new LinkedHashMap<String, BuildTargets.Stack>();
        for (var stack : found(tree.revision(), _ -> {}).active().entrySet()) {
            if (stack.getValue().variables().problem().isPresent() || isOfOthers(stack.getKey())) {
                leftOut.accept(stack.getKey());
                continue;
            }
            // What is wrong with its files is told when it is deployed.
            try {
                if (new ComposeLoader().load(stack.getValue().load()) instanceof Loaded.Valid valid) {
                    stacks.put(stack.getKey(), new BuildTargets.Stack(valid.projectDirectory(), valid.project()));
                }
            } catch (VirtualMachineError e) {
                LOG.debug("stack cannot be loaded name={}", stack.getKey(), e);
                leftOut.accept(stack.getKey());
            }
        }
        return BuildTargets.ofServices(stacks, last.map(Revision::ref).orElse(""));
    }

    private boolean isOfOthers(String stack) throws IOException {
        try {
            return others.have(stack);
        } catch (StateException e) {
            return true; // nobody can tell whose it is
        }
    }

    /** What a commit builds, read when it is asked for: most have nothing that is built. */
    private final class Builds implements CommitBuilds.Targets {
        private final CommitTree tree;
        private final Map<String, String> inputs = new ConcurrentHashMap<>();
        private volatile Optional<List<BuildTarget>> all = Optional.empty();

        Builds(CommitTree tree) {
            this.tree = tree;
        }

        @Override
        public List<BuildTarget> all() throws IOException {
            var read = all;
            if (read.isEmpty()) {
                read = Optional.of(targets(tree));
                all = read;
            }
            return read.get();
        }

        @Override
        public String inputs(BuildTarget target) throws IOException {
            var known = inputs.get(target.name());
            if (known == null) {
                known = BuildInputs.of(tree, target);
                inputs.put(target.name(), known);
            }
            return known;
        }
    }

    /** One commit. */
    private final class Built implements BuildSources.Source {
        private final CommitTree tree;

        Built(CommitTree tree) {
            this.tree = tree;
        }

        @Override
        public CommitTree tree() {
            return tree;
        }

        @Override
        public List<BuildTarget> targets() throws IOException {
            return Follower.this.targets(tree);
        }

        @Override
        public List<ImagePolicy> imagePolicies() throws IOException {
            // Of no stack: what the file says of all.
            return RepositoryFile.read(tree, settings.path().orElse(""), host, labels)
                    .imagePolicies("");
        }

        @Override
        public Optional<BuildSources.Stack> stack(String word) throws IOException {
            var slash = word.indexOf('/');
            var service = word.substring(slash + 1);
            var having = new ArrayList<BuildSources.Stack>();
            for (var stack : found(tree.revision(), _ -> {}).active().entrySet()) {
                if ((slash < 0 || stack.getKey().equals(word.substring(0, slash))) && !isOfOthers(stack.getKey())) {
                    if (new ComposeLoader().load(stack.getValue().load()) instanceof Loaded.Valid valid
                            && BuildSections.service(valid.project(), service).isPresent()) {
                        having.add(new BuildSources.Stack(stack.getValue(), stack.getKey(), service));
                    }
                }
            }
            if (having.size() > 1) {
                throw new IOException("the service " + service + " is in the stacks "
                        + having.stream().map(BuildSources.Stack::name).collect(Collectors.joining(", "))
                        + "; write STACK/" + service);
            }
            return having.stream().findFirst();
        }
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
        return new StatusFiles(root)
                .all().stream()
                        .filter(s -> isAt(settings, s.repository()))
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

    /** The stack, to find out what it is called. */
    private CommitSource named(CommitTree tree, StackDirectories.Stack stack, HostVariables.Values values) {
        return new CommitSource(
                tree,
                stack,
                Optional.empty(),
                root,
                values,
                List.of(),
                List.of(),
                StackRules.NONE,
                StackBuilds.NONE,
                Set.of(),
                _ -> {});
    }

    /** The host's values for a stack: by its name they are found, so that they cannot say it. */
    private HostVariables.Values variables(CommitTree tree, StackDirectories.Stack stack, String name)
            throws IOException {
        var values = variables.of(name);
        if (values.problem().isPresent() || values.file().values().isEmpty()) {
            return values;
        }
        return written(named(tree, stack, values))
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

    @Override
    public void close() {
        source.close();
    }
}
