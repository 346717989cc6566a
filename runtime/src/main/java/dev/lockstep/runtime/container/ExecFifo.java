package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Fifo;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The pipe at which a prepared container waits to become its program. All that the runtime's {@code start} does is to
 * use it, to remove it, by which the runtime tells a prepared container from one that runs, and to call hooks. It takes
 * a process of 8 ms for that; here it is half a millisecond.
 *
 * <p>runc's first process wants to write one byte, and goes on when that is read (libcontainer,
 * {@code container_linux.go}, since 1.0). crun's wants to read one (libcrun, {@code status.c} and {@code linux.c}, in
 * all versions); it has the pipe open from the beginning, so that without a reader there is no process. Other runtimes
 * have pipes of that name too, and use them in other ways.
 *
 * @param written whether a byte is to be written to it, rather than read from it
 */
record ExecFifo(Path file, boolean written) {
    private static final String RUNC = "runc";
    private static final String CRUN = "crun";

    /** That of a container that this runtime has prepared; empty when it is to be started by a command. */
    static Optional<ExecFifo> of(OciRuntime runtime, String container) {
        var file = runtime.state().resolve(container).resolve("exec.fifo");
        return Set.of(RUNC, CRUN).contains(runtime.name()) && Files.exists(file)
                ? Optional.of(new ExecFifo(file, runtime.name().equals(CRUN)))
                : Optional.empty();
    }

    /**
     * Lets the container go. Waits for its process to come to the pipe: platform threads only.
     *
     * @return false when it has ended instead; then the runtime knows what to say of it
     */
    boolean letGo(ProcessIdentity process) throws IOException {
        if (!(written ? write() : read(process))) {
            return false;
        }
        // Not before, as crun itself does: killed in between, the next one would take what waits for what runs.
        Files.deleteIfExists(file);
        return true;
    }

    private boolean write() throws IOException {
        try (var pipe = Fifo.open(file, Optional.empty()).orElse(null)) {
            return pipe != null && pipe.write((byte) 0);
        }
    }

    private boolean read(ProcessIdentity process) throws IOException {
        try (var pidfd = Pidfd.open(process).orElse(null);
                var pipe = Fd.openWithoutWaiting(file)) {
            return pidfd != null
                    && Poll.readable(List.of(pipe, pidfd.fd()), Optional.empty())
                            .contains(pipe)
                    && pipe.inputStream().read() >= 0;
        }
    }
}
