package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.StateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at containers: records, processes, cgroup files. Changes nothing, takes no lock, runs no program. */
final class Observation {
    private static final Logger LOG = LoggerFactory.getLogger(Observation.class);

    private final ContainerStore store;
    private final Host host;

    Observation(ContainerStore store, Host host) {
        this.store = store;
        this.host = host;
    }

    List<ObservedContainer> all(Predicate<ContainerRecord> which) throws IOException {
        return all(which, Optional.empty());
    }

    List<ObservedContainer> allWithLimits() throws IOException {
        return all(_ -> true, Optional.of(new HostLimits()));
    }

    private List<ObservedContainer> all(Predicate<ContainerRecord> which, Optional<HostLimits> limits)
            throws IOException {
        var all = new ArrayList<ObservedContainer>();
        for (var record : store.list()) {
            if (!which.test(record)) {
                continue;
            }
            try {
                all.add(one(record, limits));
            } catch (StateException e) {
                // Of a newer Lockstep: it has written the record too, or will.
                LOG.warn("container={} left out: {}", record.spec().name(), e.getMessage());
            }
        }
        all.sort(Comparator.comparing(ObservedContainer::name));
        return List.copyOf(all);
    }

    ObservedContainer one(ContainerRecord record) throws IOException {
        return one(record, Optional.empty());
    }

    /** @param limits empty where those of the container are not asked for */
    private ObservedContainer one(ContainerRecord record, Optional<HostLimits> limits) throws IOException {
        var id = record.id();
        var files = store.files(id);
        // Read in this order, no end is missed: conmon writes down how it was before it goes, and who puts the run away
        // keeps that with the life before the run goes.
        var run = store.run(id, host.bootId());
        var started = run.filter(Run::started);
        var alive = started.filter(r -> r.isAlive() || r.isSupervised()).isPresent();
        var written = started.isPresent() ? new ExitFile(files).read() : Optional.<ExitOutcome>empty();
        var life = store.life(id);
        var state = state(files, life, run, alive, written);
        if (state instanceof ContainerState.Lost
                && !store.run(id, host.bootId()).equals(run)) {
            return one(record, limits); // started anew meanwhile
        }
        var running = state instanceof ContainerState.Running;
        return new ObservedContainer(
                record,
                state,
                life,
                running && record.effective().isPresent() && limits.isPresent()
                        ? LimitFiles.read(
                                host.cgroups().at(files.cgroup(record.spec())),
                                record.made().resources(),
                                limits.get())
                        : Optional.empty(),
                running ? run.map(Run::ports).orElse(List.of()) : List.of(),
                running ? run.map(Run::addresses).orElse(List.of()) : List.of(),
                record.effective().flatMap(Effective::healthCheck).isPresent() ? store.health(id) : Optional.empty(),
                running && run.isPresent() ? left(run.get()) : List.of(),
                StorageLimits.observe(files, record.spec()));
    }

    /** Containers whose namespaces it is in and that have ended or begun anew since: what it shares is nobody's now. */
    private List<String> left(Run run) throws IOException {
        var left = new ArrayList<String>();
        for (var joined : run.joined().entrySet()) {
            var target = store.find(joined.getKey());
            var process = target.isEmpty()
                    ? Optional.<ProcessIdentity>empty()
                    : store.run(target.get().id(), host.bootId())
                            .filter(Run::isAlive)
                            .flatMap(Run::process);
            if (process.filter(joined.getValue()::equals).isEmpty()) {
                left.add(joined.getKey());
            }
        }
        return List.copyOf(left);
    }

    private ContainerState state(
            ContainerFiles files, Life life, Optional<Run> run, boolean alive, Optional<ExitOutcome> written)
            throws IOException {
        if (written.isPresent()) {
            return new ContainerState.Exited(written.get(), false);
        }
        // A process that has just ended counts as running until conmon has written down how: a few milliseconds.
        if (alive) {
            return new ContainerState.Running(
                    run.orElseThrow().process().orElseThrow().pid(),
                    run.get().startedAt(),
                    run.get().isSupervised(),
                    host.cgroups().at(run.get().cgroup().orElse(files.cgroup())).isFreezing());
        }
        if (life.exit().isPresent()) {
            return new ContainerState.Exited(life.exit().get(), !store.hasRun(files.id()));
        }
        // Wanted, and neither a process nor a word about its end.
        return life.wanted() && run.filter(r -> !r.started()).isEmpty()
                ? new ContainerState.Lost()
                : new ContainerState.Created();
    }
}
