package dev.lockstep.runtime.container;

import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.volume.Volumes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;

/**
 * What containers are put together from. The lazy ones are asked for when a container needs them: looking at containers
 * must load no netlink, no nftables and no images.
 */
public record ContainerRooms(
        Root root,
        ContainerImages images,
        Volumes volumes,
        Lazy<Networks> networks,
        Lazy<Path> conmon,
        Lazy<OciRuntime> runtime,
        Lazy<SeccompProfile> seccomp,
        InstantSource clock,
        FailPoint failPoint) {
    /** What happens to containers is told there. */
    ContainerEvents events() {
        return new ContainerEvents(new EventLog(root), clock);
    }

    /** Something that is made or found when it is first needed. */
    @FunctionalInterface
    public interface Lazy<T> {
        /** The same each time; an exception says what is missing and which package brings it. */
        T get() throws IOException;
    }
}
