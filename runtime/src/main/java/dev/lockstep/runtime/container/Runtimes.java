package dev.lockstep.runtime.container;

import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.file.Path;

/** Which OCI runtime a container is started with, and which one knows a run. */
record Runtimes(ContainerRooms rooms, Host host) {
    /** What it asks for, or the host's. */
    OciRuntime of(ContainerSpec spec) throws IOException {
        var asked = spec.options().isolation().runtime();
        return asked.isPresent()
                ? rooms.namedRuntime().get(asked.get())
                : rooms.runtime().get();
    }

    /** The one that started it. */
    OciRuntime of(Run run) {
        var program = Path.of(run.runtime());
        return new OciRuntime(program.getFileName().toString(), program, host.runtimeState());
    }
}
