package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.build.BuildEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** A build as lines, each with its step's number before it. Where another step speaks, an empty line is between. */
public final class BuildLines implements BuildEvent.Listener {
    private static final double MIB = 1 << 20;

    private final Consumer<String> to;
    private final Map<Integer, String> titles = new HashMap<>();
    private final Map<Integer, Long> begun = new HashMap<>();
    private int speaker;

    /** @param to gets the lines, one at a time */
    public BuildLines(Consumer<String> to) {
        this.to = to;
    }

    /** Tabs are what programs align their output with, and harm nobody. */
    public static String printable(String text) {
        return String.join(
                "\t",
                List.of(text.split("\t", -1)).stream().map(Printable::text).toList());
    }

    /** {@code 1.2s}. */
    public static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1fs", time.toMillis() / 1000.0);
    }

    @Override
    public synchronized void happened(BuildEvent event) {
        switch (event) {
            case BuildEvent.Started(var step, var title) -> {
                titles.put(step, title);
                begun.put(step, System.nanoTime());
                line(step, "");
            }
            case BuildEvent.Done(var step, var cached, var took) ->
                line(step, cached ? "CACHED" : "DONE " + seconds(took));
            case BuildEvent.Failed(var step, var message, var _) -> line(step, "ERROR: " + message);
            case BuildEvent.Cancelled(var step) -> line(step, "CANCELED");
            case BuildEvent.Output(var step, var _, var text) -> line(step, since(step) + " " + text);
            case BuildEvent.Progressed(var step, var what, var done, var total) -> {
                if (done >= total && total > 0) {
                    line(step, String.format(Locale.ROOT, "%s %.1f MiB", what, total / MIB));
                }
            }
            case BuildEvent.Warning(var text) -> to.accept("WARN: " + Printable.text(text));
        }
    }

    private String since(int step) {
        var nanos = System.nanoTime() - begun.getOrDefault(step, System.nanoTime());
        return String.format(Locale.ROOT, "%.3f", nanos / 1e9);
    }

    private void line(int step, String text) {
        if (speaker != step) {
            if (speaker != 0) {
                to.accept("");
            }
            to.accept("#" + step + " " + Printable.text(titles.getOrDefault(step, "")));
            speaker = step;
        }
        if (!text.isEmpty()) {
            to.accept("#" + step + " " + printable(text));
        }
    }
}
