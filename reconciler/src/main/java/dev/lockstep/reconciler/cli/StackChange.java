package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.model.Dependency;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A person changes a stack by hand: under its lock, with Compose's lines, and with a word about the agent. */
final class StackChange implements AutoCloseable {
    private final Invocation call;
    private final EngineDoor door;
    private final Engine engine;
    private final String stack;
    private final Optional<StackLock> lock;

    private StackChange(Invocation call, EngineDoor door, Engine engine, String stack, Optional<StackLock> lock) {
        this.call = call;
        this.door = door;
        this.engine = engine;
        this.stack = stack;
        this.lock = lock;
    }

    /** Opens the engine and takes the stack's lock. */
    static StackChange begin(Invocation call, String stack) throws Exception {
        return begin(call, stack, true);
    }

    /** For what concerns single containers and must not wait for the end of an apply: a kill, a pause. */
    static StackChange beginUnlocked(Invocation call, String stack) throws Exception {
        return begin(call, stack, false);
    }

    /** The same for who plans first: then {@link #mend} is what comes before the plan's look at the host. */
    static StackChange beginUnmended(Invocation call, String stack) throws Exception {
        return open(call, stack, true);
    }

    private static StackChange begin(Invocation call, String stack, boolean locked) throws Exception {
        var change = open(call, stack, locked);
        try {
            change.mend();
            return change;
        } catch (IOException | RuntimeException e) {
            change.close();
            throw e;
        }
    }

    private static StackChange open(Invocation call, String stack, boolean locked) throws Exception {
        var door = EngineDoor.of(call);
        var engine = call.dryRun() ? door.openForReading() : door.open();
        try {
            var lock = locked && !call.dryRun() ? Optional.of(lock(call, engine, stack)) : Optional.<StackLock>empty();
            return new StackChange(call, door, engine, stack, lock);
        } catch (IOException | InterruptedException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    /**
     * Puts records in order that are damaged, where something is to be changed at all, and says which cannot be used.
     */
    void mend() throws IOException {
        if (call.dryRun()) {
            DamagedContainers.tell(call, engine);
        } else {
            DamagedContainers.repair(call, engine);
        }
    }

    /** Takes a stack's lock, and says who is waited for. */
    static StackLock lock(Invocation call, Engine engine, String stack) throws IOException, InterruptedException {
        return StackLock.take(
                engine.root(),
                stack,
                ApplyCommand.LOCK_TIMEOUT,
                holder -> call.say("Waiting for " + holder + ", which changes stack " + stack + "."));
    }

    /** Carries out steps after {@link #release}, with the lock for as long as that takes. */
    int runAgain(List<Step> steps, Optional<Duration> grace) throws IOException, InterruptedException {
        try (var _ = lock(call, engine, stack)) {
            return run(steps, grace);
        }
    }

    Engine engine() {
        return engine;
    }

    /** Plans by the rules of this host. */
    Deployment deployment() {
        return new Deployment(
                engine, door.host(), door.settings().images(), door.settings().policy(), door.secrets());
    }

    /** Carries out steps that are no full plan of the files. */
    int run(List<Step> steps, Optional<Duration> grace) throws IOException {
        var plan = new Plan(door.host(), stack, Optional.empty(), steps, List.of(), List.of(), List.of());
        return run(plan, BeforeStart.NOTHING, grace);
    }

    /**
     * Carries out a plan; nothing at all is said of an empty one.
     *
     * @param grace how long containers may take to end, instead of their own
     * @return exit code
     */
    int run(Plan plan, BeforeStart beforeStart, Optional<Duration> grace) throws IOException {
        if (plan.isEmpty()) {
            return ExitCodes.OK;
        }
        if (call.dryRun()) {
            rehearse(plan);
            return ExitCodes.OK;
        }
        var run = new PlanRun(call, engine, plan);
        var begin = System.nanoTime();
        List<StepResult> results;
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            results = run.run(
                    ComposeProgress.of(call),
                    listener -> new Applier(
                            engine,
                            health,
                            beforeStart,
                            listener,
                            grace,
                            call.globals().parallel().orElse(Applier.AT_A_TIME)));
        }
        var done = PlanRun.succeeded(results);
        run.remember(
                results,
                done ? Outcome.CONVERGED : Outcome.FAILED,
                done ? "" : PlanRun.firstFailure(results),
                Duration.ofNanos(System.nanoTime() - begin));
        for (var result : results) {
            if (result instanceof StepResult.Failed(var step, var why)) {
                call.say("lockstep: " + step.operation().name() + ": " + why);
            }
        }
        run.tellHostChanges();
        run.tellAgent(door.settings());
        return done ? ExitCodes.OK : failure(results);
    }

    private int failure(List<StepResult> results) {
        var unpulled = results.stream()
                .anyMatch(result -> result instanceof StepResult.Failed(var step, var _)
                        && step.operation() instanceof Operation.PullImage);
        return unpulled ? call.compose(ExitCodes.COMPOSE_PULL) : ExitCodes.ERROR;
    }

    /** The lines of a plan that is carried out, and nothing else. */
    private void rehearse(Plan plan) {
        var progress = ComposeProgress.of(call);
        for (var step : plan.steps()) {
            progress.started(step);
            progress.finished(new StepResult.Done(step, Duration.ZERO));
        }
    }

    /** Waits until a service is as another one needs it; an exception when it will not be. */
    void await(String service, Dependency dependency) throws IOException, InterruptedException, CommandException {
        if (dependency.condition() == Dependency.Condition.STARTED || call.dryRun()) {
            return;
        }
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var gates = new Gates(engine.containers(), health, stack, new CountDownLatch(1));
            var why = gates.await(service, dependency.condition());
            if (why.isPresent() && dependency.required()) {
                throw new CommandException("dependency failed to start: " + why.get());
            }
        }
    }

    /** Lets others change the stack; the engine stays open. */
    void release() {
        lock.ifPresent(StackLock::close);
    }

    /** Says when the agent will undo what was done without a plan. */
    void tellAgent() throws IOException {
        if (!call.dryRun()) {
            tellAgent(call, door, engine, stack);
        }
    }

    /** The same for whoever changed a container of that stack. */
    static void tellAgent(Invocation call, EngineDoor door, Engine engine, String stack) throws IOException {
        if (stack.isEmpty()) {
            return; // of a container that belongs to none
        }
        var nothing = new Plan(door.host(), stack, Optional.empty(), List.of(), List.of(), List.of(), List.of());
        new PlanRun(call, engine, nothing).tellAgent(door.settings());
    }

    @Override
    public void close() throws IOException {
        release();
        engine.close();
    }
}
