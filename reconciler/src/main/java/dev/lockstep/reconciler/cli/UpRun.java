package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.history.AppliedFiles;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.reconciler.plan.Wishes;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Service;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** What {@code up}, {@code create} and {@code scale} have in common: a plan for some services, carried out unasked. */
final class UpRun {
    private final Invocation call;
    private final List<String> services;
    private final Map<String, Integer> scale;
    private final boolean start;
    private final ProjectFiles files;

    /**
     * @param services only these and, unless {@code --no-deps} says otherwise, what they depend on; all when empty
     * @param start whether containers are started
     */
    UpRun(Invocation call, List<String> services, Map<String, Integer> scale, boolean start) {
        this.call = call;
        this.services = List.copyOf(services);
        this.scale = Map.copyOf(scale);
        this.start = start;
        this.files = new ProjectFiles(call);
    }

    static void options(CommandSpec spec) {
        spec.addOption(Options.flag("Replace containers although nothing changed", "--force-recreate"));
        spec.addOption(Options.flag("Leave existing containers as they are, whatever changed", "--no-recreate"));
        spec.addOption(Options.value("WHEN", "Pull images always, when missing, or never", "--pull"));
        spec.addOption(Options.flag("No progress of pulls", "--quiet-pull"));
        spec.addOption(Options.flag("Remove containers of services that the files do not name", "--remove-orphans"));
        spec.addOption(Options.values("SERVICE=N", "That many containers of the service", "--scale"));
        spec.addOption(Options.dryRun());
        spec.addOption(Options.flag("Build images first, also those that are here", "--build"));
        spec.addOption(Options.flag("Build no image, also where it is missing", "--no-build"));
    }

    /** {@code web=3}, in Docker's words when it is something else. */
    static Map<String, Integer> scale(List<String> texts) throws CommandException {
        var scale = new HashMap<String, Integer>();
        for (var text : texts) {
            var words = text.split("=", 2);
            if (words.length < 2) {
                throw new CommandException("invalid scale specifier: " + text);
            }
            if (!words[1].matches("\\d{1,4}")) {
                throw new CommandException(
                        "invalid scale specifier: " + text + ": a whole number stands after the equals sign");
            }
            scale.put(words[0], Integer.valueOf(words[1]));
        }
        return scale;
    }

    /** Contradictions that Compose refuses, too. */
    static void exclude(Invocation call, String one, String other) throws CommandException {
        if (call.flag(one) && call.flag(other)) {
            throw new CommandException(one + " and " + other + " cannot be used together");
        }
    }

    /** What was done. */
    record Outcome(int exitCode, String stack, Set<String> services) {}

