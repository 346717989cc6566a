package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.building.BuildSources;
import dev.lockstep.reconciler.builds.BuildInputs;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.BuildTargets;
import dev.lockstep.reconciler.builds.BuiltNames;
import dev.lockstep.reconciler.builds.CommitBuilds;
import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What commits of one repository build on this host. Any thread may ask, but for {@link #of(Revision)}. */
final class CommitTargets {
    private static final Logger LOG = LoggerFactory.getLogger(CommitTargets.class);

    private final FollowedRepository repository;
    private final GitSource source;
    private final FollowingHost host;
    private final Others others;
    private final Supplier<Optional<String>> followed;
    private final CommitStacks stacks;
    /** What the followed commit builds, and which commit that was. */
    private List<BuildTarget> targets = List.of();

    private String targetsOf = "";

    /** What this host has from other repositories. */
    @FunctionalInterface
    interface Others {
        /** Whether a stack of that name is one of theirs. */
        boolean have(String stack) throws IOException;
    }

    /**
     * @param followed full name of the followed ref, as it was found
     * @param others whose stacks are not built and tested here: their values and secrets are found by their names
     */
    CommitTargets(
            FollowedRepository repository,
            GitSource source,
            FollowingHost host,
            Others others,
            Supplier<Optional<String>> followed,
            Consumer<String> out) {
        this.repository = repository;
        this.source = source;
        this.host = host;
        this.others = others;
        this.followed = followed;
        this.stacks = new CommitStacks(repository, source, host, this::builds, out);
    }

    /** The stacks of the same commits. */
    CommitStacks stacks() {
        return stacks;
    }

    private StackBuilds builds(CommitTree tree) {
        return new CommitBuilds(
                repository.url(), new Builds(tree), new BuildRecords(host.root()), new BuiltNames(host.root()));
    }

    /** What the followed commit builds on this host; read once for each commit. */
    List<BuildTarget> of(Revision revision) throws IOException {
        if (!targetsOf.equals(revision.commit())) {
            var leftOut = new ArrayList<String>();
            targets = of(source.open(revision), leftOut::add);
            targetsOf = leftOut.isEmpty() ? revision.commit() : "";
        }
        return targets;
    }

    /** What a commit builds on this host: nothing where the owner does not let it. Any thread may ask. */
    List<BuildTarget> of(CommitTree tree) throws IOException {
        return of(tree, _ -> {});
    }

    /** @param leftOut hears which stacks cannot be read now for what the host adds to them, or are another's here */
    private List<BuildTarget> of(CommitTree tree, Consumer<String> leftOut) throws IOException {
        if (!host.builds().allows(repository.url())) {
            return List.of();
        }
        var base = repository.base();
        var said = host.file(tree, base).targets(base);
        if (said.isPresent()) {
            return said.get();
        }
        var loaded = new LinkedHashMap<String, BuildTargets.Stack>();
        for (var stack : stacks.quietly(tree.revision()).active().entrySet()) {
            if (stack.getValue().variables().problem().isPresent() || isOfOthers(stack.getKey())) {
                leftOut.accept(stack.getKey());
                continue;
            }
            // What is wrong with its files is told when it is deployed.
            try {
                if (new ComposeLoader().load(stack.getValue().load()) instanceof Loaded.Valid valid) {
                    loaded.put(stack.getKey(), new BuildTargets.Stack(valid.projectDirectory(), valid.project()));
                }
            } catch (VirtualMachineError e) {
                LOG.debug("stack cannot be loaded name={}", stack.getKey(), e);
                leftOut.accept(stack.getKey());
            }
        }
        return BuildTargets.ofServices(loaded, followed.get().orElse(""));
    }

    private boolean isOfOthers(String stack) throws IOException {
        try {
            return others.have(stack);
        } catch (StateException e) {
            return true; // nobody can tell whose it is
        }
    }

    /** A commit of the clone as something to build from; empty when the clone does not have it. Any thread may ask. */
    Optional<BuildSources.Source> toBuild(String commit) throws IOException {
        var revision = source.revision(commit);
        return revision.isPresent() ? Optional.of(new Built(source.open(revision.get()))) : Optional.empty();
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
                read = Optional.of(of(tree));
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
            return of(tree);
        }

        @Override
        public List<ImagePolicy> imagePolicies() throws IOException {
            // Of no stack: what the file says of all.
            return host.file(tree, repository.base()).imagePolicies("");
        }

        @Override
        public Optional<BuildSources.Stack> stack(String word) throws IOException {
            var slash = word.indexOf('/');
            var service = word.substring(slash + 1);
            var having = new ArrayList<BuildSources.Stack>();
            for (var stack : stacks.quietly(tree.revision()).active().entrySet()) {
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
}
