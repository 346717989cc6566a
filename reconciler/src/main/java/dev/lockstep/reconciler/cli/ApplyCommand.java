package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.BuildChoice;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.Looking;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.AppliedFiles;
import dev.lockstep.reconciler.history.AppliedPlans;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.settings.Guard;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** {@code apply}: the plan, a question, the changes, and with {@code --wait} the health of what runs then. */
final class ApplyCommand implements Command {
    /** Whoever changes the stack now is seldom at it for longer. */
    static final Duration LOCK_TIMEOUT = Duration.ofMinutes(1);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Makes this host what the files say. Shows the plan first, and asks where there is a terminal.",
                        "With --wait, a stack that does not become well goes back to what ran before.",
                        "Images of build sections that are not on this host are built first; --build builds all of them.",
                        "'apply FILE' makes the changes of a plan that 'plan --out FILE' wrote, once, and refuses when"
                                + " anything that it rests on has moved.",
                        "Exit codes: 0 converged, 1 error, 3 applied but unhealthy, 4 rolled back, 5 refused.");
        spec.addPositional(Options.arguments("[FILE]", "0..1", "A saved plan"));
        spec.addOption(Options.flag("Do not ask", "-y", "--yes"));
        spec.addOption(Options.values(
                "GUARD",
                "With -y: go on where this guard holds the plan: last-service, most-of-host or data",
                "--approve"));
        spec.addOption(Options.flag("Show the plan and change nothing", "--dry-run"));
        spec.addOption(Options.flag("Wait until everything runs and is healthy", "--wait"));
        spec.addOption(Options.value(
                "TIME",
                "How long --wait waits (default: as long as health checks may take, and a minute)",
                "--wait-timeout"));
        spec.addOption(Options.value(
                "TIME", "How long to wait for another apply of the stack (default 60)", "--lock-timeout"));
        PlanCommand.addChoices(spec);
    }

    @Override
    public int run(Invocation given) throws Exception {
        var waitTimeout = given.duration("--wait-timeout");
        var lockTimeout = given.duration("--lock-timeout").orElse(LOCK_TIMEOUT);
        var approved = RemovalGuard.approved(given);
        var saved = SavedPlans.given(given);
        var call = saved.map(plan -> given.about(plan.source())).orElse(given);
        var door = EngineDoor.of(call);
        HostSettings.tellKeys(call, door.settings());
        var files = new ProjectFiles(call);
        // Wrong files are told before anything of the host is touched.
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return saved.isPresent() ? ExitCodes.REFUSED : ExitCodes.ERROR;
        }
        var byHand = PlanCommand.choices(call);
        var options = (saved.isPresent() ? saved.get().options() : byHand).planOptions();
        var building = saved.isPresent() ? options : options.building(PlanCommand.builds(call));
        if (call.dryRun()) {
            try (var engine = door.openForReading()) {
                var deployment = new Deployment(
                        engine,
                        door.host(),
                        door.settings().images(),
                        door.settings().policy(),
                        door.secrets());
                var planned = deployment.plan(files.source(), building, loaded.get(), Looking.First.NOTHING);
                return dryRun(call, files, engine, saved, planned);
            }
        }
        Optional<BuildFirst.Built> built;
        switch (new BuildFirst(call, door, files, loaded.get(), saved, approved).run(building)) {
            case BuildFirst.Answer.Ended(var code) -> {
                return code;
            }
            case BuildFirst.Answer.GoOn(var what) -> built = what;
        }
        var rest = built.isPresent() ? options.building(BuildChoice.DONE) : options;
        try (var engine = door.open()) {
            var deployment = new Deployment(
                    engine,
                    door.host(),
                    door.settings().images(),
                    door.settings().policy(),
                    door.secrets());
            var stack = loaded.get().project().name();
            try (var _ = StackLock.take(
                    engine.root(),
                    stack,
                    lockTimeout,
                    holder -> call.say("Waiting for " + holder + ", which changes stack " + stack + "."))) {
                var planned = deployment.plan(
                        files.source(), rest, loaded.get(), () -> DamagedContainers.repair(call, engine));
                return switch (planned) {
                    case Planned.Invalid invalid -> {
                        ProjectFiles.tell(invalid.errors(), call.world().err());
                        yield saved.isPresent() ? ExitCodes.REFUSED : ExitCodes.ERROR;
                    }
                    case Planned.Ready ready ->
                        apply(call, door, engine, deployment, files, saved, ready, approved, built, waitTimeout);
                };
            }
        }
    }

    private static int dryRun(
            Invocation call, ProjectFiles files, Engine engine, Optional<SavedPlan> saved, Planned planned)
            throws IOException, CommandException {
        return switch (planned) {
            case Planned.Invalid invalid -> {
                ProjectFiles.tell(invalid.errors(), call.world().err());
                yield ExitCodes.ERROR;
            }
            case Planned.Ready ready -> {
                if (saved.isPresent() && new SavedPlans(call, files).isStale(saved.get(), ready, engine)) {
                    yield ExitCodes.REFUSED;
                }
                print(call, new Explanation(call.world().directory()).of(ready.plan()));
                yield verdict(ready.plan()).orElse(ExitCodes.OK);
            }
        };
    }

    private int apply(
            Invocation call,
            EngineDoor door,
            Engine engine,
            Deployment deployment,
            ProjectFiles files,
            Optional<SavedPlan> saved,
            Planned.Ready ready,
            Set<Guard> approved,
            Optional<BuildFirst.Built> built,
            Optional<Duration> waitTimeout)
            throws IOException, InterruptedException, CommandException {
        var plan = ready.plan();
        if (saved.isPresent()) {
            var plans = new SavedPlans(call, files);
            var isStale = built.isPresent()
                    ? plans.isStale(saved.get(), built.get(), ready, engine)
                    : plans.isStale(saved.get(), ready, engine);
            if (isStale) {
                return ExitCodes.REFUSED;
            }
        }
        ProjectFiles.tellWarnings(ready.images().notes(), call.world().err());
        print(call, new Explanation(call.world().directory()).of(ready.plan()));
        var verdict = verdict(plan);
        if (verdict.isPresent()) {
            return verdict.get();
        }
        if (saved.isPresent()) {
            // Whoever saved it has seen it; from now on it is used, whatever becomes of it.
            new AppliedPlans(engine.root())
                    .add(plan.stack(), saved.get().id(), call.world().clock().instant());
        } else if (!plan.isEmpty()) {
            var held = RemovalGuard.held(call, approved, plan, ready.observed());
            if (held.isPresent()) {
                call.say(held.get());
                return ExitCodes.REFUSED;
            }
            if (built.filter(b -> BuildFirst.covers(b, plan)).isEmpty() && !agreed(call)) {
                call.say("Nothing was changed.");
                return ExitCodes.ERROR;
            }
        }
        var images = new StackImages(engine.images().roots(), ready.desired().stack());
        images.want(ready.desired());
        new AppliedFiles(engine.root()).write(plan.stack(), files.composeFiles());
        var run = new PlanRun(call, engine, plan);
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var gate = call.flag("--wait")
                    ? Optional.of(new ApplyGate(call, engine, deployment, files.source(), health, ready, waitTimeout))
                    : Optional.<ApplyGate>empty();
            var begin = System.nanoTime();
            var results = plan.isEmpty()
                    ? List.<StepResult>of()
                    : run.run(listener -> gate.map(g -> g.applier(listener))
                            .orElseGet(() -> new Applier(engine, health, ready.beforeStart(), listener)));
            var took = Duration.ofNanos(System.nanoTime() - begin);
            var applied = PlanRun.succeeded(results);
            var unhealthy = applied && gate.isPresent() ? gate.get().unhealthy() : Optional.<Gates.Unwell>empty();
            if (applied && unhealthy.isEmpty()) {
                // Where nothing was done, what the plan was made of is as new: the stack is held since then.
                var containers = plan.isEmpty() && gate.isEmpty()
                        ? ready.observed().records()
                        : engine.containers().records();
                images.applied(containers);
                if (gate.isPresent()) {
                    gate.get().passed();
                }
                new RevisionFiles(engine.root(), ready.desired().stack())
                        .good(
                                StackRevision.of(ready.desired(), Optional.empty(), containers),
                                call.world().clock().instant());
            }
            if (!plan.isEmpty()) {
                call.world().out().println(PlanRun.summary(results, took));
                call.world().out().flush();
                var outcome = !applied ? Outcome.FAILED : unhealthy.isPresent() ? Outcome.UNHEALTHY : Outcome.CONVERGED;
                run.remember(
                        results, outcome, unhealthy.map(Gates.Unwell::why).orElse(PlanRun.firstFailure(results)), took);
                run.tellHostChanges();
                run.tellAgent(door.settings());
            }
            unhealthy.ifPresent(why -> call.say("Applied, but not healthy: " + why.why() + "."));
            if (applied && !plan.isEmpty() && !EngineDoor.agentRuns(engine.root())) {
                call.say(
                        "No agent runs on this host: from now on nobody runs health checks, follows a Git repository or"
                                + " starts containers after a reboot; 'lockstep agent' does.");
            }
            if (gate.isPresent() && (!applied || unhealthy.isPresent())) {
                return gate.get().goBack(results, unhealthy);
            }
            return applied ? ExitCodes.OK : ExitCodes.ERROR;
        }
    }

    static void print(Invocation call, Plan plan) {
        call.world()
                .out()
                .print(new PlanText(call.world().colour(call.world().terminals().out())).print(plan));
        call.world().out().flush();
    }

    /** Why the plan is not applied, as an exit code; the plan has said it in words. */
    static Optional<Integer> verdict(Plan plan) {
        if (!plan.problems().isEmpty()) {
            return Optional.of(ExitCodes.ERROR);
        }
        return plan.refusals().isEmpty() ? Optional.empty() : Optional.of(ExitCodes.REFUSED);
    }

    /** Asks the person, unless that is not wanted. */
    static boolean agreed(Invocation call) throws IOException, CommandException {
        if (call.flag("--yes")) {
            return true;
        }
        if (!call.world().terminals().in() || call.globals().files().contains("-")) {
            throw new CommandException("there is no terminal to ask on; 'lockstep apply -y' makes the changes unasked");
        }
        call.world().err().print("\nDo you want to make these changes? Only \"yes\" is accepted: ");
        call.world().err().flush();
        var answer = new BufferedReader(new InputStreamReader(call.world().in(), StandardCharsets.UTF_8)).readLine();
        return answer != null && answer.strip().equals("yes");
    }
}
