package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.KeptContainers;
import dev.lockstep.reconciler.apply.WaitLimits;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What all runs of one stack work with.
 *
 * @param out for people, a line each, without what the records hide
 */
record StackContext(
        String stack,
        Engine engine,
        Deployment deployment,
        HealthMonitor health,
        StackRecords records,
        InstantSource clock,
        Consumer<String> out,
        Permission permission,
        FullDisk fullDisk) {

    StackContext {
        var people = out;
        out = text -> people.accept(records.redacted(text));
    }

    /** Says something of the stack. */
    void say(String what) {
        out.accept("stack " + stack + what);
    }

    /**
     * Plans to go back to a revision as {@link Deployment#planBack} does. An image that would have to be pulled for it
     * and was built here and never pushed is what was built again from the same; without that the plan is refused with
     * what to do.
     */
    Deployment.GoingBack planBack(StackRevision revision, StackSource source, PlanOptions options) throws IOException {
        var back = deployment.planBack(revision, source, options);
        if (pulled(back).findAny().isEmpty()) {
            return back; // as nearly always: what a stack goes back to is kept
        }
        var then = revision.images();
        var images = EarlierImages.of(then, engine);
        var again = deployment.planBack(images.in(revision, then), source, options);
        var refusals = pulled(again)
                .flatMap(image -> Optional.ofNullable(images.gone().get(image)).stream())
                .distinct()
                .toList();
        return new Deployment.GoingBack(again.desired(), again.plan().refusing(List.of(), refusals));
    }

    private static Stream<ImageReference> pulled(Deployment.GoingBack back) {
        return back.plan().steps().stream()
                .map(Step::operation)
                .filter(Operation.PullImage.class::isInstance)
                .map(operation -> ((Operation.PullImage) operation).image());
    }

    /** Carries out plans for what is desired of the stack, to their end. */
    Applier applier(Desired desired, BeforeStart files) {
        return new Applier(engine, health, files, new StepLog(stack, records::redacted), limits(desired));
    }

    /**
     * The same, which waits for nothing more once a newer revision has come.
     *
     * @param kept gets the containers that are replaced, until somebody says that nobody goes back to them
     */
    Applier applier(Desired desired, BeforeStart files, Optional<KeptContainers> kept, CountDownLatch superseded) {
        return new Applier(
                engine, health, files, new StepLog(stack, records::redacted), kept, superseded, limits(desired));
    }

    private static WaitLimits limits(Desired desired) {
        return WaitLimits.of(desired, Optional.empty());
    }

    /** @param superseded ends every wait: a newer revision has come */
    Gates gates(CountDownLatch superseded) throws IOException {
        return new Gates(engine.containers(), health, stack, superseded);
    }
}
