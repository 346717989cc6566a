package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.Optional;

/** Reads one service of the merged files. */
public final class ServiceReader {
    private final Reading reading;
    private final NestedReaders nested;
    private final ImageReader image;
    private final IdentityReader identity = new IdentityReader();
    private final ProgramReader program;
    private final IsolationReader isolation;
    private final LimitsReader limits;
    private final NetworkingReader networking;
    private final StorageReader storage;
    private final LifecycleReader lifecycle;
    private final ExtensionReader extensions;

    /** @param home what {@code ~} stands for */
    public ServiceReader(Reading reading, Surroundings surroundings, Optional<String> home) {
        this.reading = reading;
        this.nested = NestedReaders.of(reading, surroundings, home);
        this.image = new ImageReader(nested);
        this.program = new ProgramReader(reading, surroundings);
        this.isolation = new IsolationReader(nested);
        this.limits = new LimitsReader(reading, nested);
        this.networking = new NetworkingReader(nested);
        this.storage = new StorageReader(reading, nested);
        this.lifecycle = new LifecycleReader(nested);
        this.extensions = new ExtensionReader(reading);
    }

    Service read(String name, SourcePosition at, YamlNode node) {
        var path = "services." + name;
        if (Reading.isNull(node)) {
            reading.error(at, path, "must be a mapping, not nothing");
        }
        var fields = reading.fields(path, at, node, ComposeKeys.SERVICE);
        var service = new Attributes(reading, fields);
        var shared = isolation.read(service);
        var reached = networking.read(service);
        var stored = storage.read(service);
        return new Service(
                name,
                image.read(service),
                identity.read(service),
                program.read(service),
                shared,
                isolation.devices(service),
                limits.read(service),
                reached,
                stored,
                lifecycle.read(service, shared, reached, stored),
                nested.settings().logging(fields),
                nested.develop().read(fields),
                nested.settings().models(fields),
                nested.settings().provider(fields),
                extensions.ofService(fields));
    }
}
