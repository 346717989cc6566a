package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.building.BuildSources;
import dev.lockstep.reconciler.builds.BuildInputs;
import dev.lockstep.reconciler.builds.BuildOrder;
import dev.lockstep.reconciler.builds.BuildPlanner;
import dev.lockstep.reconciler.builds.BuildPlanner.Wish;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildSink;
import dev.lockstep.reconciler.builds.BuildStates;
import dev.lockstep.reconciler.builds.BuildTags;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.CommitBuilds;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.builds.Recipe;
import dev.lockstep.reconciler.builds.SeenRefs;
import dev.lockstep.reconciler.builds.SeenRefsFiles;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.git.BroughtRef;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.RefPattern;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Orders builds of one repository: what pushes ask for, and what stacks want. The commit that is followed says what
 * counts; the commit of the tag or branch says what is built.
 */
final class BuildEvents implements WantedBuilds {
    private final Follower follower;
    private final BuildSink sink;
    private final BuildRecords records;
    private final SeenRefsFiles files;
    private final Consumer<String> out;

    BuildEvents(Follower follower, Root root, BuildSink sink, Consumer<String> out) {
        this.follower = follower;
        this.sink = sink;
        this.records = new BuildRecords(root);
        this.files = new SeenRefsFiles(root);
        this.out = out;
    }

    /** Whose builds it orders. */
    Follower follower() {
        return follower;
    }

    /**
     * Orders what has come since the last look; from the thread that follows the repository. What could not be ordered
     * is found by the next look.
     *
     * @param revision that is followed
     * @throws IOException with a sentence, when the remote or this host refuses
     */
    void look(Revision revision) throws IOException {
        var targets = follower.targets().of(revision);
        var seen = files.read(follower.repository().key());
        if (targets.isEmpty()) {
            if (!seen.targets().isEmpty()) {
                files.write(follower.repository().key(), seen.withoutTargets());
            }
            var _ = follower.refs(List.of());
            return;
        }
        var refs = follower.refs(BuildPlanner.patterns(targets));
        var planner = new BuildPlanner(targets, revision.ref(), seen, ofRepository());
        var plan = planner.plan(refs);
        var after = plan.seen();
        if (!plan.wishes().isEmpty() || !plan.refusals().isEmpty()) {
            // Before the orders: whoever names the images asks for the newest tag.
            files.write(follower.repository().key(), seen.withTags(after.tags()));
            after = after.keeping(seen, order(planner, plan, refs));
        }
        if (!after.equals(seen)) {
            files.write(follower.repository().key(), after);
        }
        var gone = planner.forgotten(after);
        if (!gone.isEmpty()) {
            follower.letGo(gone);
        }
    }

    private List<BuildRecord> ofRepository() throws IOException {
        return records.all().stream()
                .filter(record ->
                        record.repository().equals(follower.repository().url()))
                .toList();
    }

    /** @return refs that are elsewhere again: they are as if they had not been seen */
    private Set<String> order(BuildPlanner planner, BuildPlanner.Plan plan, List<RemoteRef> refs) throws IOException {
        var names = plan.wishes().stream().map(wish -> wish.occasion().ref()).collect(Collectors.toSet());
        var brought = follower.bring(
                refs.stream().filter(ref -> names.contains(ref.name())).toList());
        var orders = new ArrayList<BuildOrder>();
        var refusals = new ArrayList<>(plan.refusals());
        var gone = new TreeSet<String>();
        var commits = new HashMap<String, Commit>();
        for (var wish : plan.wishes()) {
            switch (brought.get(wish.occasion().ref())) {
                case BroughtRef.Here(var revision) ->
                    consider(
                            planner,
                            wish,
                            commits.computeIfAbsent(revision.commit(), _ -> new Commit(revision)),
                            plan.seen().tags(),
                            orders,
                            refusals);
                case BroughtRef.Refused(var problem) -> refuse(wish, problem, refusals);
                case BroughtRef.Gone() -> gone.add(wish.occasion().ref());
                case null -> gone.add(wish.occasion().ref());
            }
        }
        if (!refusals.isEmpty()) {
            sink.refuse(follower.repository().url(), refusals);
        }
        if (!orders.isEmpty()) {
            sink.submit(follower.repository().url(), orders);
        }
        return gone;
    }

    /** A commit and what it builds, which is read once however many wishes there are. */
    private final class Commit {
        private final Revision revision;
        private Optional<List<BuildTarget>> targets = Optional.empty();

        Commit(Revision revision) {
            this.revision = revision;
        }

        CommitTree tree() throws IOException {
            return follower.open(revision);
        }

        Optional<BuildTarget> target(String name) throws IOException {
            if (targets.isEmpty()) {
                targets = Optional.of(read());
            }
            return targets.get().stream()
                    .filter(target -> target.name().equals(name))
                    .findFirst();
        }

