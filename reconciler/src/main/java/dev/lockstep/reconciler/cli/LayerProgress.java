package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Terminal;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Shows how far a pull or a push is: on a terminal a line for each layer, written over in place; elsewhere a plain line
 * when something begins or ends; as JSON an event a line. Shows digests and numbers, and nothing that a registry said.
 */
final class LayerProgress implements Progress, AutoCloseable {
    private static final Duration SCREEN_PAUSE = Duration.ofMillis(100);
    private static final Duration EVENT_PAUSE = Duration.ofMillis(500);
    private static final int ROWS = 24;
    private static final int COLUMNS = 80;

    /** What is done with what was reported. */
    private interface View {
        void changed(Transfers.Layer layer);

        void tick(Transfers transfers);

        void end();
    }

    private final Transfers transfers = new Transfers();
    private final InstantSource clock;
    private final Duration pause;
    private final View view;
    private Instant shown = Instant.MIN;

    private LayerProgress(InstantSource clock, Duration pause, View view) {
        this.clock = clock;
        this.pause = pause;
        this.view = view;
    }

    /** What a pull or a push does, and the digest of what it was done with. */
    interface Work {
        Digest with(Progress progress) throws Exception;
    }

    /** The option of commands that {@link #show} their work, beside {@code --quiet}. */
    static OptionSpec format() {
        return Options.value("FORMAT", "text or json: an event a line", "--format");
    }

    /**
     * Does the work, shows how far it is, and says that it is done.
     *
     * @param done as the answer begins, such as {@code Pulled}
     */
    static int show(Invocation call, String done, ImageReference reference, Work work) throws Exception {
        var out = call.world().out();
        if (call.choice("--format", "text", List.of("text", "json")).equals("text")) {
            Digest digest;
            try (var progress = onStandardError(call)) {
                digest = work.with(progress);
            }
            out.println(done + " " + reference.familiar() + " " + digest);
            return ExitCodes.OK;
        }
        Consumer<String> events = line -> {
            out.print(line);
            out.flush(); // whoever reads it wants to know now
        };
        try (var progress = call.flag("--quiet") ? silent() : json(call.world().clock(), events)) {
            var digest = work.with(progress);
            events.accept(event(done.toLowerCase(Locale.ROOT), reference, "digest", digest.toString()));
            return ExitCodes.OK;
        } catch (IOException | CommandException e) {
            events.accept(event("failed", reference, "error", Printable.text(String.valueOf(e.getMessage()))));
            throw e;
        }
    }

