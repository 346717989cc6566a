package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What does not change while this process runs.
 *
 * @param runtimeState the runtimes' {@code --root}: one directory per container that they know
 */
record Host(String bootId, Cgroups cgroups, Path runtimeState) {
    static Host of(Root root) throws IOException {
        return new Host(ProcessIdentity.bootId(), Cgroups.detect(), runtimeState(root));
    }

    static Path runtimeState(Root root) {
        return root.run().resolve("runtime");
    }
}
