package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
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
                        "Exit codes: 0 converged, 1 error, 3 applied but unhealthy, 5 refused.");
        spec.addOption(Options.flag("Do not ask", "-y", "--yes"));
        spec.addOption(Options.flag("Show the plan and change nothing", "--dry-run"));
        spec.addOption(Options.flag("Wait until everything runs and is healthy", "--wait"));
        spec.addOption(Options.value("TIME", "How long --wait waits (default: for ever)", "--wait-timeout"));
        spec.addOption(Options.value(
                "TIME", "How long to wait for another apply of the stack (default 60)", "--lock-timeout"));
        PlanCommand.addChoices(spec);
    }

    @Override
    public int run(Invocation call) throws Exception {
        var waitTimeout = call.duration("--wait-timeout");
        var lockTimeout = call.duration("--lock-timeout").orElse(LOCK_TIMEOUT);
        var door = EngineDoor.of(call);
        HostSettings.tellKeys(call, door.settings());
        var files = new ProjectFiles(call);
        // Wrong files are told before anything of the host is touched.
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return ExitCodes.ERROR;
        }
        if (call.dryRun()) {
            try (var engine = door.openForReading()) {
                var deployment =
                        new Deployment(engine, door.host(), door.settings().images(), door.secrets());
                return dryRun(call, deployment.plan(files.source(), PlanCommand.choices(call)));
            }
        }
        try (var engine = door.open()) {
            var deployment = new Deployment(engine, door.host(), door.settings().images(), door.secrets());
            var stack = loaded.get().project().name();
            try (var _ = StackLock.take(
                    engine.root(),
                    stack,
                    lockTimeout,
                    holder -> call.say("Waiting for " + holder + ", which changes stack " + stack + "."))) {
                DamagedContainers.repair(call, engine);
                return switch (deployment.plan(files.source(), PlanCommand.choices(call))) {
                    case Planned.Invalid invalid -> {
                        ProjectFiles.tell(invalid.errors(), call.world().err());
                        yield ExitCodes.ERROR;
                    }
                    case Planned.Ready ready -> apply(call, door, engine, ready, waitTimeout);
                };
            }
        }
    }

    private static int dryRun(Invocation call, Planned planned) {
        return switch (planned) {
            case Planned.Invalid invalid -> {
                ProjectFiles.tell(invalid.errors(), call.world().err());
                yield ExitCodes.ERROR;
            }
            case Planned.Ready ready -> {
                print(call, ready.plan());
                yield verdict(ready.plan()).orElse(ExitCodes.OK);
            }
        };
    }

    private int apply(
            Invocation call, EngineDoor door, Engine engine, Planned.Ready ready, Optional<Duration> waitTimeout)
            throws IOException, InterruptedException, CommandException {
        var plan = ready.plan();
        ProjectFiles.tellWarnings(ready.images().notes(), call.world().err());
        print(call, plan);
        var verdict = verdict(plan);
        if (verdict.isPresent()) {
            return verdict.get();
        }
        if (!plan.isEmpty() && !agreed(call)) {
            call.say("Nothing was changed.");
            return ExitCodes.ERROR;
        }
        var images = new StackImages(engine.images().roots(), ready.desired().stack());
        images.want(ready.desired());
        var run = new PlanRun(call, engine, plan);
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var begin = System.nanoTime();
            var results = plan.isEmpty()
                    ? List.<StepResult>of()
                    : run.run(listener -> new Applier(engine, health, ready.beforeStart(), listener));
            var took = Duration.ofNanos(System.nanoTime() - begin);
            var applied = PlanRun.succeeded(results);
            var unhealthy = applied && call.flag("--wait")
                    ? unhealthy(engine, health, ready, waitTimeout)
                    : Optional.<String>empty();
            if (applied && unhealthy.isEmpty()) {
                images.applied(engine.containers().observe());
            }
            if (!plan.isEmpty()) {
                call.world().out().println(PlanRun.summary(results, took));
                call.world().out().flush();
                var outcome = !applied ? Outcome.FAILED : unhealthy.isPresent() ? Outcome.UNHEALTHY : Outcome.CONVERGED;
                run.remember(results, outcome, unhealthy.orElse(PlanRun.firstFailure(results)), took);
                run.tellHostChanges();
                run.tellAgent(door.settings());
            }
            unhealthy.ifPresent(why -> call.say("Applied, but not healthy: " + why + "."));
            if (applied && !plan.isEmpty() && !EngineDoor.agentRuns(engine.root())) {
                call.say(
                        "No agent runs on this host: from now on nobody runs health checks, follows a Git repository or"
                                + " starts containers after a reboot; 'lockstep agent' does.");
            }
            return !applied ? ExitCodes.ERROR : unhealthy.isPresent() ? ExitCodes.UNHEALTHY : ExitCodes.OK;
        }
    }

    private static Optional<String> unhealthy(
            Engine engine, HealthMonitor health, Planned.Ready ready, Optional<Duration> timeout)
            throws IOException, InterruptedException {
        var stack = ready.desired().stack();
        for (var container : engine.containers().observe()) {
            // Those that this apply did not start need somebody who probes them, too.
            if (container.record().spec().owner().stack().equals(stack)) {
                health.watch(container.id());
            }
        }
        var services =
                ready.desired().services().stream().map(DesiredService::name).toList();
        return new Gates(engine.containers(), health, stack, new CountDownLatch(1)).awaitHealthy(services, timeout);
    }

    private static void print(Invocation call, Plan plan) {
        call.world()
                .out()
                .print(new PlanText(call.world().colour(call.world().terminals().out())).print(plan));
        call.world().out().flush();
    }

    /** Why the plan is not applied, as an exit code; the plan has said it in words. */
    private static Optional<Integer> verdict(Plan plan) {
        if (!plan.problems().isEmpty()) {
            return Optional.of(ExitCodes.ERROR);
        }
        return plan.refusals().isEmpty() ? Optional.empty() : Optional.of(ExitCodes.REFUSED);
    }

    private static boolean agreed(Invocation call) throws IOException, CommandException {
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
