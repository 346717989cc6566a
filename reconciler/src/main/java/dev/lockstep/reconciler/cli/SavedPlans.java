package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.contexts.HostFiles;
import dev.lockstep.reconciler.contexts.SectionInputs;
import dev.lockstep.reconciler.contexts.UnbuildableException;
import dev.lockstep.reconciler.deploy.BuildChoice;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.history.AppliedPlans;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Build;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Plans in files: written by {@code plan --out}, taken once by {@code apply}.
 *
 * @param files what is planned
 */
record SavedPlans(Invocation call, ProjectFiles files) {
    private static final String UNTOUCHED = "Nothing was changed.";
    private static final String BUILT = "Its images are built; nothing else was changed.";

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
        SortedMap<String, Object> inputs;
        try {
            inputs = inputs(ready, engine, choices.builds(), Map.of(), Optional.of(file));
        } catch (BuildException | UnbuildableException | ContextException e) {
            throw new CommandException("the plan was not written to " + file + ": " + e.getMessage());
        }
        SavedPlan.of(
                        ready,
                        engine,
                        hasRoot,
                        CommandLineInterface.version(),
                        source(),
                        choices,
                        inputs,
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

    /**
     * What the images are made of that a plan builds, by part; nothing where it builds none.
     *
     * @param before the same before they were built; empty when they are still to be
     * @param except a file that is still to be written
     */
    private SortedMap<String, Object> inputs(
            Planned.Ready ready, Engine engine, BuildChoice choice, Map<String, Object> before, Optional<Path> except)
            throws IOException, CommandException {
        var images = BuildFirst.images(ready.plan());
        var parts = new TreeMap<String, Object>();
        if (images.isEmpty() || !(files.load() instanceof Loaded.Valid loaded)) {
            return parts;
        }
        var project = loaded.project();
        var sections = new SectionInputs(
                engine,
                project,
                new HostFiles(files.directory(loaded.projectDirectory())),
                call.world().err()::println);
        for (var name : BuildSections.order(project, BuildFirst.services(project, images))) {
            var service = BuildSections.service(project, name).orElseThrow();
            var isBuilt = before.isEmpty()
                    ? ServiceBuild.existing(engine, project, service, ServiceBuild.Which.of(choice))
                            .isEmpty()
                    : !(before.get(SectionInputs.path(name)) instanceof SectionInputs.Here);
            parts.putAll(isBuilt ? sections.of(service, except) : sections.ofExisting(service));
        }
        return parts;
    }

    /** Says why the plan may not be applied; false when it may. */
    boolean isStale(SavedPlan saved, Planned.Ready now, Engine engine) throws IOException, CommandException {
        return inputs(saved, now, engine).isEmpty();
    }

    /** What its images are made of; empty when it may not be applied, which is said then. */
    Optional<SortedMap<String, Object>> inputs(SavedPlan saved, Planned.Ready now, Engine engine)
            throws IOException, CommandException {
        if (isApplied(saved, engine, UNTOUCHED)) {
            return Optional.empty();
        }
        var inputs = inputs(saved, now, engine, Map.of(), UNTOUCHED);
        var moved = saved.moved(now, inputs, engine, CommandLineInterface.version());
        return tell(saved, moved, UNTOUCHED) ? Optional.empty() : Optional.of(inputs);
    }

    /** The same when the images that it builds are built. */
    boolean isStale(SavedPlan saved, BuildFirst.Built built, Planned.Ready now, Engine engine)
            throws IOException, CommandException {
        if (isApplied(saved, engine, BUILT)) {
            return true;
        }
        var inputs = excused(
                built.inputs(),
                inputs(saved, built.plan(), engine, built.inputs(), BUILT),
                BuildFirst.images(built.plan().plan()));
        var moved = new ArrayList<>(saved.movedSinceBuilt(now, inputs, built.services(), engine));
        if (moved.isEmpty() && !BuildFirst.covers(built, now.plan())) {
            moved.add("other things on this host have changed, and other steps would be needed now");
        }
        return tell(saved, moved, BUILT);
    }

    /**
     * What images are made of after they were built, as it is to be compared with what it was before: that names of
     * this host mean other images is well where the build itself has brought that about.
     *
     * @param before by part
     * @param now the same
     * @param built images that have got their names by the build
     */
    static SortedMap<String, Object> excused(
            Map<String, Object> before, Map<String, Object> now, Set<ImageReference> built) {
        var inputs = new TreeMap<>(now);
        inputs.replaceAll((part, value) -> {
            var was = before.get(part);
            return value instanceof SectionInputs.Here
                            && was instanceof SectionInputs.Here here
                            && (here.digest().isEmpty() || isBrought(part, before, built))
                    ? was
                    : value;
        });
        return inputs;
    }

    private static boolean isBrought(String part, Map<String, Object> before, Set<ImageReference> built) {
        var from = part.indexOf(SectionInputs.FROM);
        return from >= 0
                && (before.get(part.substring(0, from)) instanceof Build section && section.pull()
                        || built.contains(ImageReference.parse(part.substring(from + SectionInputs.FROM.length()))));
    }

    /** The same of a saved plan; when its images cannot be built any more, it is stale. */
    private SortedMap<String, Object> inputs(
            SavedPlan saved, Planned.Ready now, Engine engine, Map<String, Object> before, String left)
            throws IOException, CommandException {
        try {
            return inputs(now, engine, saved.options().builds(), before, Optional.empty());
        } catch (BuildException | UnbuildableException | ContextException e) {
            throw new CommandException(
                    "The plan is stale: " + e.getMessage() + ". " + left + " Plan again.", ExitCodes.REFUSED);
        }
    }

    private boolean isApplied(SavedPlan saved, Engine engine, String left) throws IOException {
        var applied = new AppliedPlans(engine.root()).when(saved.stack(), saved.id());
        applied.ifPresent(at -> call.say("The plan is stale: it was applied at " + at + ". " + left + " Plan again."));
        return applied.isPresent();
    }

    private boolean tell(SavedPlan saved, List<String> moved, String left) {
        if (!moved.isEmpty()) {
            call.say("The plan is stale; since it was made at " + saved.createdAt() + ":");
            moved.forEach(what -> call.say("  " + Printable.text(what)));
            call.say(left + " Plan again.");
        }
        return !moved.isEmpty();
    }
}
