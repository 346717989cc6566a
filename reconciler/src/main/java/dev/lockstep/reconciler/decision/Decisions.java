package dev.lockstep.reconciler.decision;

import dev.lockstep.reconciler.history.StackDirectories;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The files of one root's decisions: {@code suspended.json} of the root and of each stack, {@code held.json} and
 * {@code approval.json} of each stack. Each is replaced whole, so whoever reads needs no lock.
 */
public final class Decisions {
    private final Root root;
    private final StateFile<Suspension> suspensions;
    private final StateFile<HeldPlan> held;
    private final StateFile<Approval> approvals;

    public Decisions(Root root) {
        this.root = root;
        this.suspensions = root.stateFile(Suspension.class, 1);
        this.held = root.stateFile(HeldPlan.class, 1);
        this.approvals = root.stateFile(Approval.class, 1);
    }

    /** That of the whole host. */
    public Optional<Suspension> ofHost() throws IOException {
        return suspensions.read(hostFile());
    }

    /** That of one stack, whatever is said of the host. */
    public Optional<Suspension> ofStack(String stack) throws IOException {
        return suspensions.read(file(stack, "suspended"));
    }

    /** Why a stack is to be left as it is now, for people; empty when it may be changed. */
    public Optional<String> suspension(String stack) throws IOException {
        var host = ofHost().map(s -> s.sentence(true));
        return host.isPresent() ? host : ofStack(stack).map(s -> s.sentence(false));
    }

    public void suspendHost(Suspension suspension) throws IOException {
        suspensions.write(hostFile(), suspension);
    }

    /**
     * Suspends one stack, which need not be there yet.
     *
     * @throws IllegalArgumentException when there can be no stack of that name
     */
    public void suspend(String stack, Suspension suspension) throws IOException {
        StackDirectories.make(root, stack);
        suspensions.write(file(stack, "suspended"), suspension);
    }

    /** Ends the host's suspension, not those of single stacks; false when there was none. */
    public boolean resumeHost() throws IOException {
        var was = ofHost().isPresent();
        AtomicFiles.delete(hostFile());
        return was;
    }

    /** Ends a stack's suspension; false when there was none. */
    public boolean resume(String stack) throws IOException {
        var was = ofStack(stack).isPresent();
        AtomicFiles.delete(file(stack, "suspended"));
        return was;
    }

    /** The plan of a stack that waits for a person. */
    public Optional<HeldPlan> held(String stack) throws IOException {
        return held.read(file(stack, "held"));
    }

    public void hold(String stack, HeldPlan plan) throws IOException {
        StackDirectories.make(root, stack);
        held.write(file(stack, "held"), plan);
    }

    /** Nothing of the stack waits any more; an approval has served. */
    public void release(String stack) throws IOException {
        AtomicFiles.delete(file(stack, "held"));
        AtomicFiles.delete(file(stack, "approval"));
    }

    /** The last approval that has not served yet. */
    public Optional<Approval> approval(String stack) throws IOException {
        return approvals.read(file(stack, "approval"));
    }

    public void approve(String stack, Approval approval) throws IOException {
        StackDirectories.make(root, stack);
        approvals.write(file(stack, "approval"), approval);
    }

    private Path hostFile() {
        return root.state().resolve("suspended.json");
    }

    private Path file(String stack, String name) {
        return StackDirectories.of(root, stack).resolve(name + ".json");
    }
}
