package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.event.Event;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code events}: what happens to the containers of a stack, and with {@code --since} what happened. */
final class EventsCommand implements Command {
    private final By by;

    EventsCommand(By by) {
        this.by = by;
    }

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Duration LOOK = Duration.ofSeconds(10);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Shows what happens to containers from now on, in UTC; with --since also what happened. Ends at"
                                + " --until, or with Ctrl-C.");
        if (by == By.SERVICE) {
            spec.addOption(Options.flag("One JSON document a line", "--json"));
        } else {
            spec.addOption(Options.value("FORMAT", "json, or a Go template", "--format"));
        }
        spec.addOption(Options.values(
                "NAME=VALUE",
                "Only these: event=die, container=web, image=nginx, label=a, type=image",
                "-f",
                "--filter"));
        spec.addOption(Options.value("TIME", "From then on: 10m, 2026-11-24T12:00:00Z, ...", "--since"));
        spec.addOption(Options.value("TIME", "Until then", "--until"));
        if (by == By.SERVICE) {
            spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
        }
    }

    @Override
    public int run(Invocation call) throws Exception {
        var now = call.world().clock().instant();
        var since = time(call, "--since", now);
        var until = time(call, "--until", now);
        var printer = printer(call);
        var stack = by == By.SERVICE && new ProjectFiles(call).isAny()
                ? Optional.of(Stack.of(call))
                : Optional.<Stack>empty();
        try (var engine = EngineDoor.of(call).open()) {
            if (stack.isPresent()) {
                stack.get().containers(engine, call.arguments(), Stack.Which.ALL); // refuses what nobody knows
            }
            var filter = filter(call, engine, stack.map(Stack::name))
                    .and(event -> until.isEmpty() || !event.time().isAfter(until.get()));
            try (var tail = engine.events().tail(since)) {
                for (var event : tail.past()) {
                    print(call, filter, printer, event);
                }
                if (until.isPresent() && !until.get().isAfter(now)) {
                    return ExitCodes.OK;
                }
                var ends = new Ends(engine);
                engine.containers().observe().forEach(ends::watch);
                while (until.isEmpty() || call.world().clock().instant().isBefore(until.get())) {
                    if (call.world().out().checkError()) {
                        return ExitCodes.OK; // nobody reads any more
                    }
                    var left = until.map(
                                    u -> Duration.between(call.world().clock().instant(), u))
                            .filter(d -> d.compareTo(LOOK) < 0)
                            .orElse(LOOK);
                    for (var event : tail.await(left.isNegative() ? Duration.ZERO : left)) {
                        print(call, filter, printer, event);
                        if (event.action().equals("start")) {
                            engine.containers().observe(event.id()).ifPresent(ends::watch);
                        }
                    }
                }
                return ExitCodes.OK;
            }
        }
    }

    private static Optional<Instant> time(Invocation call, String option, Instant now) throws CommandException {
        var text = call.text(option);
        return text.isPresent()
                ? Optional.of(LogTime.parse(text.get(), now, ZoneId.systemDefault()))
                : Optional.empty();
    }

    /** Which events are meant. */
    private Predicate<Event> filter(Invocation call, Engine engine, Optional<String> stack)
            throws IOException, CommandException {
        var filters = EventFilters.of(engine, call.texts("--filter"));
        if (by == By.NAME) {
            return filters::take;
        }
        var services = call.arguments();
        return event -> {
            var labels = event.attributes();
            return event.type().equals("container")
                    && (stack.isEmpty() || stack.get().equals(ComposeLabels.stack(labels)))
                    && (services.isEmpty() || services.contains(ComposeLabels.service(labels)))
                    && filters.take(event);
        };
    }

    /** How an event is printed. */
    private interface Printer {
        String of(Event event) throws CommandException;
    }

    private Printer printer(Invocation call) throws CommandException {
        if (by == By.SERVICE) {
            return call.flag("--json") ? EventsCommand::json : EventsCommand::text;
        }
        var format = call.text("--format").orElse("");
        if (format.isEmpty()) {
            return DockerEvents::text;
        } else if (format.equals("json")) {
            return DockerEvents::json;
        }
        var template = GoTemplate.parse(format);
        return event -> template.lines(List.of(DockerEvents.fields(event)), Map.of());
    }

    private static void print(Invocation call, Predicate<Event> filter, Printer printer, Event event)
            throws CommandException {
        if (filter.test(event)) {
            call.world().out().print(printer.of(event));
            call.world().out().flush();
        }
    }

    /** Compose's own labels are no news. */
    private static Map<String, String> attributes(Event event) {
        var attributes = new TreeMap<>(event.attributes());
        attributes.keySet().removeIf(key -> key.startsWith(ComposeLabels.PREFIX));
        return attributes;
    }

    static String text(Event event) {
        return TIME.format(event.time()) + " " + event.type() + " " + Printable.text(event.action()) + " " + event.id()
                + attributes(event).entrySet().stream()
                        .map(e -> Printable.text(e.getKey() + "=" + e.getValue()))
                        .collect(Collectors.joining(", ", " (", ")"))
                + "\n";
    }

    static String json(Event event) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("action", event.action());
            json.writeObjectFieldStart("attributes");
            for (var attribute : attributes(event).entrySet()) {
                json.writeStringField(attribute.getKey(), attribute.getValue());
            }
            json.writeEndObject();
            json.writeStringField("id", event.id());
            json.writeStringField("service", ComposeLabels.service(event.attributes()));
            json.writeStringField("time", LogPrinter.time(event.time()));
            json.writeStringField("type", event.type());
            json.writeEndObject();
        });
    }
}
