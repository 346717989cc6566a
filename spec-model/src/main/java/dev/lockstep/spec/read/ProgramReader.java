package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Program;
import dev.lockstep.spec.model.VariableFiles;
import dev.lockstep.spec.model.VariableFiles.EnvFile;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads what runs in a service's containers. */
final class ProgramReader {
    private static final Keys ENV_FILE = Keys.of("path required format");

    private final Surroundings surroundings;
    private final Commands commands;

    ProgramReader(Reading reading, Surroundings surroundings) {
        this.surroundings = surroundings;
        this.commands = new Commands(reading);
    }

    Program read(Attributes service) {
        return new Program(
                commands.read(service.fields(), "command"),
                commands.read(service.fields(), "entrypoint"),
                environment(service),
                new VariableFiles(envFiles(service), service.oneOrMore("label_file")),
                List.of(),
                service.text("user"),
                service.numbersOrTexts("group_add"),
                service.text("working_dir"),
                service.flag("tty"),
                service.flag("stdin_open"),
                service.choice("init"));
    }

    /** The service's own variables; one without a value takes it from the surroundings, if they have it. */
    private Map<String, Optional<String>> environment(Attributes service) {
        var environment = new LinkedHashMap<String, Optional<String>>();
        service.fields().keyValues("environment").forEach((name, value) -> {
            var inherited = value.isPresent() ? Optional.<Surroundings.Value>empty() : surroundings.variable(name);
            inherited.map(Surroundings.Value::at).ifPresent(at -> {
                var path = service.fields().path("environment") + "." + name;
                var named = service.reading().places().getOrDefault(path, SourcePosition.DEFAULT);
                service.reading().place(path, at.isDefault() ? named.via(new Step.Substituted(name, at)) : at);
            });
            environment.put(name, value.or(() -> inherited.map(Surroundings.Value::text)));
        });
        return environment;
    }

    /** None as soon as one cannot be read: the others would be told apart by a wrong number. */
    private List<EnvFile> envFiles(Attributes service) {
        var node = service.fields().node("env_file");
        if (node.isEmpty()) {
            return List.of();
        }
        var reading = service.reading();
        var path = service.fields().path("env_file");
        if (node.get() instanceof YamlMapping) {
            reading.mustBe(path, node.get(), "a path, or a list: - path: FILE");
            return List.of();
        }
        var items = node.get() instanceof YamlSequence sequence ? sequence.items() : List.of(node.get());
        var files = new ArrayList<EnvFile>();
        var wrong = false;
        for (var i = 0; i < items.size(); i++) {
            var item = items.get(i);
            var file = envFile(reading, path + "[" + i + "]", item);
            if (file.isEmpty() || (file.get().path().isEmpty() && file.get().required())) {
                wrong = true;
            } else if (!file.get().path().isEmpty()) {
                reading.place(path + "[" + files.size() + "]", item.at());
                files.add(file.get());
            }
        }
        return wrong ? List.of() : files;
    }

    private static Optional<EnvFile> envFile(Reading reading, String path, YamlNode node) {
        if (node instanceof YamlScalar) {
            return reading.text(path, node).map(file -> named(reading, path, node, new EnvFile(file, true, false)));
        }
        var fields = reading.fields(path, node.at(), node, ENV_FILE);
        if (!fields.has("path")) {
            reading.error(fields.at(), path, "has no path. Write path: FILE");
        }
        var required = fields.flag("required", true);
        var raw = fields.parsed("format", ProgramReader::isRaw).orElse(false);
        return fields.text("path").map(file -> named(reading, path, node, new EnvFile(file, required, raw)));
    }

    /** The usual reason for an empty path is a variable that is not set. */
    private static EnvFile named(Reading reading, String path, YamlNode node, EnvFile file) {
        if (file.path().isEmpty() && file.required()) {
            reading.error(node.at(), path, "is empty. Write the path of a file");
        }
        return file;
    }

    private static boolean isRaw(String format) {
        if (!format.equals("raw") && !format.isEmpty()) {
            throw new IllegalArgumentException("unsupported env_file format \"" + format + "\". There is raw");
        }
        return format.equals("raw");
    }
}
