package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Scarce;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of containers that have lost their supervisor. conmon writes down how its container ended; one that was killed
 * does not, so the container runs on unheard, and nothing tells of its end but the kernel. One {@code poll(2)} for all:
 * of each container the pidfd of conmon, and once that is gone, of the container's own process.
 *
 * <p>{@link #watch} and {@link #close} may be called from any thread, {@link #await} from one.
 */
public final class SupervisorWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SupervisorWatch.class);

    private final ContainerStore store;
    private final String bootId;
    private final Pipe bell = Pipe.open();
    private final Object door = new Object();
    private final Queue<String> called = new ConcurrentLinkedQueue<>();
    private boolean rung;
    private boolean closed;

    // Of the waiting thread alone.
    private final Map<String, Watched> watched = new HashMap<>();
    /** Not told yet. */
    private final List<Loss> losses = new ArrayList<>();

    SupervisorWatch(ContainerStore store, String bootId) throws IOException {
        this.store = store;
        this.bootId = bootId;
    }

    /**
     * What is waited for.
     *
     * @param process the container's
     * @param supervised it is conmon that is waited for
     */
    private record Watched(ProcessIdentity process, Pidfd pidfd, boolean supervised) {}

    /** What has been lost. */
    public sealed interface Loss {
        /** Of the container. */
        String id();

        /** It runs on, but what it writes is lost and how it will end is not known. */
        record Supervisor(String id) implements Loss {}

        /** It has ended, and nobody has written down how. */
        record Container(String id) implements Loss {}
    }

    /** Watches that container from now on, as long as its present run lasts; no effect when it does not run. */
    public void watch(String id) {
        called.add(id);
        ring();
    }

    private void ring() {
        synchronized (door) {
            if (rung) {
                return;
            }
            try {
                bell.writeEnd().outputStream().write(0);
                rung = true;
            } catch (IOException | RuntimeException e) {
                LOG.debug("nobody waits any more", e);
            }
        }
    }

    /**
     * Waits until something is lost. Platform threads only.
     *
     * @return none when this was closed: then it must not be called again
     * @throws IOException when this process or this host has too little of something, which passes: nothing is lost
     *     when it is called again
     */
    public List<Loss> await() throws IOException {
        while (true) {
            for (var id = called.poll(); id != null; id = called.poll()) {
                look(id);
            }
            if (!losses.isEmpty()) {
                var told = List.copyOf(losses);
                losses.clear();
                return told;
            }
            var fds = new ArrayList<Fd>(List.of(bell.readEnd()));
            watched.values().forEach(w -> fds.add(w.pidfd().fd()));
            var ready = new HashSet<>(Poll.readable(fds, Optional.empty()));
            if (ready.contains(bell.readEnd()) && isClosed()) {
                watched.values().forEach(w -> w.pidfd().close());
                watched.clear();
                bell.close();
                return List.of();
            }
            for (var one : List.copyOf(watched.entrySet())) {
                if (ready.contains(one.getValue().pidfd().fd())) {
                    look(one.getKey());
                }
            }
        }
    }

    private boolean isClosed() throws IOException {
        synchronized (door) {
            bell.readEnd().inputStream().read();
            rung = closed; // nobody rings any more
            return closed;
        }
    }

    /**
     * Looks at one, which is watched as before until that is done.
     *
     * @throws IOException when this process or this host has too little of something: the next {@link #await} looks
     */
    private void look(String id) throws IOException {
        var before = Optional.ofNullable(watched.get(id));
        Optional<Watched> now;
        try {
            var run = store.run(id, bootId).filter(Run::started);
            now = run.isPresent() ? look(id, run.get(), before) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            if (Scarce.isWhy(e)) {
                called.add(id);
                throw e;
            }
            LOG.debug("supervisor not watched container={}", id, e);
            now = Optional.empty();
        } catch (VirtualMachineError e) {
            called.add(id);
            throw e;
        }
        watched.remove(id);
        before.ifPresent(w -> w.pidfd().close());
        now.ifPresent(w -> watched.put(id, w));
    }

    private Optional<Watched> look(String id, Run run, Optional<Watched> before) throws IOException {
        var process = run.process().orElseThrow();
        var conmon = open(run.conmon());
        if (conmon.isPresent()) {
            return conmon.map(pidfd -> new Watched(process, pidfd, true));
        }
        // In this order: a conmon that is found dead has written before it died.
        if (Files.exists(store.files(id).exit())) {
            return Optional.empty();
        }
        var own = open(Optional.of(process));
        boolean still;
        try {
            still = store.run(id, bootId).equals(Optional.of(run));
        } catch (IOException | RuntimeException e) {
            own.ifPresent(Pidfd::close);
            throw e;
        }
        if (!still) {
            own.ifPresent(Pidfd::close);
            called.add(id); // put away or begun anew while we looked
            return Optional.empty();
        }
        if (own.isEmpty()) {
            losses.add(new Loss.Container(id));
        } else if (before.filter(w -> !w.supervised() && w.process().equals(process))
                .isEmpty()) {
            losses.add(new Loss.Supervisor(id));
        }
        return own.map(pidfd -> new Watched(process, pidfd, false));
    }

    private static Optional<Pidfd> open(Optional<ProcessIdentity> process) throws IOException {
        return process.isPresent() ? Pidfd.open(process.get()) : Optional.empty();
    }

    /** Ends {@link #await}. */
    @Override
    public void close() {
        synchronized (door) {
            closed = true;
        }
        ring();
    }
}
