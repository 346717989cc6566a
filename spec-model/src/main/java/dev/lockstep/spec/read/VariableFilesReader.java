package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.read.Surroundings.VariableFile;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts the content of {@code env_file} and {@code label_file} in their place. This comes after the selection: nobody
 * misses the files of a service that is not on.
 */
public final class VariableFilesReader {
    private final Reading reading;
    private final Surroundings surroundings;

    public VariableFilesReader(Reading reading, Surroundings surroundings) {
        this.reading = reading;
        this.surroundings = surroundings;
    }

    /** The project whose services name no file any more; what is wrong goes to the problems of the reading. */
    public Project read(Project project) {
        var services = new LinkedHashMap<String, Service>();
        for (var service : project.services().values()) {
            var none = service.program().variableFiles().isEmpty();
            services.put(service.name(), none ? service : read(service));
        }
        return project.withServices(services, new Sources(reading.places()));
    }

    private Service read(Service service) {
        var path = "services." + service.name() + ".";
        var read = new ArrayList<String>();
        var environment = variables(service, path, read);
        var labels = labels(service, path, read);
        return service.withProgram(service.program().withVariables(environment, read))
                .withIdentity(service.identity().withLabels(labels));
    }

    /** The service's own variables count more; one of them without a value hides the files' as well. */
    private Map<String, Optional<String>> variables(Service service, String path, List<String> read) {
        var own = service.program().environment();
        var named = new ArrayList<VariableFile>();
        for (var file : service.program().variableFiles().environment()) {
            var at = path + "env_file[" + named.size() + "]";
            named.add(new VariableFile("env file", at, place(at), file.path(), file.required(), file.raw()));
        }
        var merged = new LinkedHashMap<String, Optional<String>>();
        files(named, name -> own.getOrDefault(name, Optional.empty()), read).forEach((name, value) -> {
            merged.put(name, Optional.of(value.text()));
            if (!own.containsKey(name)) {
                reading.place(path + "environment." + name, value.at());
            }
        });
        merged.putAll(own);
        return merged;
    }

    private Map<String, String> labels(Service service, String path, List<String> read) {
        var own = service.identity().labels();
        var named = new ArrayList<VariableFile>();
        for (var file : service.program().variableFiles().labels()) {
            var at = path + "label_file[" + named.size() + "]";
            named.add(new VariableFile("label file", at, place(at), file, true, false));
        }
        var merged = new LinkedHashMap<String, String>();
        files(named, unused -> Optional.empty(), read).forEach((name, value) -> {
            merged.put(name, value.text());
            if (!own.containsKey(name)) {
                reading.place(path + "labels." + name, value.at());
            }
        });
        merged.putAll(own);
        return merged;
    }

    private interface Lookup {
        Optional<String> value(String name);
    }

    private Map<String, Surroundings.Value> files(List<VariableFile> named, Lookup own, List<String> read) {
        return surroundings.files(
                named,
                name -> surroundings
                        .variable(name)
                        .map(Surroundings.Value::text)
                        .or(() -> own.value(name)),
                read);
    }

    private SourcePosition place(String path) {
        return reading.places().getOrDefault(path, SourcePosition.DEFAULT);
    }
}