        /** A commit without stacks builds nothing: a tag may be older than all of them. */
        private List<BuildTarget> read() throws IOException {
            try {
                return follower.targets().of(tree());
            } catch (CommitStacks.NoStacksException e) {
                return List.of();
            }
        }
    }

    private void consider(
            BuildPlanner planner,
            Wish wish,
            Commit commit,
            Set<String> tags,
            List<BuildOrder> orders,
            List<BuildSink.Refusal> refusals)
            throws IOException {
        var name = wish.target().name();
        var ref = wish.occasion().ref();
        try {
            var target = commit.target(name);
            if (target.isEmpty()) {
                var problem = "commit " + commit.revision.shortCommit() + " of " + RemoteRef.shortened(ref)
                        + " has no build " + name + " for this host; it is built where its own files say how";
                if (ref.startsWith(RemoteRef.BRANCHES)) {
                    say(wish, problem);
                } else {
                    refuse(wish, problem, refusals);
                }
                return;
            }
            var tree = commit.tree();
            if (BuildTags.of(target.get(), wish.occasion(), tree.committed(), Long.MAX_VALUE, tags)
                    .isEmpty()) {
                say(wish, "no tag of the image fits it, or a newer one has them all");
                return;
            }
            var inputs = BuildInputs.of(tree, target.get());
            if (isChange(planner, wish, target.get(), inputs)) {
                orders.add(new BuildOrder(target.get(), wish.occasion(), inputs));
            }
        } catch (RepositoryFile.RefusedException | ContextException | IllegalArgumentException e) {
            refuse(wish, String.valueOf(e.getMessage()), refusals);
        } catch (GitException e) {
            // What its commit holds must not keep others from being built; what this host cannot do is another time.
            if (e.kind() != GitException.Kind.REFUSED) {
                throw e;
            }
            refuse(wish, String.valueOf(e.getMessage()), refusals);
        }
    }

    /** Whether a push to a branch changed what the target is about; a tag always counts, it gives a name. */
    private boolean isChange(BuildPlanner planner, Wish wish, BuildTarget target, String inputs) throws IOException {
        var occasion = wish.occasion();
        if (!occasion.ref().startsWith(RemoteRef.BRANCHES)) {
            return true;
        }
        if (target.recipe() instanceof Recipe.OfService) {
            return !planner.isKnown(target.name(), inputs);
        }
        var before = planner.builtLast(target.name(), occasion.ref());
        var paths =
                wish.target().triggers().paths().stream().map(RefPattern::of).toList();
        return paths.isEmpty()
                || before.isEmpty()
                || follower.differ(
                        before.get(),
                        occasion.commit(),
                        path -> paths.stream().anyMatch(pattern -> pattern.matches(path)));
    }

    /** What is wrong with history is no problem of today. */
    private void refuse(Wish wish, String problem, List<BuildSink.Refusal> refusals) {
        if (wish.first()) {
            say(wish, problem);
        } else {
            refusals.add(
                    new BuildSink.Refusal(wish.target().name(), wish.target().image(), wish.occasion(), problem));
        }
    }

    private void say(Wish wish, String why) {
        out.accept("repository " + follower.repository().url() + ": "
                + RemoteRef.shortened(wish.occasion().ref()) + " is not built as "
                + wish.target().name() + ": " + why);
    }

    @Override
    public Map<ImageReference, String> order(CommitSource source, Set<ImageReference> images) throws IOException {
        var tree = source.tree();
        var targets = follower.targets().of(tree);
        var refused = new LinkedHashMap<ImageReference, String>();
        var orders = new ArrayList<BuildOrder>();
        for (var image : images) {
            var target = CommitBuilds.target(targets, image);
            try {
                if (target.isEmpty()) {
                    refused.put(image, "is built by nothing in this commit");
                } else if (target.get().recipe() instanceof Recipe.OfService) {
                    orders.add(new BuildOrder(
                            target.get(),
                            new Occasion(
                                    Occasion.Kind.WANTED,
                                    follower.followed().orElse(source.commit().ref()),
                                    source.commit().commit()),
                            BuildInputs.of(tree, target.get())));
                } else {
                    order(target.get(), image, orders).ifPresent(why -> refused.put(image, why));
                }
            } catch (RepositoryFile.RefusedException | ContextException e) {
                refused.put(image, "is not built: " + e.getMessage());
            } catch (GitException e) {
                refused.put(image, unreadable(e));
            }
        }
        if (!orders.isEmpty()) {
            sink.submit(follower.repository().url(), orders);
        }
        return refused;
    }

