package dev.lockstep.runtime.container;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.store.Owner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A spec in the making: what a test does not name is not asked for. */
final class Wish {
    private final String name;
    private final Digest image;
    private Optional<List<String>> entrypoint = Optional.empty();
    private Optional<List<String>> command = Optional.empty();
    private final Map<String, Optional<String>> environment = new LinkedHashMap<>();
    private Optional<String> user = Optional.empty();
    private Optional<String> workingDir = Optional.empty();
    private Optional<String> hostname = Optional.empty();
    private final Map<String, String> labels = new LinkedHashMap<>();
    private final List<MountSpec> mounts = new ArrayList<>();
    private final List<AttachmentSpec> networks = new ArrayList<>();
    private final List<PublishedPort> ports = new ArrayList<>();
    private Resources resources = Resources.UNLIMITED;
    private RestartPolicy restart = RestartPolicy.NONE;
    private Optional<HealthCheck> health = Optional.empty();
    private Optional<String> stopSignal = Optional.empty();
    private Optional<Duration> grace = Optional.empty();
    private boolean loose;
    private ContainerOptions options = ContainerOptions.NONE;

    Wish(String name, Digest image) {
        this.name = name;
        this.image = image;
    }

    Wish run(String... args) {
        command = Optional.of(List.of(args));
        return this;
    }

    /** Runs a line of shell. */
    Wish shell(String script) {
        return run("sh", "-c", script);
    }

    Wish entrypoint(String... args) {
        entrypoint = Optional.of(List.of(args));
        return this;
    }

    Wish environment(String variable, String value) {
        environment.put(variable, Optional.of(value));
        return this;
    }

    Wish user(String who) {
        user = Optional.of(who);
        return this;
    }

    Wish workingDir(String path) {
        workingDir = Optional.of(path);
        return this;
    }

    Wish hostname(String host) {
        hostname = Optional.of(host);
        return this;
    }

    Wish label(String key, String value) {
        labels.put(key, value);
        return this;
    }

    Wish mount(MountSpec mount) {
        mounts.add(mount);
        return this;
    }

    Wish network(AttachmentSpec attachment) {
        networks.add(attachment);
        return this;
    }

    Wish port(PublishedPort port) {
        ports.add(port);
        return this;
    }

    Wish resources(Resources limits) {
        resources = limits;
        return this;
    }

    Wish memory(long bytes) {
        return resources(new Resources(Optional.empty(), Optional.of(bytes), Optional.empty(), Optional.empty()));
    }

    Wish restart(RestartPolicy.Condition condition) {
        return restart(new RestartPolicy(condition, 0, true));
    }

    Wish restart(RestartPolicy policy) {
        restart = policy;
        return this;
    }

    Wish health(HealthCheck check) {
        health = Optional.of(check);
        return this;
    }

    Wish stopSignal(String signal) {
        stopSignal = Optional.of(signal);
        return this;
    }

    Wish grace(Duration patience) {
        grace = Optional.of(patience);
        return this;
    }

    Wish with(UnaryOperator<ContainerOptions> change) {
        options = change.apply(options);
        return this;
    }

    Wish with(Isolation isolation) {
        return with(o -> o.with(isolation));
    }

    Wish privileged() {
        return with(isolation(true, false));
    }

    Wish readOnly() {
        return with(isolation(false, true));
    }

    private static Isolation isolation(boolean privileged, boolean readOnly) {
        return new Isolation(
                privileged,
                readOnly,
                List.of(),
                List.of(),
                SecurityOptions.NONE,
                Namespaces.NONE,
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    Wish with(Namespaces namespaces) {
        return with(o -> o.with(o.isolation().with(namespaces)));
    }

    Wish with(ProcessOptions process) {
        return with(o -> o.with(process));
    }

    Wish with(Naming naming) {
        return with(o -> o.with(naming));
    }

    Wish with(DeviceOptions devices) {
        return with(o -> o.with(devices));
    }

    Wish with(StorageOptions storage) {
        return with(o -> o.with(storage));
    }

    Wish with(Hooks hooks) {
        return with(o -> o.with(hooks));
    }

    /** It fills no place of a service. */
    Wish loose() {
        loose = true;
        return this;
    }

    ContainerSpec spec() {
        return new ContainerSpec(
                name,
                new Owner("test-host", "test", Optional.empty()),
                loose ? "" : name,
                1,
                ImageReference.parse("test/busybox:1"),
                image,
                entrypoint,
                command,
                environment,
                user,
                workingDir,
                hostname,
                labels,
                mounts,
                networks,
                ports,
                resources,
                restart,
                health,
                stopSignal,
                grace,
                options);
    }
}
