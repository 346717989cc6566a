package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.RefWatch;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Guards;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at one repository again and again, and hands each revision to the workers of its stacks. A repository that
 * cannot be read changes nothing on the host; its stacks are kept as they are.
 */
final class Following implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Following.class);

    /** Exit code where a stack is left as it is. */
    static final int NOT_DONE = 5;
    /** Packing reads all of a clone: what could not be packed is left for so long. */
    private static final Duration TIDY_AGAIN = Duration.ofHours(1);

    private final Follower follower;
    private final BuildEvents events;
    private final StackWorkers makers;
    private final FollowedStacks stacks;
    private final RepositoryStatuses statuses;
    private final AgentSettings settings;
    private final Consumer<String> out;
    private final Nudge nudge = new Nudge();
    /** Why the status is not reported; only the following thread uses it. */
    private Optional<String> reportError = Optional.empty();
    /** The same of builds that are not ordered. */
    private Optional<String> buildError = Optional.empty();
    /** Why the clone is not packed, and when that is tried again. */
    private Optional<String> tidyError = Optional.empty();

    private Instant tidyAgain = Instant.MIN;
    /** Why stacks of the newest commit are not followed from here. */
    private List<String> refused = List.of();

    private final Thread thread;

    Following(
            BuildEvents events,
            StackWorkers makers,
            FollowedStacks stacks,
            RepositoryStatuses statuses,
            AgentSettings settings,
            Consumer<String> out) {
        this.follower = events.follower();
        this.events = events;
        this.makers = makers;
        this.stacks = stacks;
        this.statuses = statuses;
        this.settings = settings;
        this.out = out;
        this.thread = Thread.ofPlatform()
                .name("follow-" + follower.repository().url())
                .unstarted(this::follow);
    }

    void start() {
        thread.start();
    }

    /**
     * Looks now; the answer has a future for each stack.
     *
     * @param trigger as a person asked for it: {@code sync}, with what is written behind it
     */
    Future<List<Future<StackWorker.Run>>> sync(String trigger) {
        return nudge.now(trigger);
    }

    /** Somebody agrees to a move of the ref; see {@link Follower#accept}. The next look follows it. */
    boolean accept(String commit) {
        return follower.accept(commit);
    }

    /** Looks once, in this thread; the stacks one after the other. Not together with {@link #start}. */
    int once(Once asked) throws IOException, InterruptedException {
        var code = 0;
        try {
            asked.moved().ifPresent(follower::agree);
            var revision = follower.look();
            order(revision);
            var found = follower.stacks().of(revision);
            var others = claim(found);
            stacks.order(order(found, others));
            var suspended = without(found.suspended(), others);
            if (!suspended.isEmpty()) {
                suspend(suspended);
                code = worst(code, NOT_DONE);
            }
            for (var stack : without(found.active(), others).entrySet()) {
                var worker = stacks.worker(stack.getKey(), name -> makers.worker(name, follower));
                code = worst(
                        code, worker.runOnce(stack.getValue(), asked.trigger()).exitCode());
            }
            if (orphan(found, revision)) {
                code = worst(code, NOT_DONE);
            }
            if (follower.refused().isPresent()) {
                code = worst(code, NOT_DONE);
            }
            statuses.good(follower, refused);
            report();
            return refused.isEmpty() ? code : 1;
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            // What is wrong with one repository keeps no other from its look.
            statuses.failed(follower, exception(e), Optional.empty());
            return 1;
        }
    }

    /** Whether the ref was found at a commit that begins so, and is followed there. */
    boolean isAt(String commit) {
        return follower.last().filter(r -> r.commit().startsWith(commit)).isPresent();
    }

    /** Of two exit codes the one to end with: an error is worse than anything, else the larger. */
    static int worst(int a, int b) {
        return a == 1 || b == 1 ? 1 : Math.max(a, b);
    }

    /** The exit code of a plan that is shown: what its apply would end with for what is told already. */
    static int code(Plan plan) {
        if (!plan.refusals().isEmpty()) {
            return NOT_DONE;
        }
        return plan.problems().isEmpty() ? 0 : 1;
    }

    private void follow() {
        var pushes = follower.watch(nudge::wake);
        try {
            poll();
        } finally {
            pushes.ifPresent(Following::end);
        }
    }

    private static void end(RefWatch watch) {
        try {
            watch.close();
        } catch (IOException e) {
            LOG.debug("a watch was not closed: {}", e.toString());
        }
    }

    private void poll() {
        var backoff = new Backoff(RandomGenerator.getDefault());
        try {
            var pause = Duration.ZERO;
            var first = true;
            // After a power cut fifty hosts ask at once; what they have to do until then stands in their clones.
            if (follower.isFar() && workFromClone()) {
                pause = backoff.first(settings.interval());
                first = false;
            }
            while (nudge.await(pause)) {
                try {
                    var trigger = nudge.begin().orElse(first ? "start" : "poll");
                    var revision = follower.look();
                    order(revision);
                    nudge.looked(tell(revision, trigger));
                    statuses.good(follower, refused);
                    report();
                    pause = backoff.succeeded(settings.interval());
                    tidy();
                } catch (IOException | RuntimeException | VirtualMachineError e) {
                    if (nudge.isClosed()) {
                        return; // broken off
                    }
                    var why = exception(e);
                    nudge.failed(why);
                    pause = backoff.failed(why instanceof GitException git ? git.retryAfter() : Optional.empty());
                    failed(why, pause);
                    if (first) {
                        var _ = workFromClone();
                    }
                }
                first = false;
            }
        } catch (InterruptedException e) {
            LOG.debug("following ended url={}", follower.repository().url());
        }
    }

    /**
     * Who can push chooses what is read: that there was no memory for it must not be the end of following, or the
     * commit that takes it back would never be seen.
     */
    private Exception exception(Throwable failure) {
        return failure instanceof Exception e
                ? e
                : new IOException(
                        "repository " + follower.repository().url()
                                + ": there was no memory for what its commit made this agent" + " read: " + failure,
                        failure);
    }

    /** A clone that grows is no reason to call a repository failed that can be followed. */
    private void tidy() {
        if (makers.clock().instant().isBefore(tidyAgain)) {
            return;
        }
        Optional<String> error = Optional.empty();
        try {
            follower.tidy();
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            if (nudge.isClosed()) {
                return;
            }
            LOG.debug("clone is not packed url={}", follower.repository().url(), e);
            tidyAgain = makers.clock().instant().plus(TIDY_AGAIN);
            error = Optional.of(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
        if (!error.equals(tidyError)) {
            tidyError = error;
            error.ifPresent(out);
        }
    }

    /** Whatever becomes of telling it, the repository is asked again. */
    private void failed(Exception why, Duration pause) {
        try {
            statuses.failed(follower, why, Optional.of(makers.clock().instant().plus(pause)));
        } catch (IOException | RuntimeException e) {
            LOG.warn(
                    "it is not written down how the repository is url={} error={}",
                    follower.repository().url(),
                    e.toString());
        }
    }

    /**
     * Before the stacks are told: they wait for what is ordered. What is wrong with that keeps no stack from going on.
     */
    private void order(Revision revision) {
        Optional<String> error = Optional.empty();
        try {
            events.look(revision);
        } catch (RepositoryFile.RefusedException e) {
            LOG.debug("commit is refused, which the stacks tell", e);
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            if (nudge.isClosed()) {
                return;
            }
            LOG.debug("builds are not ordered url={}", follower.repository().url(), e);
            error = Optional.of("builds of " + follower.repository().url() + " are not ordered: "
                    + Optional.ofNullable(exception(e).getMessage()).orElse(e.toString()));
        }
        if (!error.equals(buildError)) {
            buildError = error;
            error.ifPresent(out);
        }
    }

    /** What the remote says to that changes nothing for the stacks. */
    private void report() {
        Optional<String> error = Optional.empty();
        try {
            follower.report(InstantSource.system());
        } catch (IOException | RuntimeException e) {
            error = Optional.of("the status of this host is not reported: "
                    + Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
        if (!error.equals(reportError)) {
            reportError = error;
            error.ifPresent(out);
            try {
                StatusReport.failed(
                        makers.engine().root(), follower.repository().url(), error);
            } catch (IOException e) {
                out.accept("it cannot be written down that " + error.orElse("the status is reported again") + ": "
                        + e.getMessage());
            }
        }
    }

    /** Nobody has answered yet, or nobody does, and the host still knows what it should run: whether it does. */
    private boolean workFromClone() throws InterruptedException {
        try {
            var known = follower.known();
            if (known.isPresent()) {
                tell(known.get(), "start");
            }
            return known.isPresent();
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            // What is wrong is told by the look at the remote; the next one may find it mended.
            LOG.debug(
                    "clone cannot be worked from url={}", follower.repository().url(), e);
            return false;
        }
    }

    /** Hands a revision to the stacks' workers, and marks those that the repository has no longer. */
    private List<Future<StackWorker.Run>> tell(Revision revision, String trigger)
            throws IOException, InterruptedException {
        HostStacks found;
        try {
            found = follower.stacks().of(revision);
        } catch (CommitStacks.NoStacksException e) {
            // Whatever else is wrong says nothing of what the repository has: what runs is kept as it was followed.
            var _ = orphan(HostStacks.NONE, revision);
            throw e;
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            keep();
            throw e;
        }
        var others = claim(found);
        stacks.order(order(found, others));
        suspend(without(found.suspended(), others));
        var told = new ArrayList<Future<StackWorker.Run>>();
        others.forEach(_ -> told.add(CompletableFuture.completedFuture(new StackWorker.Run(Outcome.REFUSED, 1))));
        follower.refused()
                .ifPresent(_ ->
                        told.add(CompletableFuture.completedFuture(new StackWorker.Run(Outcome.REFUSED, NOT_DONE))));
        for (var stack : without(found.active(), others).entrySet()) {
            if (nudge.isClosed()) {
                break;
            }
            var worker = stacks.worker(stack.getKey(), this::started);
            if (trigger.startsWith("sync")) {
                makers.forgive(stack.getKey());
            }
            told.add(worker.want(stack.getValue(), trigger));
        }
        var _ = orphan(found, revision);
        return told;
    }

    /**
     * Nobody can tell what the newest commit has: what ran at an earlier one is kept in order, also after a reboot,
     * when nobody does that yet.
     */
    private void keep() {
        try {
            for (var status : statuses.of(follower)) {
                var stack = status.stack();
                if (nudge.isClosed()) {
                    return;
                }
                if (stacks.worker(stack).isEmpty()
                        && stacks.isFollowed(stack)
                        && stacks.claim(stack, follower.repository()).isEmpty()) {
                    var source = follower.stacks().running(status);
                    if (source.isPresent()) {
                        var _ = stacks.worker(stack, this::started).want(source.get(), "start");
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            // The next look tries again; why the commit is refused is what people must know.
            LOG.debug("stacks are not kept url={}", follower.repository().url(), e);
        }
    }

    private StackWorker started(String stack) {
        var made = makers.worker(stack, follower);
        made.start();
        return made;
    }

    /** The stacks that this host has from elsewhere: nothing of them is done here. */
    private Set<String> claim(HostStacks found) throws IOException {
        var others = new LinkedHashMap<String, String>();
        statuses.mend();
        for (var stacksOf : List.of(found.active().keySet(), found.suspended().keySet())) {
            for (var stack : stacksOf) {
                try {
                    stacks.claim(stack, follower.repository())
                            .ifPresent(source -> others.put(stack, FollowedStacks.refusal(stack, source)));
                } catch (StateException e) {
                    // Nobody can tell whose it is; the others are not to suffer for it.
                    others.put(stack, "stack " + stack + " is refused: " + e.getMessage());
                }
            }
        }
        refused = List.copyOf(others.values());
        return others.keySet();
    }

    private static Map<String, List<String>> order(HostStacks found, Set<String> others) {
        var order = new HashMap<String, List<String>>();
        without(found.after(), others)
                .forEach((stack, before) -> order.put(
                        stack,
                        before.stream().filter(name -> !others.contains(name)).toList()));
        return order;
    }

    private static <V> Map<String, V> without(Map<String, V> all, Set<String> names) {
        var rest = new LinkedHashMap<>(all);
        rest.keySet().removeAll(names);
        return rest;
    }

    /** Leaves stacks as they are: nobody looks after them until the repository says otherwise. */
    private void suspend(Map<String, HostStacks.Suspended> suspended) {
        suspended.forEach((name, suspension) -> {
            stacks.remove(name);
            var problem = new StackStatus.Problem(Optional.of(suspension.at()), suspension.why());
            if (makers.records(name).failed(suspension.source(), Outcome.SUSPENDED, List.of(problem))) {
                out.accept(suspension.sentence(name));
            }
        });
    }

    /** Whether a stack that is gone waits for somebody to agree to that. */
    private boolean orphan(HostStacks found, Revision revision) throws IOException, InterruptedException {
        var waits = false;
        stacks.release(follower.repository(), found::has);
        var known = statuses.of(follower).stream()
                .filter(status -> !stacks.isOfAnother(status.stack(), follower.repository()))
                .toList();
        var going = known.stream()
                .map(StackStatus::stack)
                .filter(stack -> !found.has(stack))
                .collect(Collectors.toSet());
        // Before the first of them goes: they are counted as what they are together.
        var together = going.size() < 2
                ? Optional.<Guards.Finding>empty()
                : Guards.together(Deployment.observe(makers.engine()), going);
        for (var status : known) {
            var stack = status.stack();
            if (!found.has(stack)) {
                stacks.remove(stack);
                if (!status.orphaned()) {
                    follower.forget(stack); // first: once it is an orphan nobody comes here again
                    makers.records(stack).orphaned();
                    var where =
                            found.elsewhere().contains(stack) ? " is placed on other hosts by " : " is no longer in ";
                    out.accept("stack " + stack + where + follower.repository().url()
                            + "; its containers go on running until somebody agrees to their end");
                }
                try {
                    waits |= new OrphanRemoval(makers, follower.repository().formerly())
                            .consider(stack, revision, found, follower.trailers(revision, PlanHold.TRAILER), together);
                } catch (IOException | RuntimeException e) {
                    LOG.debug("orphan is not removed stack={}", stack, e);
                    out.accept("stack " + stack + " cannot be taken down: " + e.getMessage());
                    waits = true;
                }
            }
        }
        return waits;
    }

    /** Ends; a talk with the remote that is under way is broken off. */
    @Override
    public void close() {
        nudge.close();
        thread.interrupt();
    }

    /** Waits for what {@link #close} has ended. */
    void join() throws InterruptedException {
        thread.join();
    }
}
