package dev.lockstep.runtime.build;

import java.nio.file.Path;
import java.util.List;

/** Who signs for steps that ask for SSH. */
public sealed interface SshAgent {
    /** An agent of the host, behind its socket. */
    record Socket(Path path) implements SshAgent {}

    /** This process, with keys that it has read. */
    record Keys(List<SshKey> keys) implements SshAgent {
        public Keys {
            keys = List.copyOf(keys);
        }
    }
}
