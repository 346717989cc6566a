package dev.lockstep.runtime.container;

import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.log.Journal;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.oci.CdiRegistry;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.volume.Volumes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;

/**
 * What containers are put together from. The lazy ones are asked for when a container needs them: looking at containers
 * must load no netlink, no nftables and no images.
 *
 * @param runtime what starts containers that ask for none
 * @param journal of the host, for containers that write there
 * @param init a static program for process 1 of containers that ask for one
 */
public record ContainerRooms(
        Root root,
        ContainerImages images,
        Volumes volumes,
        Contents contents,
        IdRanges idRanges,
        Lazy<Networks> networks,
        Lazy<Path> conmon,
        Lazy<OciRuntime> runtime,
        NamedRuntime namedRuntime,
        Lazy<Path> init,
        CdiRegistry cdi,
        Journal journal,
        Lazy<SeccompProfile> seccomp,
        InstantSource clock,
        FailPoint failPoint) {
    /** What happens to containers is told there. */
    ContainerEvents events() {
        return new ContainerEvents(new EventLog(root), clock);
    }

    /** Finds OCI runtimes by name. */
    public interface NamedRuntime {
        /**
         * The runtime of that name, or at that absolute path.
         *
         * @throws IOException with a sentence, when there is none or it starts no container on this host
         */
        OciRuntime get(String name) throws IOException;

        /**
         * Why there is none of that name: a sentence without its end. Whether it would start a container is not tried.
         */
        Optional<String> missing(String name);
    }

    /** Something that is made or found when it is first needed. */
    @FunctionalInterface
    public interface Lazy<T> {
        /** The same each time; an exception says what is missing and which package brings it. */
        T get() throws IOException;
    }
}
