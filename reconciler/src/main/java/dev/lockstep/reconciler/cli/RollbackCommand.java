package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.Rollback;
import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.apply.WaitLimits;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.decision.Suspension;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.history.HealthyRevisions;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code rollback}: brings a followed stack back to a commit that it was well at, with the images of that time, and
 * leaves it there until somebody resumes following.
 */
final class RollbackCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Brings a followed stack back to the last revision that was well, or to REVISION: a number of"
                                + " 'lockstep history' or the first digits of a commit. Its files and images are those"
                                + " of that time; no remote is asked, and no registry for images that were kept.",
                        "The agent then leaves the stack as it is until 'lockstep resume STACK'.",
                        "Exit codes: 0 converged, 1 error, 3 applied but unhealthy, 5 refused.");
        spec.addOption(Options.flag("Do not ask", "-y", "--yes"));
        spec.addOption(Options.flag("Show the plan and change nothing", "--dry-run"));
        spec.addOption(Options.value(
                "TIME",
                "How long to wait until it is well (default: as long as its health checks may take)",
                "--wait-timeout"));
        spec.addPositional(Options.arguments("STACK [REVISION]", "0..2", "The stack; what it goes back to"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var door = EngineDoor.of(call);
        var timeout = call.duration("--wait-timeout");
        var arguments = call.arguments();
        var named = call.globals().projectName();
        if (named.isEmpty() && arguments.isEmpty() || named.isPresent() && arguments.size() > 1) {
            throw new CommandException("needs the name of a stack: lockstep rollback STACK [REVISION]");
        }
        var stack = Decided.checked(named.or(() -> Optional.of(arguments.getFirst())))
                .orElseThrow();
        Optional<String> revision =
                arguments.size() > (named.isPresent() ? 0 : 1) ? Optional.of(arguments.getLast()) : Optional.empty();
        // Also where nothing is to be changed: a clone cannot be opened in a root that is there for reading.
        try (var engine = door.open()) {
            var status = new StatusFiles(engine.root())
                    .read(stack)
                    .filter(s -> s.repository().isPresent())
                    .orElseThrow(() -> new CommandException("stack " + stack
                            + " is followed from no repository; apply the files that it should go back to"));
            var target = target(engine, status, revision);
            try (var rollback = Rollback.to(
                    engine,
                    door.settings(),
                    door.host(),
                    HostSettings.stacks(call.world().environment()),
                    status,
                    target,
                    call.world().clock(),
                    call::say)) {
                return run(call, door, engine, stack, rollback, timeout);
            }
        }
    }

    private static HistoryEntry target(Engine engine, StackStatus status, Optional<String> revision)
            throws IOException, CommandException {
        var revisions = new HealthyRevisions(new History(engine.root()).entries(status.stack()));
        if (revision.isPresent()) {
            return revisions
                    .named(revision.get())
                    .orElseThrow(() -> new CommandException("the history of stack " + status.stack()
                            + " has no revision " + Printable.text(revision.get()) + "; 'lockstep history "
                            + status.stack() + "' lists them"));
        }
        var now = status.applied().map(StackStatus.Commit::id).orElse("");
        return revisions
                .before(now)
                .orElseThrow(() -> new CommandException("the history of stack " + status.stack()
                        + " has no revision before this one that was well; 'lockstep history " + status.stack()
                        + "' lists all"));
    }

    private static int run(
            Invocation call,
            EngineDoor door,
            Engine engine,
            String stack,
            Rollback rollback,
            Optional<Duration> timeout)
            throws Exception {
        var deployment = new Deployment(
                engine, door.host(), door.settings().images(), door.settings().policy(), door.secrets());
        var options = PlanOptions.followed(Set.of(), Instant.MIN);
        if (call.dryRun()) {
            return deployment.plan(rollback.source(), options) instanceof Planned.Ready ready
                    ? shown(call, ready)
                    : ExitCodes.ERROR;
        }
        try (var _ = StackChange.lock(call, engine, stack)) {
            DamagedContainers.repair(call, engine);
            return switch (deployment.plan(rollback.source(), options)) {
                case Planned.Invalid invalid -> {
                    ProjectFiles.tell(invalid.errors(), call.world().err());
                    yield ExitCodes.ERROR;
                }
                case Planned.Ready ready -> {
                    var code = shown(call, ready);
                    if (code != ExitCodes.OK) {
                        yield code;
                    }
                    if (!ready.plan().isEmpty() && !ApplyCommand.agreed(call)) {
                        call.say("Nothing was changed.");
                        yield ExitCodes.ERROR;
                    }
                    suspend(call, engine, stack, rollback);
                    yield apply(call, engine, ready, rollback, timeout);
                }
            };
        }
    }

    private static int shown(Invocation call, Planned.Ready ready) {
        var plan = ready.plan();
        call.world()
                .out()
                .print(new PlanText(call.world().colour(call.world().terminals().out())).print(plan));
        call.world().out().flush();
        if (!plan.problems().isEmpty()) {
            return ExitCodes.ERROR;
        }
        return plan.refusals().isEmpty() ? ExitCodes.OK : ExitCodes.REFUSED;
    }

    /** First of all, or an agent would bring the stack forward again. */
    private static void suspend(Invocation call, Engine engine, String stack, Rollback rollback) throws IOException {
        new Decisions(engine.root())
                .suspend(
                        stack,
                        new Suspension(
                                Optional.of("rolled back to " + rollback.title()),
                                Decided.by(call),
                                call.world().clock().instant()));
    }

    private static int apply(
            Invocation call, Engine engine, Planned.Ready ready, Rollback rollback, Optional<Duration> timeout)
            throws IOException, InterruptedException {
        var plan = ready.plan();
        var stack = ready.desired().stack();
        var images = new StackImages(engine.images().roots(), stack);
        images.want(ready.desired());
        var limits = WaitLimits.of(ready.desired(), timeout);
        var run = new PlanRun(call, engine, plan);
        var begin = System.nanoTime();
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var results = plan.isEmpty()
                    ? List.<StepResult>of()
                    : run.run(listener -> new Applier(engine, health, ready.beforeStart(), listener, limits));
            var took = Duration.ofNanos(System.nanoTime() - begin);
            var applied = PlanRun.succeeded(results);
            var unhealthy = Optional.<String>empty();
            if (applied) {
                rollback.applied();
                for (var container : engine.containers().observe()) {
                    if (container.record().spec().owner().stack().equals(stack)) {
                        health.watch(container.id());
                    }
                }
                unhealthy = new Gates(engine.containers(), health, stack, new CountDownLatch(1))
                        .awaitWell(ready.desired().services(), limits.rest())
                        .map(Gates.Unwell::why);
            }
            if (applied && unhealthy.isEmpty()) {
                images.applied(engine.containers().records());
            }
            var outcome = !applied ? Outcome.FAILED : unhealthy.isPresent() ? Outcome.UNHEALTHY : Outcome.CONVERGED;
            rollback.done(
                    ready, results, outcome, Decided.by(call), unhealthy.orElse(PlanRun.firstFailure(results)), took);
            if (!plan.isEmpty()) {
                call.world().out().println(PlanRun.summary(results, took));
            }
            call.world()
                    .out()
                    .println(Printable.text((applied ? "Stack " + stack + " is at " : "Stack " + stack + " is not at ")
                            + rollback.title() + ". It is suspended: new commits wait until 'lockstep resume " + stack
                            + "'."));
            unhealthy.ifPresent(why -> call.say("Applied, but not healthy: " + why + "."));
            return !applied ? ExitCodes.ERROR : unhealthy.isPresent() ? ExitCodes.UNHEALTHY : ExitCodes.OK;
        }
    }
}
