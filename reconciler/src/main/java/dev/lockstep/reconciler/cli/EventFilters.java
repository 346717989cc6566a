package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.event.Event;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What {@code --filter} of {@code docker events} picks: values of one name are alternatives, but every label must hold.
 */
record EventFilters(List<Predicate<Event>> labels, Map<String, List<Predicate<Event>>> alternatives) {
    private static final List<String> TYPES = List.of("container", "network", "volume", "image");

    EventFilters {
        labels = List.copyOf(labels);
        alternatives = Map.copyOf(alternatives);
    }

    static EventFilters of(Engine engine, List<String> texts) throws IOException, CommandException {
        var labels = new ArrayList<Predicate<Event>>();
        var alternatives = new LinkedHashMap<String, List<Predicate<Event>>>();
        for (var text : texts) {
            var equals = text.indexOf('=');
            if (equals < 0) {
                throw new CommandException("--filter takes NAME=VALUE, not \"" + Printable.text(text) + "\"");
            }
            var name = text.substring(0, equals).strip();
            var value = text.substring(equals + 1);
            if (name.equals("label")) {
                var wanted = Labels.matching(value);
                labels.add(event -> wanted.test(event.attributes()));
            } else {
                alternatives.computeIfAbsent(name, _ -> new ArrayList<>()).add(test(engine, name, value));
            }
        }
        return new EventFilters(labels, alternatives);
    }

    private static Predicate<Event> test(Engine engine, String name, String value)
            throws IOException, CommandException {
        return switch (name) {
            case "type" -> {
                if (!TYPES.contains(value)) {
                    throw new CommandException("invalid filter 'type=" + Printable.text(value) + "'; there are "
                            + String.join(", ", TYPES));
                }
                yield event -> event.type().equals(value);
            }
            // exec_start: sh -c true is an exec_start; health_status is health_status: healthy as well.
            case "event" ->
                event -> event.action().equals(value) || event.action().startsWith(value + ":");
            case "container" -> {
                var known = engine.containers().find(value).map(c -> c.id()).orElse(value);
                yield event -> event.type().equals("container")
                        && (event.id().equals(known)
                                || value.equals(event.attributes().get("name"))
                                || value.length() >= 12 && event.id().startsWith(value));
            }
            case "image" ->
                event -> event.type().equals("image") && event.id().equals(value)
                        || value.equals(event.attributes().get("image"));
            case "network", "volume" ->
                event -> event.type().equals(name)
                        && (event.id().equals(value)
                                || value.equals(event.attributes().get("name")));
            case "scope" -> _ -> value.equals("local");
            default ->
                throw new CommandException("invalid filter '" + Printable.text(name)
                        + "'; there are container, event, image, label, network, scope, type and volume");
        };
    }

    boolean take(Event event) {
        return labels.stream().allMatch(l -> l.test(event))
                && alternatives.values().stream().allMatch(any -> any.stream().anyMatch(a -> a.test(event)));
    }
}