    /** Plans and applies; {@code then} goes on with what runs, before the engine is closed. */
    Outcome run(After then) throws Exception {
        exclude(call, "--force-recreate", "--no-recreate");
        exclude(call, "--renew-anon-volumes", "--no-recreate");
        exclude(call, "--build", "--no-build");
        var byHand = PlanCommand.choices(call).planOptions();
        // Otherwise that is done by the time of the plan.
        var choices = call.dryRun() ? byHand.building(PlanCommand.builds(call)) : byHand;
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return new Outcome(files.exitCode(), "", Set.of());
        }
        var project = loaded.get().project();
        var all = new LinkedHashSet<>(project.services().keySet());
        all.addAll(project.disabled().keySet());
        Stack.require(services, all);
        Stack.require(scale.keySet(), all);
        // Otherwise nothing would ever count, and a test that failed would look like one that passed.
        Stack.require(call.text("--exit-code-from").stream().toList(), all);
        var scoped = services.isEmpty() ? files : files.withServices(services);
        var wanted = wanted(scoped);
        var untouched = new HashSet<>(all);
        untouched.removeAll(wanted);
        if (!(scoped.load() instanceof Loaded.Valid inScope)) {
            var _ = scoped.loadOrTell(); // the same files without the other services
            return new Outcome(scoped.exitCode(), "", Set.of());
        }
        // As with Compose: who forgets a profile must not believe that anything runs.
        if (wanted.isEmpty() && call.parsed().commandSpec().name().equals("up")) {
            throw new CommandException("no service selected"
                    + (project.disabled().isEmpty()
                            ? ""
                            : ": each is in a profile, and --profile turns none of them on"));
        }
        var elsewhere = call.texts("--attach").stream()
                .filter(name -> !wanted.contains(name))
                .toList();
        if (!elsewhere.isEmpty()) {
            throw new CommandException("cannot attach to services not included in up: " + String.join(", ", elsewhere));
        }
        // Before anything is stopped, and before anybody waits for the stack's lock.
        new ServiceBuild(call).before(inScope, wanted);
        try (var change = StackChange.beginUnmended(call, project.name())) {
            var wishes = new Wishes(
                    untouched,
                    recreated(wanted),
                    call.flag("--no-recreate"),
                    call.flag("--renew-anon-volumes"),
                    start,
                    true);
            var planned =
                    change.deployment().plan(scoped.source(), choices.forUp(wishes, scale), inScope, change::mend);
            ProjectFiles.tellWarnings(planned.warnings(), call.world().err());
            var code = switch (planned) {
                case Planned.Invalid invalid -> {
                    ProjectFiles.tell(invalid.errors(), call.world().err());
                    yield scoped.exitCode();
                }
                case Planned.Ready ready -> apply(change, ready, wanted);
            };
            var outcome = new Outcome(code, project.name(), wanted);
            change.release();
            return code == ExitCodes.OK && !call.dryRun() ? then.goOn(change, outcome) : outcome;
        }
    }

    /** The services whose files say {@code attach: false}. */
    Set<String> unattached() {
        return files.load() instanceof Loaded.Valid valid
                ? valid.project().services().values().stream()
                        .filter(service -> !service.lifecycle().attach().orElse(true))
                        .map(Service::name)
                        .collect(Collectors.toUnmodifiableSet())
                : Set.of();
    }

    /** Goes on with what runs. */
    @FunctionalInterface
    interface After {
        Outcome goOn(StackChange change, Outcome outcome) throws Exception;
    }

    private Set<String> wanted(ProjectFiles scoped) {
        if (call.flag("--no-deps") && !services.isEmpty()) {
            return new TreeSet<>(services);
        }
        return scoped.load() instanceof Loaded.Valid valid
                ? new TreeSet<>(valid.project().services().keySet())
                : Set.of();
    }

    private Set<String> recreated(Set<String> wanted) {
        var named = services.isEmpty() ? wanted : Set.copyOf(services);
        var recreated = new TreeSet<String>();
        if (call.flag("--force-recreate") || call.flag("--renew-anon-volumes")) {
            recreated.addAll(named);
        }
        if (call.flag("--always-recreate-deps")) {
            wanted.stream().filter(s -> !named.contains(s)).forEach(recreated::add);
        }
        return recreated;
    }

    private int apply(StackChange change, Planned.Ready ready, Set<String> wanted)
            throws IOException, CommandException {
        var plan = ready.plan();
        plan.warnings().forEach(w -> call.say("Warning: " + w));
        if (!plan.problems().isEmpty() || !plan.refusals().isEmpty()) {
            ProjectFiles.tell(plan.problems(), call.world().err());
            plan.refusals().forEach(call::say);
            return plan.problems().isEmpty() ? ExitCodes.REFUSED : ExitCodes.ERROR;
        }
        if (services.isEmpty() && !call.dryRun()) {
            new StackImages(change.engine().images().roots(), ready.desired().stack()).want(ready.desired());
        }
        if (!call.dryRun()) {
            new AppliedFiles(change.engine().root()).write(plan.stack(), files.composeFiles());
        }
        tellRunning(ready, wanted);
        return change.run(plan, ready.beforeStart(), call.duration("--timeout"));
    }

    /** What is as it should be is mentioned, too. */
    private void tellRunning(Planned.Ready ready, Set<String> wanted) throws IOException {
        var changed = ready.plan().steps().stream().map(Step::id).collect(Collectors.toSet());
        var names = ready.desired().services().stream()
                .filter(s -> wanted.contains(s.name()))
                .flatMap(s -> s.slots().stream())
                .map(s -> s.spec().name())
                .collect(Collectors.toSet());
        var progress = ComposeProgress.of(call);
        for (var container : ready.observed().containers()) {
            if (names.contains(container.name()) && !changed.contains("container/" + container.name())) {
                progress.line("Container " + container.name(), container.isRunning() ? "Running" : "Created");
            }
        }
    }

    /**
     * Writes down that the stack is well as the files have it now, so that a later apply that fails has something to go
     * back to. Only for all services, and only where nobody has changed the stack while its health was waited for.
     */
    Outcome rememberGood(StackChange change, Outcome outcome) throws IOException, InterruptedException {
        if (outcome.exitCode() != ExitCodes.OK || !services.isEmpty()) {
            return outcome;
        }
        var engine = change.engine();
        try (var _ = StackChange.lock(call, engine, outcome.stack())) {
            var options = PlanOptions.byHand(false, false, Optional.empty()).forUp(Wishes.NONE, scale);
            if (change.deployment().plan(files.source(), options) instanceof Planned.Ready ready
                    && ready.plan().isEmpty()) {
                new RevisionFiles(engine.root(), outcome.stack())
                        .good(
                                StackRevision.of(
                                        ready.desired(),
                                        Optional.empty(),
                                        engine.containers().records()),
                                call.world().clock().instant());
            }
        }
        return outcome;
    }

    /** Waits until everything runs and is healthy; says why it does not. */
    static Outcome awaitHealthy(Invocation call, StackChange change, Outcome outcome) throws Exception {
        try (var health = change.engine().containers().healthMonitor((_, _) -> {})) {
            for (var container : change.engine().containers().observe()) {
                if (container.record().spec().owner().stack().equals(outcome.stack())) {
                    health.watch(container.id());
                }
            }
            var gates = new Gates(change.engine().containers(), health, outcome.stack(), new CountDownLatch(1));
            var why = gates.awaitHealthy(outcome.services(), call.duration("--wait-timeout"));
            if (why.isEmpty()) {
                return outcome;
            }
            call.say("lockstep: application not healthy: " + why.get());
            return new Outcome(ExitCodes.ERROR, outcome.stack(), outcome.services());
        }
    }
}
