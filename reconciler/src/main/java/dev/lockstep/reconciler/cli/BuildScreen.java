package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.builds.BuildLines;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.build.BuildEvent;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Terminal;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The steps of a build on a terminal: a line for each, with its time, and below one that runs the last lines that it
 * wrote. It is drawn a few times a second while something runs (ECMA-48: CUU, EL, ED).
 */
final class BuildScreen implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(150);
    private static final int TAIL = 6;
    private static final int ROWS = 24;
    private static final int COLUMNS = 80;

    private enum State {
        RUNNING,
        DONE,
        CACHED,
        FAILED,
        CANCELLED
    }

    /** A step on the screen. */
    private static final class Line {
        final String title;
        final long begun = System.nanoTime();
        final Deque<String> tail = new ArrayDeque<>();
        State state = State.RUNNING;
        Duration took = Duration.ZERO;
        String note = "";

        Line(String title) {
            this.title = title;
        }

        Duration time() {
            return state == State.RUNNING ? Duration.ofNanos(System.nanoTime() - begun) : took;
        }
    }

    private final PrintStream to;
    private final long begun = System.nanoTime();
    private final Map<Integer, Line> steps = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final Thread painter;
    private int drawn;
    private boolean over;

    BuildScreen(PrintStream to) {
        this.to = to;
        this.painter = Thread.ofPlatform().daemon().name("build-screen").start(this::paint);
    }

    private synchronized void paint() {
        try {
            while (!over) {
                draw();
                wait(PAUSE.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void happened(BuildEvent event) {
        switch (event) {
            case BuildEvent.Started(var step, var title) -> steps.put(step, new Line(title));
            case BuildEvent.Done(var step, var cached, var took) -> end(step, cached ? State.CACHED : State.DONE, took);
            case BuildEvent.Failed(var step, var _, var took) -> end(step, State.FAILED, took);
            case BuildEvent.Cancelled(var step) -> end(step, State.CANCELLED, Duration.ZERO);
            case BuildEvent.Output(var step, var _, var text) -> {
                var line = steps.get(step);
                if (line != null) {
                    line.tail.addLast(text);
                    if (line.tail.size() > TAIL) {
                        line.tail.removeFirst();
                    }
                }
            }
            case BuildEvent.Progressed(var step, var what, var done, var total) -> {
                var line = steps.get(step);
                if (line != null) {
                    line.note = what + " " + Transfers.mib(done) + " of " + Transfers.mib(total) + " MiB";
                }
            }
            case BuildEvent.Warning(var text) -> warnings.add(text);
        }
    }

    private void end(int step, State state, Duration took) {
        var line = steps.get(step);
        if (line != null) {
            line.state = state;
            line.took = took;
            line.tail.clear();
        }
    }

    private void draw() {
        var window = size();
        var lines = lines(window);
        var text = new StringBuilder(drawn == 0 ? "\r" : "\r\u001b[" + drawn + "A");
        for (var line : lines) {
            text.append(line, 0, Math.min(line.length(), Math.max(1, window.columns() - 1)))
                    .append("\u001b[K\n");
        }
        to.print(text.append("\u001b[J"));
        to.flush();
        drawn = lines.size();
    }

    private List<String> lines(Terminal.Size window) {
        var ended = steps.values().stream()
                .filter(line -> line.state != State.RUNNING)
                .count();
        var all = new ArrayList<String>();
        for (var line : steps.values()) {
            var time = line.state == State.CACHED ? "" : BuildLines.seconds(line.time());
            all.add(padded(" => " + mark(line.state) + Printable.text(line.title), time, window.columns()));
            if (line.state == State.RUNNING) {
                if (!line.note.isEmpty()) {
                    all.add(" => => " + line.note);
                }
                line.tail.forEach(text -> all.add(" => => # " + Printable.text(text)));
            }
        }
        // What was done long ago scrolls away first.
        var room = Math.max(1, window.rows() - 2);
        var shown = new ArrayList<String>();
        shown.add("[+] Building " + BuildLines.seconds(Duration.ofNanos(System.nanoTime() - begun)) + " (" + ended + "/"
                + steps.size() + ")");
        shown.addAll(all.size() <= room ? all : all.subList(all.size() - room, all.size()));
        return shown;
    }

    private static String mark(State state) {
        return switch (state) {
            case RUNNING, DONE -> "";
            case CACHED -> "CACHED ";
            case FAILED -> "ERROR ";
            case CANCELLED -> "CANCELED ";
        };
    }

    private static String padded(String text, String time, int columns) {
        var room = columns - 2 - time.length();
        var cut = text.length() > room ? text.substring(0, Math.max(0, room)) : text;
        return cut + " ".repeat(Math.max(1, room - cut.length() + 1)) + time;
    }

    /** Asked each time, since windows are resized. */
    private static Terminal.Size size() {
        try {
            var terminal = Terminal.open();
            if (terminal.isPresent()) {
                try (var opened = terminal.get()) {
                    var size = opened.size();
                    return new Terminal.Size(
                            size.rows() == 0 ? ROWS : size.rows(), size.columns() == 0 ? COLUMNS : size.columns());
                }
            }
        } catch (LinuxException e) {
            // Then as terminals were always.
        }
        return new Terminal.Size(ROWS, COLUMNS);
    }

    /** Leaves the tree as it is now, and says what is probably not meant so. */
    @Override
    public void close() {
        synchronized (this) {
            over = true;
            notifyAll();
        }
        try {
            painter.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            draw();
            warnings.forEach(text -> to.println("WARN: " + Printable.text(text)));
        }
    }
}
