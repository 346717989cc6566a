package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.BuildChoice;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.Looking;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.settings.Guard;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Builds for {@code apply} what the plan says is to be built, once that is agreed to and before anything is stopped or
 * the stack is locked. The stack is planned again afterwards, with the digests that were not known before.
 */
final class BuildFirst {
    private final Invocation call;
    private final EngineDoor door;
    private final ProjectFiles files;
    private final Loaded.Valid loaded;
    private final Optional<SavedPlan> saved;
    private final Set<Guard> approved;

    /** @param saved that is applied; absent: whatever the files say now */
    BuildFirst(
            Invocation call,
            EngineDoor door,
            ProjectFiles files,
            Loaded.Valid loaded,
            Optional<SavedPlan> saved,
            Set<Guard> approved) {
        this.call = call;
        this.door = door;
        this.files = files;
        this.loaded = loaded;
        this.saved = saved;
        this.approved = approved;
    }

    /** What became of it. */
    sealed interface Answer {
        /**
         * Everything is there that is built.
         *
         * @param built absent: nothing was to be built
         */
        record GoOn(Optional<Built> built) implements Answer {}

        /** Nothing was changed, and nothing is to be. */
        record Ended(int exitCode) implements Answer {}
    }

    /**
     * What was built.
     *
     * @param plan that said so, which somebody has agreed to
     * @param inputs what a saved plan's images are made of, as it was before they were built
     * @param services whose images they are
     * @param steps ids of the plan's steps
     */
    record Built(Planned.Ready plan, SortedMap<String, Object> inputs, Set<String> services, Set<String> steps) {}

    Answer run(PlanOptions options) throws Exception {
        var sections = loaded.project().services().values().stream()
                .anyMatch(service -> service.image().build().isPresent());
        if (!sections || options.builds() == BuildChoice.DONE) {
            return new Answer.GoOn(Optional.empty());
        }
        Planned planned;
        SortedMap<String, Object> inputs = new TreeMap<>();
        try (var engine = door.openForReading()) {
            planned = new Deployment(
                            engine,
                            door.host(),
                            door.settings().images(),
                            door.settings().policy(),
                            door.secrets())
                    .plan(files.source(), options, loaded, Looking.First.NOTHING);
            if (planned instanceof Planned.Ready ready
                    && saved.isPresent()
                    && !images(ready.plan()).isEmpty()) {
                var now = new SavedPlans(call, files).inputs(saved.get(), ready, engine);
                if (now.isEmpty()) {
                    return new Answer.Ended(ExitCodes.REFUSED);
                }
                inputs = now.get();
            }
        }
        // What is wrong with files is told by whoever plans next.
        return planned instanceof Planned.Ready ready
                ? build(ready, inputs, options)
                : new Answer.GoOn(Optional.empty());
    }

    private Answer build(Planned.Ready ready, SortedMap<String, Object> inputs, PlanOptions options) throws Exception {
        var plan = ready.plan();
        var images = images(plan);
        if (images.isEmpty()) {
            return new Answer.GoOn(Optional.empty());
        }
        ApplyCommand.print(call, new Explanation(call.world().directory()).of(plan));
        var verdict = ApplyCommand.verdict(plan);
        if (verdict.isPresent()) {
            return new Answer.Ended(verdict.get());
        }
        // Whoever saved a plan has seen it.
        if (saved.isEmpty()) {
            var held = RemovalGuard.held(call, approved, plan, ready.observed());
            if (held.isPresent()) {
                call.say(held.get());
                return new Answer.Ended(ExitCodes.REFUSED);
            }
            if (!ApplyCommand.agreed(call)) {
                call.say("Nothing was changed.");
                return new Answer.Ended(ExitCodes.ERROR);
            }
        }
        var services = services(loaded.project(), images);
        new ServiceBuild(call).before(loaded, services, ServiceBuild.Which.of(options.builds()));
        return new Answer.GoOn(Optional.of(new Built(ready, inputs, running(ready, images), ids(plan))));
    }

    /** The images that a plan builds. */
    static Set<ImageReference> images(Plan plan) {
        return plan.steps().stream()
                .map(Step::operation)
                .filter(Operation.BuildImage.class::isInstance)
                .map(operation -> ((Operation.BuildImage) operation).image())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The services whose {@code build} sections make these images. */
    static Set<String> services(Project project, Set<ImageReference> images) {
        return project.services().values().stream()
                .filter(service -> BuiltImages.reference(project, service)
                        .filter(images::contains)
                        .isPresent())
                .map(Service::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The services that run them, or mount them. */
    private static Set<String> running(Planned.Ready ready, Set<ImageReference> images) {
        return ready.desired().services().stream()
                .filter(service -> service.slots().stream()
                        .anyMatch(slot -> images.contains(slot.spec().image())
                                || slot.mounted().keySet().stream().anyMatch(images::contains)))
                .map(DesiredService::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Whether a plan does nothing but what was agreed to. */
    static boolean covers(Built built, Plan plan) {
        return built.steps().containsAll(ids(plan));
    }

    private static Set<String> ids(Plan plan) {
        return plan.steps().stream().map(Step::id).collect(Collectors.toUnmodifiableSet());
    }
}
