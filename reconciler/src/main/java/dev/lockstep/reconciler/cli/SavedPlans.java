package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.history.AppliedPlans;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.load.LoadRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Plans in files: written by {@code plan --out}, taken once by {@code apply}. */
record SavedPlans(Invocation call) {
    /**
     * The file that {@code --out} names.
     *
     * @throws CommandException when it cannot be written, or the plan could not be made again
     */
    static Optional<Path> target(Invocation call) throws CommandException {
        var named = call.text("--out");
        if (named.isEmpty()) {
            return Optional.empty();
        }
        if (call.globals().files().contains(LoadRequest.STANDARD_INPUT)) {
            throw new CommandException("--out needs files that 'lockstep apply' can read again, and standard input is"
                    + " gone then: put it into a file");
        }
        var file = call.world().directory().resolve(named.get()).normalize();
        var parent = file.getParent();
        if (parent == null || !Files.isDirectory(parent) || Files.isDirectory(file)) {
            throw new CommandException("--out: " + file
                    + (Files.isDirectory(file) ? " is a directory; name a file" : ": there is no such directory"));
        }
        return Optional.of(file);
    }

    /** The plan that {@code apply FILE} was given. */
    static Optional<SavedPlan> given(Invocation call) throws IOException, CommandException {
        if (call.arguments().isEmpty()) {
            return Optional.empty();
        }
        if (call.globals().nameFiles()
                || call.flag("--remove-orphans")
                || call.flag("--force-recreate")
                || call.flag("--pull")
                || call.flag("--build")
                || call.flag("--no-build")) {
            throw new CommandException("a saved plan says itself from which files and with which options it was made:"
                    + " leave -f, -p, --env-file, --profile, --project-directory, --remove-orphans,"
                    + " --force-recreate, --pull, --build and --no-build out");
        }
        return Optional.of(
                SavedPlan.read(call.world().directory().resolve(call.arguments().getFirst())));
    }

    /**
     * Writes the plan down.
     *
     * @throws CommandException for one that nobody could apply
     */
    void save(Planned.Ready ready, Engine engine, boolean hasRoot, SavedPlan.Choices choices, Path file)
            throws IOException, CommandException {
        var plan = ready.plan();
        if (!plan.problems().isEmpty() || !plan.refusals().isEmpty()) {
            throw new CommandException("the plan was not written to " + file + ": it could not be applied");
        }
        if (plan.steps().stream().anyMatch(step -> step.operation() instanceof Operation.BuildImage)) {
            throw new CommandException(
                    "the plan was not written to " + file + ": it builds images, and what comes of that"
                            + " nobody can look at before. 'lockstep build' builds them; plan after it");
        }
        SavedPlan.of(
                        ready,
                        engine,
                        hasRoot,
                        CommandLineInterface.version(),
                        source(),
                        choices,
                        call.world().clock().instant())
                .write(file, engine.root().json());
    }

    private SavedPlan.Source source() {
        var globals = call.globals();
        return new SavedPlan.Source(
                call.world().directory().toString(),
                globals.files(),
                globals.envFiles(),
                globals.profiles(),
                globals.projectDirectory(),
                globals.projectName());
    }

    /** Says why the plan may not be applied; false when it may. */
    boolean isStale(SavedPlan saved, Planned.Ready now, Engine engine) throws IOException {
        var applied = new AppliedPlans(engine.root()).when(saved.stack(), saved.id());
        if (applied.isPresent()) {
            call.say("The plan is stale: it was applied at " + applied.get() + ". Nothing was changed. Plan again.");
            return true;
        }
        var moved = saved.moved(now, engine, CommandLineInterface.version());
        if (!moved.isEmpty()) {
            call.say("The plan is stale; since it was made at " + saved.createdAt() + ":");
            moved.forEach(what -> call.say("  " + Printable.text(what)));
            call.say("Nothing was changed. Plan again.");
        }
        return !moved.isEmpty();
    }
}
