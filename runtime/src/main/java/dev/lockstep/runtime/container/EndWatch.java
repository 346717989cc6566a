package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Poll;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears when running containers end, so that nobody must look at them until then: the kernel tells, by the pidfd of
 * each one's process 1. How it ended conmon writes down a moment later; until then it still counts as running.
 *
 * <p>Of one thread. Platform threads only.
 */
public final class EndWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EndWatch.class);

    private final ContainerStore store;
    private final String bootId;
    private final Map<String, Pidfd> watched = new HashMap<>();

    EndWatch(ContainerStore store, String bootId) {
        this.store = store;
        this.bootId = bootId;
    }

    /**
     * Watches the present run of that container from now on.
     *
     * @return whether its end will be told: not where its process is gone already, or this one has too many files open.
     *     Then it has to be looked at.
     */
    public boolean watch(String id) {
        return watched.computeIfAbsent(id, this::open) != null;
    }

    private @Nullable Pidfd open(String id) {
        try {
            var process = store.run(id, bootId).filter(Run::started).flatMap(Run::process);
            return process.isPresent() ? Pidfd.open(process.get()).orElse(null) : null;
        } catch (IOException e) {
            LOG.debug("end not watched container={}", id, e);
            return null;
        }
    }

    /**
     * Waits until one of those that are watched has ended.
     *
     * @return ids of those that have, which are watched no more; none when the time is over
     */
    public Set<String> await(Duration timeout) throws IOException {
        var fds = watched.values().stream().map(Pidfd::fd).toList();
        var readable = Set.copyOf(Poll.readable(fds, Optional.of(timeout)));
        var ended = new HashSet<String>();
        for (var one : List.copyOf(watched.entrySet())) {
            if (readable.contains(one.getValue().fd())) {
                one.getValue().close();
                watched.remove(one.getKey());
                ended.add(one.getKey());
            }
        }
        return Set.copyOf(ended);
    }

    @Override
    public void close() {
        watched.values().forEach(Pidfd::close);
        watched.clear();
    }
}
