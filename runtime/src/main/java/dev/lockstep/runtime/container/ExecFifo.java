package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The pipe at which a container waits that runc has prepared: its first process wants to write one byte, and becomes
 * the program when that is read. All that {@code runc start} does is to read it, to remove the pipe, by which runc
 * tells a prepared container from one that runs, and to call hooks (libcontainer, {@code container_linux.go}, since
 * 1.0). It takes a process of 8 ms for that; here it is half a millisecond.
 *
 * <p>Other runtimes have pipes of that name too, and use them in other ways.
 */
record ExecFifo(Path file) {
    private static final String RUNC = "runc";

    /** That of a container that this runtime has prepared; empty when it is to be started by a command. */
    static Optional<ExecFifo> of(OciRuntime runtime, String container) {
        var file = runtime.state().resolve(container).resolve("exec.fifo");
        return runtime.name().equals(RUNC) && Files.exists(file) ? Optional.of(new ExecFifo(file)) : Optional.empty();
    }

    /**
     * Lets the container go. Waits for its process to come to the pipe: platform threads only.
     *
     * @return false when it has ended instead; then runc knows what to say of it
     */
    boolean letGo(ProcessIdentity process) throws IOException {
        try (var pidfd = Pidfd.open(process).orElse(null);
                var pipe = Fd.openWithoutWaiting(file)) {
            if (pidfd == null
                    || !Poll.readable(List.of(pipe, pidfd.fd()), Optional.empty())
                            .contains(pipe)
                    || pipe.inputStream().read() < 0) {
                return false;
            }
        }
        Files.deleteIfExists(file);
        return true;
    }
}
