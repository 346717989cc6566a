package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cgroup whose limits hold for all that is below it together: steps of builds, and containers that test what they
 * made. It is there from the first that enters it until the last has left; one that a killed process left goes with
 * {@link #cleanUp}.
 */
public final class SharedLimits {
    private static final Logger LOG = LoggerFactory.getLogger(SharedLimits.class);

    /** An empty one below it: who takes an empty parent away with the last of its children leaves this one alone. */
    private static final String HELD = "held";

    private static final Optional<Long> NO = Optional.empty();
    private static final Limits NONE = new Limits(NO, NO, NO, NO, NO, NO);

    private final Root root;
    private final String path;
    private final long memory;
    private final long pids;
    private final Consumer<String> unlimited;
    private final Set<String> told = new HashSet<>();

    private volatile boolean memoryIsLimited = true;

    /**
     * Makes nothing yet.
     *
     * @param path absolute, below the root alone
     * @param memory bytes, and as many of swap
     * @param pids processes and threads
     * @param unlimited hears once of each limit that this host does not keep anybody to, and why
     */
    public SharedLimits(Root root, String path, long memory, long pids, Consumer<String> unlimited) {
        this.root = root;
        this.path = path;
        this.memory = memory;
        this.pids = pids;
        this.unlimited = unlimited;
    }

    /** Somebody who is below it, or will be. */
    public final class Use implements AutoCloseable {
        private final Flock lock;

        private Use(Flock lock) {
            this.lock = lock;
        }

        /** Takes the cgroup away with the last that leaves it. */
        @Override
        public void close() {
            lock.close();
            try {
                cleanUp(root, path);
            } catch (IOException e) {
                LOG.debug("limits stay cgroup={}", path, e); // until the next that leaves or cleans up
            }
        }
    }

    /** Makes it, or gives the one that is there these limits. It stays at least as long as the result is open. */
    public synchronized Use enter() throws IOException {
        var use = Flock.shared(lock(root));
        var entered = false;
        try {
            var cgroup = Cgroups.detect().at(path);
            offer(cgroup, "memory");
            offer(cgroup, "pids");
            cgroup.create();
            cgroup.below(HELD).create();
            memoryIsLimited = limit(
                    cgroup,
                    "memory",
                    cgroup.isUnified() ? "memory.max" : "memory.limit_in_bytes",
                    now -> new Limits(now.memory(), now.memorySwap(), NO, NO, NO, NO),
                    new Limits(Optional.of(memory), Optional.of(2 * memory), NO, NO, NO, NO));
            limit(
                    cgroup,
                    "pids",
                    "pids.max",
                    now -> new Limits(NO, NO, NO, NO, NO, now.pids()),
                    new Limits(NO, NO, NO, NO, NO, Optional.of(pids)));
            entered = true;
            return new Use(use);
        } finally {
            if (!entered) {
                use.close();
            }
        }
    }

    /** The root of a namespace of cgroups gives nothing to those below while a process is in it (cgroup-v2.rst). */
    private static void offer(Cgroup cgroup, String controller) {
        try {
            cgroup.root().offer(List.of(controller));
        } catch (IOException e) {
            LOG.debug("cgroup controller {} is not to be had", controller, e); // the file of the limit is missing then
        }
    }

    private boolean limit(Cgroup cgroup, String controller, String file, UnaryOperator<Limits> part, Limits wanted) {
        String why;
        try {
            if (cgroup.read(controller, file).isPresent()) {
                LimitFiles.write(
                        cgroup, part.apply(LimitFiles.read(cgroup, NONE).orElse(NONE)), wanted);
                return true;
            }
            why = "this host has no cgroup controller " + controller;
        } catch (IOException e) {
            why = "cgroup controller " + controller + " of this host refuses the limit: " + e.getMessage();
        }
        if (told.add(controller)) {
            unlimited.accept(why);
        }
        return false;
    }

    /** Absolute path of the cgroup. */
    public String cgroup() {
        return path;
    }

    /** Bytes that all of it may have; empty where this host cannot keep anybody to that. */
    public Optional<Long> memory() {
        return memoryIsLimited ? Optional.of(memory) : Optional.empty();
    }

    /** Takes the one of that path away where a killed process left it, unless somebody is in it. */
    public static void cleanUp(Root root, String path) throws IOException {
        var cgroup = Cgroups.detect().at(path);
        if (!cgroup.exists()) {
            return;
        }
        var alone = Flock.tryExclusive(lock(root));
        if (alone.isPresent()) {
            try (var _ = alone.get()) {
                if (cgroup.below(HELD).remove()) {
                    var _ = cgroup.remove();
                }
            }
        }
    }

    private static Path lock(Root root) throws IOException {
        return root.lock("shared-limits");
    }
}
