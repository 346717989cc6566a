package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Develop;
import dev.lockstep.spec.model.Hook;
import dev.lockstep.spec.model.Watch;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.Optional;
import java.util.function.Function;

/** Reads {@code develop}. */
final class DevelopReader {
    private static final Keys DEVELOP = Keys.of("watch");
    private static final Keys WATCH = Keys.of("path action target exec include ignore initial_sync");
    private static final Function<String, Watch.Action> ACTION =
            Words.oneOf(Watch.Action.values(), Watch.Action::word, "an action");

    private final Reading reading;
    private final HostPaths paths;
    private final Lists lists;
    private final HookReader hooks;

    DevelopReader(Reading reading, HostPaths paths) {
        this.reading = reading;
        this.paths = paths;
        this.lists = new Lists(reading);
        this.hooks = new HookReader(reading);
    }

    Optional<Develop> read(Fields service) {
        return service.node("develop").map(node -> {
            var fields = service.fields("develop", DEVELOP);
            return new Develop(lists.each(fields, "watch", this::watch));
        });
    }

    private Optional<Watch> watch(String at, YamlNode node) {
        var fields = reading.fields(at, node.at(), node, WATCH);
        var path = fields.parsed("path", paths::file);
        if (!fields.has("path")) {
            reading.error(fields.at(), at, "has no path. Write the directory to watch: path: ./src");
        }
        var action = fields.parsed("action", ACTION);
        if (!fields.has("action")) {
            reading.error(fields.at(), at, "has no action. Write action: rebuild, sync or another");
        }
        var target = Values.text(fields, "target");
        if (action.filter(Watch.Action::copies).isPresent() && !fields.has("target")) {
            reading.error(
                    fields.at(), at, "has no target. Write where files go in the container: target: /usr/src/app");
        }
        var exec = fields.node("exec")
                .flatMap(n -> hooks.hook(fields.path("exec"), n))
                .filter(hook -> !hook.equals(Hook.NOTHING));
        var include = lists.oneOrMany(fields, "include");
        var ignore = lists.oneOrMany(fields, "ignore");
        var initialSync = fields.flag("initial_sync", false);
        return path.isEmpty() || action.isEmpty()
                ? Optional.empty()
                : Optional.of(new Watch(path.get(), action.get(), target, exec, include, ignore, initialSync));
    }
}
