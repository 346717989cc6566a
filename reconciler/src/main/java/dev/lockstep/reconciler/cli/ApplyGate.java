package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.KeptContainers;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.apply.WaitLimits;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.spec.model.UpdateConfig.FailureAction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** {@code apply --wait}: whether what was applied is well, and the way back to what ran before when it is not. */
final class ApplyGate {
    private final Invocation call;
    private final Engine engine;
    private final Deployment deployment;
    private final StackSource source;
    private final HealthMonitor health;
    private final Planned.Ready ready;
    private final Optional<Duration> timeout;
    private final WaitLimits limits;
    private final KeptContainers kept;
    private final Optional<StackRevision> before;
    /** Whether there is nothing of the stack that neither revision knows, and that must stay. */
    private final boolean tidy;

    private Optional<Applier> applier = Optional.empty();

    /** Before anything is changed: what runs now may have to come back. */
    ApplyGate(
            Invocation call,
            Engine engine,
            Deployment deployment,
            StackSource source,
            HealthMonitor health,
            Planned.Ready ready,
            Optional<Duration> timeout)
            throws IOException {
        this.call = call;
        this.engine = engine;
        this.deployment = deployment;
        this.source = source;
        this.health = health;
        this.ready = ready;
        this.timeout = timeout;
        this.limits = WaitLimits.of(ready.desired(), timeout);
        this.kept = new KeptContainers(engine.containers());
        var running = StackRevision.running(ready.desired().owner(), Deployment.observe(engine));
        this.before =
                new RevisionFiles(engine.root(), ready.desired().stack()).good().or(() -> running);
        this.tidy = names(before).containsAll(names(running));
    }

    private static Set<String> names(Optional<StackRevision> revision) {
        return revision.stream()
                .flatMap(r -> r.services().stream())
                .map(StackRevision.Service::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    Applier applier(ApplyListener listener) {
        var made = new Applier(engine, health, ready.beforeStart(), listener, kept, limits);
        applier = Optional.of(made);
        return made;
    }

    /** What is not well; containers that this apply did not start need somebody who probes them, too. */
    Optional<Gates.Unwell> unhealthy() throws IOException, InterruptedException {
        return await(ready.desired().services(), limits);
    }

    private Optional<Gates.Unwell> await(List<DesiredService> services, WaitLimits within)
            throws IOException, InterruptedException {
        var stack = ready.desired().stack();
        for (var container : engine.containers().observe()) {
            if (container.record().spec().owner().stack().equals(stack)) {
                health.watch(container.id());
            }
        }
        return new Gates(engine.containers(), health, stack, new CountDownLatch(1)).awaitWell(services, within.rest());
    }

    /** Nobody will go back. */
    void passed() throws IOException {
        kept.letGo();
    }

    /**
     * Goes back to what was well last, or ran before, as one unit.
     *
     * @return exit code
     */
    int goBack(List<StepResult> results, Optional<Gates.Unwell> unhealthy) throws IOException, InterruptedException {
        var code = unhealthy.isPresent() ? ExitCodes.UNHEALTHY : ExitCodes.ERROR;
        var tried = StackRevision.of(
                ready.desired(), Optional.empty(), engine.containers().records());
        // Whoever broke it off wants neither the new revision nor more work; the next run goes on from here.
        var brokenOff = applier.filter(Applier::isCancelled).isPresent();
        if (brokenOff || StepResult.changedNothing(results) && unhealthy.isEmpty()) {
            return code;
        }
        if (before.isEmpty() || before.get().isSameAs(tried)) {
            kept.letGo();
            call.say("There is nothing to go back to: no other revision of stack "
                    + tried.owner().stack() + " was well before.");
            return code;
        }
        var wish = wish(results, unhealthy);
        if (wish.isPresent()) {
            kept.letGo();
            call.say("The stack is left as it is, as failure_action: "
                    + wish.get().word() + " wants it.");
            return code;
        }
        call.say("Going back to " + before.get().title() + ".");
        var back = deployment.planBack(before.get(), source, PlanOptions.byHand(tidy, false, Optional.empty()));
        var obstacles = new ArrayList<>(back.plan().refusals());
        back.plan().problems().forEach(problem -> obstacles.add(problem.message()));
        new PlanText(false).operations(back.plan()).forEach(line -> call.say("  " + line));
        var within = WaitLimits.of(back.desired(), timeout);
        var run = new PlanRun(call, engine, back.plan());
        var began = System.nanoTime();
        var done = obstacles.isEmpty()
                ? run.run(listener -> new Applier(engine, health, BeforeStart.NOTHING, listener, within))
                : List.<StepResult>of();
        done.stream()
                .filter(result -> !(result instanceof StepResult.Done))
                .forEach(result -> obstacles.add(ApplyProgress.line(result)));
        if (obstacles.isEmpty()) {
            await(back.desired().services(), within).ifPresent(unwell -> obstacles.add(unwell.why()));
        }
        var why = String.join("; ", obstacles);
        run.remember(
                done,
                obstacles.isEmpty() ? Outcome.ROLLED_BACK : Outcome.DEGRADED,
                "went back to " + before.get().title() + (why.isEmpty() ? "" : ": " + why),
                Duration.ofNanos(System.nanoTime() - began));
        if (obstacles.isEmpty()) {
            call.say("Rolled back: the stack is what it was before.");
            return ExitCodes.ROLLED_BACK;
        }
        call.say("THE STACK IS DEGRADED: going back failed, too: " + why);
        return ExitCodes.ERROR;
    }

    /** What the files of the services that failed say, when they do not want to go back. */
    private Optional<FailureAction> wish(List<StepResult> results, Optional<Gates.Unwell> unhealthy) {
        var failed = unhealthy.map(Gates.Unwell::services).orElseGet(() -> StepResult.failedServices(results));
        return ready.desired().services().stream()
                .filter(service -> failed.contains(service.name()))
                .flatMap(service -> service.update().onFailure().stream())
                .filter(action -> action != FailureAction.ROLLBACK)
                .findFirst();
    }
}
