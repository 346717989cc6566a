package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.Usage;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code stats}: what running containers use, now or again and again, by Docker's formulas. */
final class StatsCommand implements Command {
    private static final long PERIOD_MILLIS = 1000;
    private static final Map<String, String> HEADINGS = Map.of(
            "ID", "CONTAINER ID",
            "CPUPerc", "CPU %",
            "MemUsage", "MEM USAGE / LIMIT",
            "MemPerc", "MEM %",
            "NetIO", "NET I/O",
            "BlockIO", "BLOCK I/O");
    private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");
    private static final MathContext FOUR_DIGITS = new MathContext(4, RoundingMode.HALF_EVEN);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Shows what containers use: of the stack that is meant, of services or containers named, or of"
                                + " all. Ends with Ctrl-C.");
        spec.addOption(Options.flag("Also those that do not run", "-a", "--all"));
        spec.addOption(Options.value("FORMAT", "table, json, a Go template, or table and a template", "--format"));
        spec.addOption(Options.flag("Only once", "--no-stream"));
        spec.addOption(Options.flag("Ids in full", "--no-trunc"));
        spec.addPositional(Options.arguments("[SERVICE|CONTAINER...]", "0..*", "Only these"));
    }

    /**
     * One line.
     *
     * @param before the reading before this one; absent: the first
     */
    private record Line(ObservedContainer container, Optional<Usage> usage, Optional<Usage> before) {
        String cpu() {
            var percent = usage.isPresent() && before.isPresent() ? usage.get().percentOfCpu(before.get()) : 0;
            return String.format(Locale.ROOT, "%.2f%%", percent);
        }

        String memory() {
            return binary(usage.map(Usage::memory).orElse(0L)) + " / "
                    + binary(usage.map(Usage::memoryLimit).orElse(0L));
        }

        String memoryPercent() {
            return String.format(
                    Locale.ROOT, "%.2f%%", usage.map(Usage::percentOfMemory).orElse(0.0));
        }

        String network() {
            return ImageLines.size(usage.map(Usage::received).orElse(0L)) + " / "
                    + ImageLines.size(usage.map(Usage::sent).orElse(0L));
        }

        String block() {
            return ImageLines.size(usage.map(Usage::read).orElse(0L)) + " / "
                    + ImageLines.size(usage.map(Usage::written).orElse(0L));
        }

        String pids() {
            return String.valueOf(usage.map(Usage::pids).orElse(0L));
        }
    }

    /** Four digits and a binary unit, as Docker shows memory. */
    static String binary(long bytes) {
        var value = BigDecimal.valueOf(bytes);
        var unit = 0;
        while (value.compareTo(BigDecimal.valueOf(1024)) >= 0 && unit < UNITS.size() - 1) {
            value = value.divide(BigDecimal.valueOf(1024), MathContext.DECIMAL64);
            unit++;
        }
        var rounded = value.round(FOUR_DIGITS);
        return (rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString()) + UNITS.get(unit);
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = RowFormat.of(call);
        var files = new ProjectFiles(call);
        var stack = files.isAny() ? Optional.of(Stack.of(call)) : Optional.<Stack>empty();
        try (var engine = EngineDoor.of(call).openForReading()) {
            containers(call, engine, stack); // says at once what is not there
            var before = new HashMap<String, Usage>();
            lines(call, engine, stack, before);
            do {
                Thread.sleep(PERIOD_MILLIS); // a rate needs two readings
                var text = print(call, format, lines(call, engine, stack, before));
                var live = call.world().terminals().out() && !call.flag("--no-stream");
                call.world().out().print((live ? "\u001b[H\u001b[2J" : "") + text);
                if (call.world().out().checkError()) {
                    return ExitCodes.OK; // nobody reads any more
                }
            } while (!call.flag("--no-stream"));
            return ExitCodes.OK;
        }
    }

    private static List<ObservedContainer> containers(Invocation call, Engine engine, Optional<Stack> stack)
            throws IOException, CommandException {
        var found = new ArrayList<ObservedContainer>();
        if (call.arguments().isEmpty()) {
            found.addAll(
                    stack.isPresent()
                            ? stack.get().containers(engine, List.of(), Stack.Which.ALL)
                            : engine.containers().observe());
        }
        for (var word : call.arguments()) {
            var container = engine.containers().find(word);
            if (container.isPresent()) {
                engine.containers().observe(container.get().id()).ifPresent(found::add);
            } else if (stack.isPresent()) {
                found.addAll(stack.get().containers(engine, List.of(word), Stack.Which.ALL));
            } else {
                throw new CommandException("No such container: " + word);
            }
        }
        found.removeIf(
                c -> !c.isRunning() && !call.flag("--all") && call.arguments().isEmpty());
        return found;
    }

    private static List<Line> lines(Invocation call, Engine engine, Optional<Stack> stack, Map<String, Usage> before)
            throws IOException, CommandException {
        var lines = new ArrayList<Line>();
        for (var container : containers(call, engine, stack)) {
            var usage = engine.containers().usage(container.id());
            var last = usage.isPresent() ? before.put(container.id(), usage.get()) : before.remove(container.id());
            lines.add(new Line(container, usage, Optional.ofNullable(last)));
        }
        return lines;
    }

    private static String print(Invocation call, RowFormat format, List<Line> lines) throws CommandException {
        if (!format.isTable()) {
            return format.lines(
                    lines.stream()
                            .map(line -> new GoTemplate.Row(json(call, line), Map.of()))
                            .toList(),
                    HEADINGS);
        }
        var table = new Table(
                GoTemplate.NARROWEST,
                "CONTAINER ID",
                "NAME",
                "CPU %",
                "MEM USAGE / LIMIT",
                "MEM %",
                "NET I/O",
                "BLOCK I/O",
                "PIDS");
        lines.forEach(l -> table.row(
                id(call, l),
                l.container().name(),
                l.cpu(),
                l.memory(),
                l.memoryPercent(),
                l.network(),
                l.block(),
                l.pids()));
        return table.toString();
    }

    private static String id(Invocation call, Line line) {
        return call.flag("--no-trunc")
                ? line.container().id()
                : line.container().record().shortId();
    }

    private static String json(Invocation call, Line line) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("BlockIO", line.block());
            json.writeStringField("CPUPerc", line.cpu());
            json.writeStringField("Container", id(call, line));
            json.writeStringField("ID", id(call, line));
            json.writeStringField("MemPerc", line.memoryPercent());
            json.writeStringField("MemUsage", line.memory());
            json.writeStringField("Name", line.container().name());
            json.writeStringField("NetIO", line.network());
            json.writeStringField("PIDs", line.pids());
            json.writeEndObject();
        });
    }
}
