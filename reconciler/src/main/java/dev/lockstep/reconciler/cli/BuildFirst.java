package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.BuildChoice;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.Looking;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.settings.Guard;
import java.util.Optional;
import java.util.Set;
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
    private final Set<Guard> approved;

    BuildFirst(Invocation call, EngineDoor door, ProjectFiles files, Loaded.Valid loaded, Set<Guard> approved) {
        this.call = call;
        this.door = door;
        this.files = files;
        this.loaded = loaded;
        this.approved = approved;
    }

    /** What became of it. */
    sealed interface Answer {
        /**
         * Everything is there that is built.
         *
         * @param agreed ids of the steps that somebody has agreed to; absent where nobody was asked
         */
        record GoOn(Optional<Set<String>> agreed) implements Answer {}

        /** Nothing was changed, and nothing is to be. */
        record Ended(int exitCode) implements Answer {}
    }

    Answer run(PlanOptions options) throws Exception {
        var sections = loaded.project().services().values().stream()
                .anyMatch(service -> service.image().build().isPresent());
        if (!sections || options.builds() == BuildChoice.DONE) {
            return new Answer.GoOn(Optional.empty());
        }
        Planned planned;
        try (var engine = door.openForReading()) {
            planned = new Deployment(
                            engine,
                            door.host(),
                            door.settings().images(),
                            door.settings().policy(),
                            door.secrets())
                    .plan(files.source(), options, loaded, Looking.First.NOTHING);
        }
        // What is wrong with files is told by whoever plans next.
        return planned instanceof Planned.Ready ready ? build(ready) : new Answer.GoOn(Optional.empty());
    }

    private Answer build(Planned.Ready ready) throws Exception {
        var plan = ready.plan();
        var images = plan.steps().stream()
                .map(Step::operation)
                .filter(Operation.BuildImage.class::isInstance)
                .map(operation -> ((Operation.BuildImage) operation).image())
                .collect(Collectors.toUnmodifiableSet());
        if (images.isEmpty()) {
            return new Answer.GoOn(Optional.empty());
        }
        ApplyCommand.print(call, new Explanation(call.world().directory()).of(plan));
        var verdict = ApplyCommand.verdict(plan);
        if (verdict.isPresent()) {
            return new Answer.Ended(verdict.get());
        }
        var held = RemovalGuard.held(call, approved, plan, ready.observed());
        if (held.isPresent()) {
            call.say(held.get());
            return new Answer.Ended(ExitCodes.REFUSED);
        }
        if (!ApplyCommand.agreed(call)) {
            call.say("Nothing was changed.");
            return new Answer.Ended(ExitCodes.ERROR);
        }
        var project = loaded.project();
        new ServiceBuild(call)
                .before(
                        loaded,
                        project.services().values().stream()
                                .filter(service -> BuiltImages.reference(project, service)
                                        .filter(images::contains)
                                        .isPresent())
                                .map(service -> service.name())
                                .collect(Collectors.toUnmodifiableSet()));
        return new Answer.GoOn(Optional.of(ids(plan)));
    }

    /** Whether a plan does nothing but what was agreed to. */
    static boolean covers(Optional<Set<String>> agreed, Plan plan) {
        return agreed.filter(ids -> ids.containsAll(ids(plan))).isPresent();
    }

    private static Set<String> ids(Plan plan) {
        return plan.steps().stream().map(Step::id).collect(Collectors.toUnmodifiableSet());
    }
}
