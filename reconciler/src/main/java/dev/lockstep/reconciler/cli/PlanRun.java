package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.StepRecords;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.OperationWords;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanId;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A person's plan is carried out: progress, what Ctrl-C does, the last lines, and the entry in the stack's history. */
final class PlanRun {
    private final Invocation call;
    private final Engine engine;
    private final Plan plan;

    PlanRun(Invocation call, Engine engine, Plan plan) {
        this.call = call;
        this.engine = engine;
        this.plan = plan;
    }

    /**
     * Applies the plan and tells how that goes.
     *
     * @return one result for each step
     */
    List<StepResult> run(Function<ApplyListener, Applier> applier) throws IOException {
        var progress = new ApplyProgress(
                call.world().err(),
                call.world().clock(),
                call.world().terminals().err(),
                plan.steps().size());
        try {
            return run(progress, applier);
        } finally {
            progress.end();
        }
    }

    /** The same, told to somebody else. */
    List<StepResult> run(ApplyListener progress, Function<ApplyListener, Applier> applier) throws IOException {
        var carrying = applier.apply(progress);
        var over = new CountDownLatch(1);
        var interruption = Thread.ofPlatform().unstarted(() -> {
            carrying.cancel();
            try {
                // What is at work must come to its end: a container that is half made is somebody's trouble later.
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(interruption);
        try {
            return carrying.apply(plan);
        } finally {
            over.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(interruption);
            } catch (IllegalStateException e) {
                // The process is being ended; the hook has done its work.
            }
        }
    }

    /** Whether every step was done. */
    static boolean succeeded(List<StepResult> results) {
        return results.stream().allMatch(StepResult.Done.class::isInstance);
    }

    /** {@code Applied: 2 created, 1 replaced in 1.20 s.}, and how many failed. */
    static String summary(List<StepResult> results, Duration took) {
        var done = new LinkedHashMap<String, Integer>();
        var failed = 0;
        var skipped = 0;
        for (var result : results) {
            switch (result) {
                case StepResult.Done(var step, var unused) ->
                    done.merge(counted(OperationWords.of(step.operation()).action()), 1, Integer::sum);
                case StepResult.Failed _ -> failed++;
                case StepResult.Skipped _ -> skipped++;
            }
        }
        var parts = done.entrySet().stream()
                .map(e -> e.getValue() + " " + e.getKey())
                .collect(Collectors.joining(", "));
        return (failed + skipped == 0 ? "Applied: " : "Not everything was applied: ")
                + (parts.isEmpty() ? "nothing done" : parts)
                + (failed == 0 ? "" : ", " + failed + " failed")
                + (skipped == 0 ? "" : ", " + skipped + " not tried")
                + " in " + Spans.precise(took) + ".";
    }

    private static String counted(String action) {
        return switch (action) {
            case "pull", "start", "restart" -> action + "ed";
            default -> action + "d";
        };
    }

    /** What the host has of ours outside our own objects, and what is in our way there. */
    void tellHostChanges() throws IOException {
        var changes = engine.networks().hostChanges();
        new ToldChanges(engine.root().run())
                .untold(changes.made())
                .forEach(c -> call.say("Changed on this host: " + c + "."));
        changes.wanted().forEach(c -> call.say("Warning: " + c + "."));
        changes.overlaps().forEach(c -> call.say("Warning: " + c + "."));
        changes.listeners().forEach(c -> call.say("Warning: " + Printable.text(c) + "."));
    }

    /** When an agent will undo this, if it follows the stack. */
    void tellAgent(AgentSettings settings) throws IOException {
        var status = new StatusFiles(engine.root())
                .read(plan.stack())
                .filter(s -> !s.orphaned() && s.repository().isPresent());
        if (status.isPresent() && EngineDoor.agentRuns(engine.root())) {
            if (new Decisions(engine.root()).suspension(plan.stack()).isPresent()) {
                call.say("The agent follows stack " + plan.stack() + ", which is suspended: it stays so until"
                        + " 'lockstep resume'.");
                return;
            }
            call.say("The agent follows stack " + plan.stack() + " in "
                    + status.get().repository().orElseThrow() + " and will put it back within "
                    + Spans.round(settings.driftInterval())
                    + "; 'lockstep suspend " + plan.stack() + "' first makes it stick.");
        }
    }

    /** Adds the run to the stack's history. Where that cannot be written, what was done is done all the same. */
    void remember(List<StepResult> results, Outcome outcome, String message, Duration took) throws IOException {
        var entry = new HistoryEntry(
                        call.world().clock().instant(),
                        plan.host(),
                        engine.root().id(),
                        plan.stack(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        "command",
                        outcome,
                        results.stream().map(ApplyProgress::line).toList(),
                        message,
                        took)
                .planned(PlanId.of(plan, List.of()).text())
                .agreed(Optional.of(Decided.by(call)), List.of())
                .with(
                        StepRecords.of(results),
                        StepRecords.images(plan.stack(), engine.containers().observe()));
        try {
            new History(engine.root()).append(entry);
        } catch (IOException e) {
            // A stop on a full disk has not failed, and what went wrong with the steps is still to be told.
            call.say("Warning: this is missing in the history of stack " + plan.stack() + ": " + e.getMessage() + ".");
        }
    }

    /** The first thing that went wrong, for the history. */
    static String firstFailure(List<StepResult> results) {
        return results.stream()
                .filter(StepResult.Failed.class::isInstance)
                .map(ApplyProgress::line)
                .findFirst()
                .orElse("");
    }
}
