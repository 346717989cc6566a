package dev.lockstep.spec.read;

import dev.lockstep.spec.yaml.Reading;
import java.util.Optional;

/** The readers of a service's blocks, each for its own key. */
record NestedReaders(
        PortReader ports,
        MountReader mounts,
        AttachmentReader networks,
        DependencyReader dependencies,
        GrantReader grants,
        BuildReader build,
        DeployReader deploy,
        HealthCheckReader healthCheck,
        HookReader hooks,
        DevelopReader develop,
        DeviceReader devices,
        BlockIoReader blockIo,
        UlimitReader ulimits,
        ExtraHostReader extraHosts,
        SettingsReader settings) {
    static NestedReaders of(Reading reading, Surroundings surroundings, Optional<String> home) {
        var paths = new HostPaths(home);
        return new NestedReaders(
                new PortReader(reading),
                new MountReader(reading, paths),
                new AttachmentReader(reading),
                new DependencyReader(reading),
                new GrantReader(reading),
                new BuildReader(reading, surroundings, paths),
                new DeployReader(reading),
                new HealthCheckReader(reading),
                new HookReader(reading),
                new DevelopReader(reading, paths),
                new DeviceReader(reading),
                new BlockIoReader(reading),
                new UlimitReader(reading),
                new ExtraHostReader(reading),
                new SettingsReader(reading));
    }
}
