package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code events}: what happens to the containers of a stack, and with {@code --since} what happened. */
final class EventsCommand implements Command {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Duration LOOK = Duration.ofSeconds(10);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Shows what happens to containers from now on, in UTC; with --since also what happened. Ends at"
                                + " --until, or with Ctrl-C.");
        spec.addOption(Options.flag("One JSON document a line", "--json"));
        spec.addOption(Options.value("TIME", "From then on: 10m, 2026-11-24T12:00:00Z, ...", "--since"));
        spec.addOption(Options.value("TIME", "Until then", "--until"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var now = call.world().clock().instant();
        var since = time(call, "--since", now);
        var until = time(call, "--until", now);
        var files = new ProjectFiles(call);
        var stack = files.isAny() ? Optional.of(Stack.of(call)) : Optional.<Stack>empty();
        try (var engine = EngineDoor.of(call).open()) {
            if (stack.isPresent()) {
                stack.get().containers(engine, call.arguments(), Stack.Which.ALL); // refuses what nobody knows
            }
            var filter = new Filter(stack.map(Stack::name), call.arguments());
            try (var tail = engine.events().tail()) {
                if (since.isPresent()) {
                    for (var event : engine.events().between(since, Optional.of(until.orElse(now)))) {
                        print(call, filter, event);
                    }
                }
                if (until.isPresent() && !until.get().isAfter(now)) {
                    return ExitCodes.OK;
                }
                var ends = new Ends(engine);
                engine.containers().observe().forEach(ends::watch);
                while (until.isEmpty() || call.world().clock().instant().isBefore(until.get())) {
                    var left = until.map(
                                    u -> Duration.between(call.world().clock().instant(), u))
                            .filter(d -> d.compareTo(LOOK) < 0)
                            .orElse(LOOK);
                    for (var event : tail.await(left.isNegative() ? Duration.ZERO : left)) {
                        print(call, filter, event);
                        if (event.action().equals("start")) {
                            engine.containers().observe(event.id()).ifPresent(ends::watch);
                        }
                    }
                    if (call.world().out().checkError()) {
                        return ExitCodes.OK; // nobody reads any more
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

    /**
     * An end becomes an event when somebody puts it away. Where no agent runs, whoever asks for events does: else the
     * end of a container without a restart policy would be told by the next command.
     */
    private record Ends(Engine engine, Set<String> watched) {
        Ends(Engine engine) {
            this(engine, ConcurrentHashMap.newKeySet());
        }

        void watch(ObservedContainer container) {
            if (container.isRunning() && watched.add(container.id())) {
                Thread.ofPlatform().daemon().name("end-of-" + container.name()).start(() -> {
                    try {
                        engine.containers().await(container.id());
                        watched.remove(container.id());
                        engine.containers().finishExit(container.id());
                    } catch (IOException e) {
                        watched.remove(container.id()); // removed, and that has been told
                    }
                });
            }
        }
    }

    /** Which events are meant. */
    private record Filter(Optional<String> stack, List<String> services) {
        boolean takes(Event event) {
            var labels = event.attributes();
            return event.type().equals("container")
                    && (stack.isEmpty() || stack.get().equals(ComposeLabels.stack(labels)))
                    && (services.isEmpty() || services.contains(ComposeLabels.service(labels)));
        }
    }

    private static void print(Invocation call, Filter filter, Event event) {
        if (filter.takes(event)) {
            call.world().out().print(call.flag("--json") ? json(event) : text(event));
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
