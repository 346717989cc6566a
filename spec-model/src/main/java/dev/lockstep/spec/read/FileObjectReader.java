package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Config;
import dev.lockstep.spec.model.FileContent;
import dev.lockstep.spec.model.Secret;
import dev.lockstep.spec.model.Sensitive;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;

/** Reads the top-level {@code secrets} and {@code configs}. */
final class FileObjectReader {
    private static final Keys SECRET =
            Keys.of("name environment file external labels driver driver_opts template_driver");
    private static final Keys CONFIG = Keys.of("name content environment file external labels template_driver");
    private static final List<String> SECRET_SOURCES = List.of("file", "environment");
    private static final List<String> CONFIG_SOURCES = List.of("file", "environment", "content");

    private final Reading reading;
    private final Surroundings surroundings;
    private final HostPaths paths;
    private final Lists lists;
    private final String projectName;

    FileObjectReader(Reading reading, Surroundings surroundings, HostPaths paths, String projectName) {
        this.reading = reading;
        this.surroundings = surroundings;
        this.paths = paths;
        this.lists = new Lists(reading);
        this.projectName = projectName;
    }

    Secret secret(String key, SourcePosition at, YamlNode node) {
        var fields = reading.fields("secrets." + key, at, node, SECRET);
        var external = External.read(reading, fields, key, projectName);
        external.warnOf(
                reading, fields, "secret", "file", "environment", "labels", "driver", "driver_opts", "template_driver");
        return new Secret(
                key,
                external.name(),
                content(fields, external, SECRET_SOURCES),
                Values.labels(fields),
                Values.text(fields, "driver"),
                lists.options(fields, "driver_opts"),
                Values.text(fields, "template_driver"));
    }

    Config config(String key, SourcePosition at, YamlNode node) {
        var fields = reading.fields("configs." + key, at, node, CONFIG);
        var external = External.read(reading, fields, key, projectName);
        external.warnOf(reading, fields, "config", "file", "environment", "content", "labels", "template_driver");
        return new Config(
                key,
                external.name(),
                content(fields, external, CONFIG_SOURCES),
                Values.labels(fields),
                Values.text(fields, "template_driver"));
    }

    private FileContent content(Fields fields, External external, List<String> sources) {
        var given = new ArrayList<String>();
        sources.stream().filter(fields::has).forEach(given::add);
        if (given.size() > 1) {
            reading.error(
                    fields.at(given.get(1)),
                    fields.path(),
                    String.join("|", sources) + " attributes are mutually exclusive. Write only one of "
                            + String.join(" and ", given));
        }
        if (external.present()) {
            return new FileContent.External();
        }
        if (given.isEmpty()) {
            if (!fields.has("driver")) {
                reading.error(
                        fields.at(),
                        fields.path(),
                        "one of " + String.join("|", sources) + " must be set, or external: true");
            }
            return new FileContent.Unsaid();
        }
        return switch (given.getFirst()) {
            case "file" ->
                fields.parsed("file", paths::file)
                        .<FileContent>map(FileContent.File::new)
                        .orElseGet(FileContent.Unsaid::new);
            case "environment" ->
                fields.text("environment")
                        .<FileContent>map(name -> variable(fields.path("environment"), name))
                        .orElseGet(FileContent.Unsaid::new);
            default ->
                fields.text("content").<FileContent>map(FileContent.Inline::new).orElseGet(FileContent.Unsaid::new);
        };
    }

    private FileContent variable(String path, String name) {
        return new FileContent.Variable(
                name, surroundings.content(path, name).map(value -> new Sensitive(value.text())));
    }
}
