package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** The stacks that an agent follows, each with its worker. Any number of threads may ask. */
final class FollowedStacks {
    private final Map<String, StackWorker> workers = new ConcurrentHashMap<>();
    /** Those that were let go, until the run is over that was under way then. */
    private final Set<StackWorker> leaving = ConcurrentHashMap.newKeySet();
    /** For each stack those that come before it, as the newest commit says. */
    private final Map<String, List<String>> after = new ConcurrentHashMap<>();
    /** What each stack is followed from: two commits with one stack would have its worker go from one to the other. */
    private final Map<String, FollowedRepository> holders = new ConcurrentHashMap<>();

    private final StatusFiles statuses;
    private final Decisions decisions;
    private final List<FollowedRepository> followed;

    FollowedStacks(Root root, List<FollowedRepository> followed) {
        this.statuses = new StatusFiles(root);
        this.decisions = new Decisions(root);
        this.followed = List.copyOf(followed);
    }

    /**
     * Follows a stack from there, unless it is followed from elsewhere already: what the last agent followed it from
     * goes before who comes first.
     *
     * @return what it is followed from instead, for people; empty where that is {@code source}
     */
    Optional<String> claim(String stack, FollowedRepository source) throws IOException {
        var written = written(stack, source);
        if (written.equals(Optional.of(source))) {
            var before = holders.put(stack, source);
            if (before != null && !before.equals(source)) {
                remove(stack); // its worker asks the other one for commits
            }
            return Optional.empty();
        }
        if (written.isPresent()) {
            return written.map(FollowedRepository::title);
        }
        var holder = holders.putIfAbsent(stack, source);
        return Optional.ofNullable(holder).filter(h -> !h.equals(source)).map(FollowedRepository::title);
    }

    /** @param source what {@link #claim} gave */
    static String refusal(String stack, String source) {
        return "stack " + stack + " is refused: this host has a stack of that name from " + source
                + "; give this one another name";
    }

    /** What the last agent followed the stack from; empty where that keeps it from none, or not from that source. */
    private Optional<FollowedRepository> written(String stack, FollowedRepository source) throws IOException {
        var status = statuses.read(stack);
        // A stack that has left one branch or directory of a repository may have moved to another one, with all it has.
        var mayMove =
                status.filter(s -> s.orphaned() && source.isAt(s.repository())).isPresent();
        return status.flatMap(s -> FollowedRepository.of(s, followed))
                .filter(written -> written.equals(source) || !mayMove);
    }

    /**
     * Whether the stack comes from another repository, or will as soon as that has been looked at: who writes this one
     * is not to have what the host keeps for it.
     */
    boolean isOfAnotherRepository(String stack, FollowedRepository source) throws IOException {
        return written(stack, source)
                .or(() -> Optional.ofNullable(holders.get(stack)))
                .filter(holder -> !source.isOne(holder))
                .isPresent();
    }

    /** The stacks that a source does not have any more may come from another one. */
    void release(FollowedRepository source, Predicate<String> has) {
        holders.entrySet().removeIf(holder -> holder.getValue().equals(source) && !has.test(holder.getKey()));
    }

    /** Whether the stack is followed from elsewhere now. */
    boolean isOfAnother(String stack, FollowedRepository source) {
        return Optional.ofNullable(holders.get(stack))
                .filter(h -> !h.equals(source))
                .isPresent();
    }

    /** The stack's worker, made where there is none. */
    StackWorker worker(String stack, Function<String, StackWorker> maker) {
        return workers.computeIfAbsent(stack, maker);
    }

    Optional<StackWorker> worker(String stack) {
        return Optional.ofNullable(workers.get(stack));
    }

    /** For each stack those that come before it. */
    void order(Map<String, List<String>> order) {
        after.putAll(order);
    }

    /** The workers of the stacks that come before; a suspended stack has none and is not waited for. */
    List<StackWorker> before(String stack) {
        return after.getOrDefault(stack, List.of()).stream()
                .flatMap(name -> worker(name).stream())
                .toList();
    }

    /** Lets a stack go; its worker ends after the run that is under way. */
    void remove(String stack) {
        Optional.ofNullable(workers.remove(stack)).ifPresent(worker -> {
            worker.close();
            leaving.removeIf(StackWorker::isOver);
            leaving.add(worker);
        });
    }

    /** Whether a worker has the stack, or will have it as soon as its repository has been looked at. */
    boolean isFollowed(String stack) {
        if (workers.containsKey(stack)) {
            return true;
        }
        try {
            return statuses.read(stack)
                    .filter(s -> !s.orphaned()
                            && !s.outcome().equals(Optional.of(Outcome.SUSPENDED))
                            && followed.stream().anyMatch(source -> source.isAt(s.repository())))
                    .isPresent();
        } catch (IOException | IllegalArgumentException e) {
            return false; // a stack of no name, or a status that cannot be read
        }
    }

    /** Whether a container of the stack that fails is started again, also without a policy. */
    boolean isHealed(String stack) {
        try {
            return isFollowed(stack)
                    && decisions.suspension(stack).isEmpty()
                    && worker(stack).map(StackWorker::repairs).orElse(true);
        } catch (IOException e) {
            return false; // what cannot be read may well say that nothing is to be done
        }
    }

    /** Whether a stack has services that run at times. */
    boolean haveJobs() {
        return workers.values().stream().anyMatch(StackWorker::hasJobs);
    }

    /** Something on the host changed that concerns them all: they look now. */
    void look() {
        workers.values().forEach(StackWorker::look);
    }

    /** A build has ended: those that wait for it look, and whoever does not finds nothing new. */
    void built() {
        workers.values().forEach(StackWorker::built);
    }

    /** Ends all workers, and waits for the runs that are under way: also of those that were let go. */
    void end() throws InterruptedException {
        workers.values().forEach(StackWorker::close);
        for (var worker : workers.values()) {
            worker.join();
        }
        for (var worker : leaving) {
            worker.join();
        }
    }
}
