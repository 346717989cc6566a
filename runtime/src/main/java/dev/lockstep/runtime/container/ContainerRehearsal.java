package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a running container leaves in files, without the container: this process stands for its processes. For who has
 * to look at containers where none can be started, such as the run that fills a start-up cache. Only for roots that are
 * thrown away afterwards: whatever stops such a container stops this process.
 */
public final class ContainerRehearsal {
    private final Root root;
    private final ContainerStore store;

    /** On that root. */
    public ContainerRehearsal(Root root) {
        this.root = root;
        this.store = new ContainerStore(root);
    }

    /**
     * Writes all records of a container that was started and, where it has a health check, found healthy.
     *
     * @param addresses that it would have
     * @param now when all of that happened
     */
    public void start(ContainerRecord record, List<ContainerAddress> addresses, Instant now) throws IOException {
        var id = record.id();
        var here = ProcessIdentity.of(Math.toIntExact(ProcessHandle.current().pid()));
        store.add(record, Optional.empty());
        Root.directory(ContainerFiles.allRun(root));
        Root.directory(store.files(id).run());
        store.writeStart(id, Life.NEW.startedByHand(now));
        store.write(
                id,
                new Run(
                        ProcessIdentity.bootId(),
                        true,
                        here,
                        here,
                        now,
                        "runc",
                        record.spec().ports(),
                        addresses,
                        false,
                        false,
                        Optional.empty(),
                        Map.of()));
        EtcFiles.write(record, store.files(id), Optional.empty());
        var check = record.effective().flatMap(Effective::healthCheck);
        if (check.isPresent()) {
            store.write(
                    id,
                    HealthState.starting(now, Duration.ZERO)
                            .advance(check.get(), new HealthResult(now, now, 0, ""), Duration.ZERO));
        }
    }

    /** Looks at limits, which are where a container runs: at those of all of the host here. */
    public Optional<Limits> limits() throws IOException {
        var _ = LimitFiles.toOci(Limits.of(Resources.UNLIMITED), true, true, root.json());
        return LimitFiles.read(Cgroups.detect().at("/"), Limits.of(Resources.UNLIMITED));
    }
}