    private static String event(String event, ImageReference reference, String key, String value) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("event", event);
            json.writeStringField("reference", reference.familiar());
            json.writeStringField(key, value);
            json.writeEndObject();
        });
    }

    /** For people, on the standard error stream; silent when that is asked for. */
    static LayerProgress onStandardError(Invocation call) {
        var world = call.world();
        if (call.flag("--quiet") || call.flag("--quiet-pull")) {
            return silent();
        }
        return world.terminals().err()
                ? terminal(world.clock(), world.err()::print, LayerProgress::size)
                : plain(world.clock(), "", world.err()::println);
    }

    private static LayerProgress silent() {
        return new LayerProgress(InstantSource.system(), EVENT_PAUSE, new Silent());
    }

    /** A line when a layer begins or ends; {@code prefix} stands before each. */
    static LayerProgress plain(InstantSource clock, String prefix, Consumer<String> lines) {
        return new LayerProgress(clock, EVENT_PAUSE, new Plain(prefix, lines));
    }

    /** An event a line, each with its newline; at most two a second for a layer that only goes on. */
    static LayerProgress json(InstantSource clock, Consumer<String> lines) {
        return new LayerProgress(clock, EVENT_PAUSE, new JsonEvents(lines));
    }

    /** A line for each layer, as far as they fit, and one for all. */
    static LayerProgress terminal(InstantSource clock, Consumer<String> screen, Supplier<Terminal.Size> size) {
        return new LayerProgress(clock, SCREEN_PAUSE, new Screen(screen, size));
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

    @Override
    public synchronized void report(Step step, Digest content, long done, long total) {
        var now = clock.instant();
        var changed = transfers.report(step, content, done, total, now);
        changed.ifPresent(view::changed);
        if (shown.equals(Instant.MIN) || !now.isBefore(shown.plus(pause))) {
            shown = now;
            view.tick(transfers);
        }
    }

    /** Takes away what is only for the time being. */
    @Override
    public synchronized void close() {
        view.end();
    }

    private static final class Silent implements View {
        @Override
        public void changed(Transfers.Layer layer) {}

        @Override
        public void tick(Transfers transfers) {}

        @Override
        public void end() {}
    }

    private record Plain(String prefix, Consumer<String> lines) implements View {
        @Override
        public void changed(Transfers.Layer layer) {
            if (layer.phase() == Transfers.Phase.UNPACKING) {
                // It follows the download at once; that it is over is news.
                return;
            }
            lines.accept(prefix + layer.name() + " " + layer.phase().words
                    + (layer.phase().isUnderWay() ? " " + Transfers.mib(layer.total()) + " MiB" : ""));
        }

        @Override
        public void tick(Transfers transfers) {}

        @Override
        public void end() {}
    }

    private record JsonEvents(Consumer<String> lines) implements View {
        @Override
        public void changed(Transfers.Layer layer) {
            lines.accept(JsonText.line(json -> {
                json.writeStartObject();
                json.writeStringField("event", layer.phase().name().toLowerCase(Locale.ROOT));
                json.writeStringField("layer", layer.digest().toString());
                json.writeNumberField("done", layer.done());
                json.writeNumberField("total", layer.total());
                json.writeEndObject();
            }));
        }

        @Override
        public void tick(Transfers transfers) {
            transfers.layers().stream()
                    .filter(layer -> layer.phase().isUnderWay() && layer.done() > 0)
                    .forEach(this::changed);
        }

        @Override
        public void end() {}
    }

    /** Lines of a terminal that are written again and again (ECMA-48: CUU, EL, ED). */
    private static final class Screen implements View {
        private static final int BAR = 20;
        private static final int WITH_BAR = 72;

        private final Consumer<String> to;
        private final Supplier<Terminal.Size> size;
        private int drawn;

        Screen(Consumer<String> to, Supplier<Terminal.Size> size) {
            this.to = to;
            this.size = size;
        }

        @Override
        public void changed(Transfers.Layer layer) {}

        @Override
        public void tick(Transfers transfers) {
            var window = size.get();
            var lines = lines(transfers, window);
            var text = new StringBuilder(up());
            for (var line : lines) {
                // One column is left: at the last one some terminals go on to the next line.
                text.append(line, 0, Math.min(line.length(), Math.max(1, window.columns() - 1)))
                        .append("\u001b[K\n");
            }
            to.accept(text.append("\u001b[J").toString());
            drawn = lines.size();
        }

        private String up() {
            return drawn == 0 ? "\r" : "\r\u001b[" + drawn + "A";
        }

        private static List<String> lines(Transfers transfers, Terminal.Size window) {
            var layers = transfers.layers();
            // One for the sum, and the cursor's.
            var room = Math.max(1, window.rows() - 2);
            var shown = layers.size() <= room ? layers : busy(layers, room - 1);
            var lines = new ArrayList<String>();
            for (var layer : shown) {
                lines.add(line(layer, window.columns()));
            }
            if (shown.size() < layers.size()) {
                lines.add("… and " + (layers.size() - shown.size()) + " more");
            }
            lines.add(transfers.summary());
            return lines;
        }

        /** Those on which something is being done come first, in their order. */
        private static List<Transfers.Layer> busy(List<Transfers.Layer> layers, int room) {
            return Stream.concat(
                            layers.stream().filter(layer -> layer.phase().isUnderWay()),
                            layers.stream().filter(layer -> !layer.phase().isUnderWay()))
                    .limit(room)
                    .toList();
        }

        private static String line(Transfers.Layer layer, int columns) {
            var text = layer.name() + "  " + String.format("%-12s", layer.phase().words);
            if (!layer.phase().isUnderWay()) {
                return text.stripTrailing();
            }
            var share = layer.total() == 0 ? 0 : (double) layer.done() / layer.total();
            if (columns >= WITH_BAR) {
                var full = (int) (share * BAR);
                text += "[" + "=".repeat(full) + " ".repeat(BAR - full) + "]  ";
            }
            return text + Transfers.mib(layer.done()) + " of " + Transfers.mib(layer.total()) + " MiB"
                    + (layer.phase().isTransfer() ? Transfers.rate(layer.rate()) : "");
        }

        @Override
        public void end() {
            if (drawn > 0) {
                to.accept(up() + "\u001b[J");
                drawn = 0;
            }
        }
    }
}
