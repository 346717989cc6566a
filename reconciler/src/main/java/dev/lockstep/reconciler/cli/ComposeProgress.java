package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;

/** Tells how a plan is carried out in the lines of docker compose: {@code Container shop-web-1 Started}. */
final class ComposeProgress implements ApplyListener {
    /** Back to the line's begin, and away with what stands there (ECMA-48: EL). */
    private static final String CLEAR = "\r\u001b[K";

    private final PrintStream to;
    private final InstantSource clock;
    private final boolean live;
    private final String before;

    /**
     * @param live whether a line below the others, written over again and again, says how far pulls are
     * @param before each line
     */
    private ComposeProgress(PrintStream to, InstantSource clock, boolean live, String before) {
        this.to = to;
        this.clock = clock;
        this.live = live;
        this.before = before;
    }

    /** To the standard error stream of a command; bytes are told on a terminal only, and not when that is unwanted. */
    static ComposeProgress of(Invocation call) {
        var world = call.world();
        var live = world.terminals().err() && !call.flag("--quiet") && !call.flag("--quiet-pull");
        var quiet = call.globals().progress().filter("quiet"::equals).isPresent();
        return new ComposeProgress(
                quiet ? new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8) : world.err(),
                world.clock(),
                live && !call.dryRun(),
                call.dryRun() ? "DRY-RUN MODE -  " : "");
    }

    /**
     * What is said of one operation.
     *
     * @param begun while it goes on; {@code Error while} stands before it when it fails
     * @param done afterwards
     */
    private record Words(String begun, String done) {}

    private static Words words(Operation operation) {
        return switch (operation) {
            case Operation.BuildImage _ -> new Words("Building", "Built");
            case Operation.PullImage _ -> new Words("Pulling", "Pulled");
            case Operation.CreateNetwork _, Operation.CreateVolume _ -> new Words("Creating", "Created");
            case Operation.UpdateNetwork _,
                    Operation.RepairNetwork _,
                    Operation.ReplaceNetwork _,
                    Operation.UpdateVolume _,
                    Operation.UpdateContainer _ -> new Words("Updating", "Updated");
            case Operation.RemoveNetwork _, Operation.RemoveVolume _, Operation.RemoveContainer _ ->
                new Words("Removing", "Removed");
            case Operation.CreateContainer create -> new Words("Creating", create.started() ? "Started" : "Created");
            case Operation.ReplaceContainer replace ->
                new Words("Recreate", replace.started() ? "Started" : "Recreated");
            case Operation.StartContainer _ -> new Words("Starting", "Started");
            case Operation.RestartContainer _ -> new Words("Restarting", "Started");
            case Operation.StopContainer _ -> new Words("Stopping", "Stopped");
        };
    }

    private static String subject(Operation operation) {
        return switch (operation) {
            case Operation.OnImage _ -> "Image " + operation.name();
            case Operation.OnNetwork _ -> "Network " + operation.name();
            case Operation.OnVolume _ -> "Volume \"" + operation.name() + "\"";
            case Operation.OnContainer _ -> "Container " + operation.name();
        };
    }

    @Override
    public void started(Step step) {
        line(subject(step.operation()), words(step.operation()).begun());
    }

    @Override
    public void waiting(Step step, String what) {
        line(subject(step.operation()), "Waiting for " + what);
    }

    @Override
    public void finished(StepResult result) {
        var operation = result.step().operation();
        switch (result) {
            case StepResult.Done _ -> line(subject(operation), words(operation).done());
            case StepResult.Failed _ ->
                line(subject(operation), "Error while " + words(operation).begun());
            case StepResult.Skipped(var _, var _, var why) -> line(subject(operation), "Skipped " + why);
        }
    }

    @Override
    public Progress pulling(ImageReference image) {
        if (!live) {
            return Progress.NONE;
        }
        var transfers = new Transfers();
        return (step, content, done, total) -> {
            synchronized (this) {
                transfers.report(step, content, done, total, clock.instant());
                to.print(CLEAR + " " + Printable.text(image.familiar()) + "  " + transfers.summary());
                to.flush();
            }
        };
    }

    /** One line; several threads say some. */
    synchronized void line(String subject, String what) {
        to.println((live ? CLEAR : "") + " " + before + Printable.text(subject) + "  " + Printable.text(what));
    }
}
