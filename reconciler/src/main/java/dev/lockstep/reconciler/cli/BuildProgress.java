package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.build.BuildEvent;
import java.io.PrintStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Shows how far a build is. {@link #close} shows what is still to be shown. */
abstract sealed class BuildProgress implements BuildEvent.Listener, AutoCloseable {
    @Override
    public abstract void close();

    /**
     * As {@code --progress} asks.
     *
     * @param how auto, tty, plain, quiet or rawjson
     */
    static BuildProgress of(Invocation call, String how) {
        var err = call.world().err();
        return switch (how) {
            case "quiet" -> new Silent();
            case "plain" -> new Plain(err);
            case "rawjson" -> new Json(err);
            case "tty" -> new Screen(err);
            default -> call.world().terminals().err() ? new Screen(err) : new Plain(err);
        };
    }

    /** Tabs are what programs align their output with, and harm nobody. */
    static String printable(String text) {
        return String.join(
                "\t",
                List.of(text.split("\t", -1)).stream().map(Printable::text).toList());
    }

    /** {@code 1.2s}. */
    static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1fs", time.toMillis() / 1000.0);
    }

    /** Says nothing. */
    static final class Silent extends BuildProgress {
        @Override
        public void happened(BuildEvent event) {}

        @Override
        public void close() {}
    }

    /** A line for everything, with the step's number before it. Where another step speaks, an empty line is between. */
    static final class Plain extends BuildProgress {
        private final PrintStream to;
        private final Map<Integer, String> titles = new HashMap<>();
        private final Map<Integer, Long> begun = new HashMap<>();
        private int speaker;

        Plain(PrintStream to) {
            this.to = to;
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
                        line(step, what + " " + Transfers.mib(total) + " MiB");
                    }
                }
                case BuildEvent.Warning(var text) -> to.println("WARN: " + Printable.text(text));
            }
        }

        private String since(int step) {
            var nanos = System.nanoTime() - begun.getOrDefault(step, System.nanoTime());
            return String.format(Locale.ROOT, "%.3f", nanos / 1e9);
        }

        private void line(int step, String text) {
            if (speaker != step) {
                if (speaker != 0) {
                    to.println();
                }
                to.println("#" + step + " " + Printable.text(titles.getOrDefault(step, "")));
                speaker = step;
            }
            if (!text.isEmpty()) {
                to.println("#" + step + " " + printable(text));
            }
        }

        @Override
        public synchronized void close() {
            to.flush();
        }
    }

    /** An event a line. */
    static final class Json extends BuildProgress {
        private final PrintStream to;

        Json(PrintStream to) {
            this.to = to;
        }

        @Override
        public synchronized void happened(BuildEvent event) {
            to.print(JsonText.line(json -> {
                json.writeStartObject();
                switch (event) {
                    case BuildEvent.Started(var step, var title) -> {
                        json.writeStringField("event", "started");
                        json.writeNumberField("step", step);
                        json.writeStringField("title", title);
                    }
                    case BuildEvent.Done(var step, var cached, var took) -> {
                        json.writeStringField("event", "done");
                        json.writeNumberField("step", step);
                        json.writeBooleanField("cached", cached);
                        json.writeNumberField("milliseconds", took.toMillis());
                    }
                    case BuildEvent.Failed(var step, var message, var took) -> {
                        json.writeStringField("event", "failed");
                        json.writeNumberField("step", step);
                        json.writeStringField("error", message);
                        json.writeNumberField("milliseconds", took.toMillis());
                    }
                    case BuildEvent.Cancelled(var step) -> {
                        json.writeStringField("event", "cancelled");
                        json.writeNumberField("step", step);
                    }
                    case BuildEvent.Output(var step, var error, var line) -> {
                        json.writeStringField("event", "output");
                        json.writeNumberField("step", step);
                        json.writeStringField("stream", error ? "stderr" : "stdout");
                        json.writeStringField("line", line);
                    }
                    case BuildEvent.Progressed(var step, var what, var done, var total) -> {
                        json.writeStringField("event", "progress");
                        json.writeNumberField("step", step);
                        json.writeStringField("what", what);
                        json.writeNumberField("done", done);
                        json.writeNumberField("total", total);
                    }
                    case BuildEvent.Warning(var text) -> {
                        json.writeStringField("event", "warning");
                        json.writeStringField("text", text);
                    }
                }
                json.writeEndObject();
            }));
            to.flush();
        }

        @Override
        public void close() {
            to.flush();
        }
    }

    /** A tree that is drawn again and again on a terminal. */
    static final class Screen extends BuildProgress {
        private final BuildScreen screen;

        Screen(PrintStream to) {
            this.screen = new BuildScreen(to);
        }

        @Override
        public void happened(BuildEvent event) {
            screen.happened(event);
        }

        @Override
        public void close() {
            screen.close();
        }
    }
}
