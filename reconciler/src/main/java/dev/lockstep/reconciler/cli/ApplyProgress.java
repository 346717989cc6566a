package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.plan.OperationWords;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells how applying goes on: one line for each step that is over, and on a terminal one more below them, written over
 * again and again, that says what is being done.
 */
final class ApplyProgress implements ApplyListener {
    private static final int WIDTH = 100;

    private final PrintStream to;
    private final InstantSource clock;
    private final boolean live;
    private final int steps;
    private final Map<String, String> underWay = new LinkedHashMap<>();
    private int over;

    /**
     * @param live whether {@code to} is a terminal
     * @param steps how many there are in all
     */
    ApplyProgress(PrintStream to, InstantSource clock, boolean live, int steps) {
        this.to = to;
        this.clock = clock;
        this.live = live;
        this.steps = steps;
    }

    @Override
    public synchronized void started(Step step) {
        underWay.put(step.id(), step.operation().name());
        redraw();
    }

    @Override
    public synchronized void waiting(Step step, String what) {
        underWay.put(step.id(), step.operation().name() + " waits for " + what);
        if (live) {
            redraw();
        } else {
            print("  container " + step.operation().name() + " waits for " + what);
        }
    }

    @Override
    public synchronized void finished(StepResult result) {
        over++;
        underWay.remove(result.step().id());
        print(line(result));
        redraw();
    }

    @Override
    public Progress pulling(ImageReference image) {
        if (!live) {
            return LayerProgress.plain(clock, "  image " + image.familiar() + ": ", line -> {
                synchronized (this) {
                    print(line);
                }
            });
        }
        var transfers = new Transfers();
        return (step, content, done, total) -> {
            synchronized (this) {
                transfers.report(step, content, done, total, clock.instant());
                underWay.put("image/" + image.familiar(), image.familiar() + " " + transfers.summary());
                redraw();
            }
        };
    }

    /** Takes the live line away. */
    synchronized void end() {
        underWay.clear();
        if (live) {
            to.print("\r\u001b[K");
            to.flush();
        }
    }

    static String line(StepResult result) {
        var words = OperationWords.of(result.step().operation());
        var what = words.kind() + " " + result.step().operation().name();
        return switch (result) {
            case StepResult.Done(var unused, var took) ->
                words.symbol() + " " + what + " " + words.done() + " " + Spans.precise(took);
            case StepResult.Failed(var unused, var why) -> "! " + what + " failed: " + why;
            case StepResult.Skipped(var _, var _, var why) -> "! " + what + " was not tried, " + why;
        };
    }

    private void print(String line) {
        to.println((live ? "\r\u001b[K" : "") + Printable.text(line));
    }

    private void redraw() {
        if (live && !underWay.isEmpty()) {
            var text = over + "/" + steps + " " + String.join(", ", underWay.values());
            var end = text.offsetByCodePoints(0, Math.min(WIDTH, text.codePointCount(0, text.length())));
            to.print("\r\u001b[K" + Printable.text(text.substring(0, end)));
            to.flush();
        }
    }
}
