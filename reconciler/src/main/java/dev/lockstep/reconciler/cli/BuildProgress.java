package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.builds.BuildLines;
import dev.lockstep.runtime.build.BuildEvent;
import java.io.PrintStream;

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

    /** Says nothing. */
    static final class Silent extends BuildProgress {
        @Override
        public void happened(BuildEvent event) {}

        @Override
        public void close() {}
    }

    /** A line for everything. */
    static final class Plain extends BuildProgress {
        private final PrintStream to;
        private final BuildLines lines;

        Plain(PrintStream to) {
            this.to = to;
            this.lines = new BuildLines(to::println);
        }

        @Override
        public void happened(BuildEvent event) {
            lines.happened(event);
        }

        @Override
        public void close() {
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
