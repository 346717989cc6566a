package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Hook;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/** Reads {@code post_start}, {@code pre_stop}, {@code pre_start} and the commands of {@code develop}. */
final class HookReader {
    private static final Keys HOOK =
            Keys.of("command user privileged working_dir environment").mayBeNothing("command");
    private static final Keys PRE_START = Keys.of("command user privileged working_dir environment image per_replica")
            .mayBeNothing("command");

    private final Reading reading;
    private final Lists lists;
    private final Commands commands;

    HookReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
        this.commands = new Commands(reading);
    }

    /** Hooks in a container that runs. */
    List<Hook> hooks(Fields service, String key) {
        return lists.each(service, key, this::hook);
    }

    /** Hooks in a container of their own, before the service's. */
    List<Hook> preStart(Fields service) {
        return lists.each(
                service,
                "pre_start",
                (path, node) -> fields(path, node, PRE_START).map(this::hook));
    }

    /** One command in a container that runs. */
    Optional<Hook> hook(String path, YamlNode node) {
        return fields(path, node, HOOK).map(fields -> {
            if (fields.written("command").isEmpty()) {
                reading.error(fields.at(), path, "has no command. Write command: [PROGRAM, ARGUMENT]");
            }
            return hook(fields);
        });
    }

    private Optional<Fields> fields(String path, YamlNode node, Keys keys) {
        if (node instanceof YamlMapping) {
            return Optional.of(reading.fields(path, node.at(), node, keys));
        }
        reading.mustBe(path, node, "a mapping with a command");
        return Optional.empty();
    }

    private Hook hook(Fields fields) {
        return new Hook(
                commands.read(fields, "command"),
                fields.text("user"),
                fields.flag("privileged", false),
                fields.text("working_dir"),
                fields.keyValues("environment"),
                fields.text("image"),
                fields.flag("per_replica", false));
    }
}
