package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Data;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads the merged files as a project. */
public final class ProjectReader {
    private final Reading reading;
    private final ServiceReader services;
    private final NetworkReader networks;
    private final VolumeReader volumes;
    private final FileObjectReader fileObjects;
    private final ModelReader models;
    private final ExtensionReader extensions;
    private final String projectName;

    /**
     * @param home what {@code ~} stands for
     * @param projectName the project's, for the names of what it makes
     */
    public ProjectReader(Reading reading, Surroundings surroundings, Optional<String> home, String projectName) {
        var paths = new HostPaths(home);
        this.reading = reading;
        this.services = new ServiceReader(reading, surroundings, home);
        this.networks = new NetworkReader(reading, projectName);
        this.volumes = new VolumeReader(reading, paths, projectName);
        this.fileObjects = new FileObjectReader(reading, surroundings, paths, projectName);
        this.models = new ModelReader(reading);
        this.extensions = new ExtensionReader(reading);
        this.projectName = projectName;
    }

    /**
     * The whole project in {@code root}: every service is on, and what none of them uses is there as well. What is
     * wrong goes to the problems of the reading.
     */
    public Project read(YamlNode root) {
        var fields = reading.fields("", root.at(), root, ComposeKeys.PROJECT);
        return new Project(
                projectName,
                section(fields, "services", services::read),
                Map.of(),
                section(fields, "networks", networks::read),
                section(fields, "volumes", volumes::read),
                section(fields, "secrets", fileObjects::secret),
                section(fields, "configs", fileObjects::config),
                section(fields, "models", models::read),
                foreign(root),
                extensions.ofProject(fields),
                new Sources(reading.places()));
    }

    /** The {@code x-} keys of others, which {@code config} prints. */
    private static Map<String, Data> foreign(YamlNode root) {
        var foreign = new LinkedHashMap<String, Data>();
        if (root instanceof YamlMapping mapping) {
            mapping.entries().forEach((key, entry) -> {
                if (key.startsWith("x-") && !key.equals(ExtensionReader.KEY)) {
                    foreign.put(key, DataReader.read(entry.value()));
                }
            });
        }
        return foreign;
    }

    private interface EntryReader<T> {
        T read(String key, SourcePosition at, YamlNode node);
    }

    private <T> Map<String, T> section(Fields fields, String key, EntryReader<T> reader) {
        var read = new LinkedHashMap<String, T>();
        fields.node(key)
                .ifPresent(node -> reading.named(key, node)
                        .forEach((name, entry) -> read.put(name, reader.read(name, entry.keyAt(), entry.value()))));
        return read;
    }
}