    /**
     * The newest tag that gives the image that tag, or else a branch.
     *
     * @return why it is not built
     */
    private Optional<String> order(BuildTarget target, ImageReference image, List<BuildOrder> orders)
            throws IOException {
        if (orderAgain(target, image, orders)) {
            return Optional.empty();
        }
        var wanted = image.tag().orElse("latest");
        var refs = follower.ask(BuildPlanner.patterns(List.of(target)));
        var tags = refs.stream()
                .map(RemoteRef::name)
                .filter(name -> name.startsWith(RemoteRef.TAGS))
                .map(RemoteRef::shortened)
                .collect(Collectors.toSet());
        var problem = Optional.<String>empty();
        var seen = files.read(follower.repository().key());
        for (var ref : BuildPlanner.matching(target, refs)) {
            var occasion = new Occasion(Occasion.Kind.WANTED, ref.name(), ref.commit());
            if (!BuildTags.mayBe(target, occasion, wanted, tags)) {
                continue;
            }
            var refusal = refusal(target, occasion).or(() -> moved(target, occasion, seen));
            if (refusal.isPresent()) {
                return refusal;
            }
            switch (follower.bring(List.of(ref)).get(ref.name())) {
                case BroughtRef.Here(var revision) -> {
                    var its = new Commit(revision);
                    try {
                        var own = its.target(target.name());
                        if (own.isPresent() && !BuiltImages.isOf(own.get().image(), image)) {
                            // What is built there would have another name, and be wanted again at once.
                            problem = Optional.of("is what builds." + target.name()
                                    + " makes now, and no tag or branch builds it yet: commit " + revision.shortCommit()
                                    + " of " + RemoteRef.shortened(ref.name()) + " builds " + target.name() + " as "
                                    + own.get().image() + ". Push one whose files say the new name");
                        } else if (own.isPresent()
                                && BuildTags.of(own.get(), occasion, its.tree().committed(), Long.MAX_VALUE, tags)
                                        .contains(wanted)) {
                            orders.add(new BuildOrder(own.get(), occasion, BuildInputs.of(its.tree(), own.get())));
                            return Optional.empty();
                        }
                    } catch (RepositoryFile.RefusedException | ContextException | IllegalArgumentException e) {
                        problem = Optional.of("is not built: " + e.getMessage());
                    } catch (GitException e) {
                        problem = Optional.of(unreadable(e));
                    }
                }
                case BroughtRef.Refused(var why) -> problem = Optional.of("is not built: " + why);
                case BroughtRef.Gone() -> {}
                case null -> {}
            }
        }
        return problem.or(() -> Optional.of("is what builds." + target.name()
                + " makes, and no tag or branch of the repository gives it that tag. Push one that does"));
    }

    /**
     * Why an image is not built whose commit holds what cannot be read: that keeps no other from being built.
     *
     * @throws GitException when it is this host that cannot, which is another time
     */
    private static String unreadable(GitException e) throws GitException {
        if (e.kind() != GitException.Kind.REFUSED) {
            throw e;
        }
        return "is not built: " + e.getMessage();
    }

    /** What was built and is gone is built from the same commit, wherever its tag is by now. */
    private boolean orderAgain(BuildTarget target, ImageReference image, List<BuildOrder> orders) throws IOException {
        var before = ofRepository().stream()
                .filter(record -> record.state() == BuildRecord.State.SUCCEEDED)
                .filter(record -> record.target().equals(target.name()) && BuildStates.names(record, image))
                .map(BuildRecord::occasion)
                .findFirst();
        var source = before.isEmpty()
                ? Optional.<BuildSources.Source>empty()
                : follower.targets().toBuild(before.get().commit());
        if (source.isEmpty()) {
            return false;
        }
        for (var own : source.get().targets()) {
            if (own.name().equals(target.name())) {
                var occasion = new Occasion(
                        Occasion.Kind.WANTED, before.get().ref(), before.get().commit());
                orders.add(new BuildOrder(
                        own, occasion, BuildInputs.of(source.get().tree(), own)));
                return true;
            }
        }
        return false;
    }

    /** A tag may have been moved after the last look, which is the one that refuses it for good. */
    private static Optional<String> moved(BuildTarget target, Occasion occasion, SeenRefs seen) {
        return Optional.ofNullable(seen.refs().get(occasion.ref()))
                .filter(_ -> occasion.ref().startsWith(RemoteRef.TAGS)
                        && !target.triggers().movedTags())
                .filter(before -> !before.equals(occasion.commit()))
                .map(before -> "is not built: tag " + RemoteRef.shortened(occasion.ref()) + " was moved from "
                        + before.substring(0, 7) + " to "
                        + occasion.commit().substring(0, 7));
    }

    private Optional<String> refusal(BuildTarget target, Occasion occasion) throws IOException {
        return ofRepository().stream()
                .filter(record -> record.state() == BuildRecord.State.REFUSED)
                .filter(record -> record.target().equals(target.name()))
                .filter(record -> record.occasion().ref().equals(occasion.ref())
                        && record.occasion().commit().equals(occasion.commit()))
                .findFirst()
                .map(record -> "is not built, see 'lockstep builds show " + record.number() + "': " + record.problem());
    }
}
