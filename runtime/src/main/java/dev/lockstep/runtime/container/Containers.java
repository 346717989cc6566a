package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.ProcessDetails;
import dev.lockstep.runtime.log.JournalReader;
import dev.lockstep.runtime.log.LogReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * The containers of one root. Each call takes the container's lock for as long as it works on it, so that any number of
 * processes may do so; different containers are worked on side by side. Calls that start, stop or wait block: platform
 * threads only.
 *
 * <p>Containers are named by their id here; {@link #find} knows names. Unknown ids are a {@link ContainerException}.
 */
public final class Containers {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final RunRoot runRoot;
    private final Creation creation;
    private final Requirements requirements;
    private final Lifecycle lifecycle;
    private final Start starts;
    private final Attachment attachment;
    private final ContainerTrees trees;
    private final Ending ending;
    private final Removal removal;
    private final SelfRemoval selfRemoval;
    private final Teardown teardown;
    private final InPlaceUpdate updates;
    private final ExecSessions sessions;
    private final HealthProbes probes;
    private final Observation observation;

    /** The containers of that root. Reads nothing but the boot id and where cgroups are mounted. */
    public Containers(ContainerRooms rooms) throws IOException {
        this(rooms, HookRunner.LIMIT);
    }

    /** @param hooksEnd within that time, unless the container is given more */
    Containers(ContainerRooms rooms, Duration hooksEnd) throws IOException {
        this.rooms = rooms;
        this.store = new ContainerStore(rooms.root());
        this.host = Host.of(rooms.root());
        this.runRoot = new RunRoot(rooms.root());
        this.teardown = new Teardown(rooms, host);
        this.requirements = new Requirements(rooms, store, host);
        this.creation = new Creation(
                rooms,
                store,
                runRoot,
                new Runtimes(rooms, host),
                requirements,
                new Quarantine(rooms, store, host, teardown));
        this.ending = new Ending(rooms, store, host, runRoot, teardown);
        this.removal = new Removal(rooms, store, host, runRoot, ending, teardown);
        this.updates = new InPlaceUpdate(rooms, store, host);
        this.sessions = new ExecSessions(rooms, store, host);
        this.probes = new HealthProbes(rooms, store, host);
        this.observation = new Observation(store, host);
        var onExit = new OnExitScript(rooms.root());
        this.selfRemoval = new SelfRemoval(rooms, store, ending, removal, onExit);
        this.starts = new Start(rooms, store, host, runRoot, teardown, ending, onExit);
        this.lifecycle =
                new Lifecycle(rooms, store, host, teardown, starts, ending, new HookRunner(sessions, hooksEnd));
        this.attachment = new Attachment(rooms, store, host, starts, lifecycle, sessions);
        this.trees = new ContainerTrees(rooms, store, host, runRoot, lifecycle);
    }

    /**
     * What a container asks of this host that it has not; empty where it can be made, as far as looking tells.
     *
     * @param comes whether a container of that name, which it shares something with, will be there by then
     */
    public List<UnmetRequirement> unmet(ContainerSpec spec, Predicate<String> comes) throws IOException {
        return requirements.unmet(spec, comes);
    }

    /**
     * Makes a container with everything it needs but a process: record, directories, anonymous volumes, the image's
     * content in empty volumes. On failure nothing is left.
     */
    public ContainerRecord create(ContainerSpec spec) throws IOException {
        return creation.create(spec, Optional.empty());
    }

    /**
     * Makes the container that will take the place of another one: it may have the same name, which is the old one's
     * until that is removed. Nothing of the old one is touched.
     */
    public ContainerRecord createReplacement(String oldId, ContainerSpec spec) throws IOException {
        return creation.create(spec, Optional.of(oldId));
    }

    /**
     * Starts it; no effect when it runs. Counts as started by hand: automatic starts are counted anew. On failure
     * nothing runs, and the reason is kept as {@link Life#error}.
     */
    public void start(String id) throws IOException {
        lifecycle.start(id);
    }

    /**
     * Starts it beside the one whose place it will take: what it publishes stays that one's until {@link #takePorts}.
     * Else as {@link #start}.
     */
    public void startBeside(String id) throws IOException {
        lifecycle.startBeside(id);
    }

    /**
     * Makes the published ports of one running container lead to another, in one step, and then exactly those that the
     * other one's spec asks for. What is established through them with the first is cut.
     *
     * @throws IOException when one of them cannot be had; then they lead where they led before
     */
    public void takePorts(String from, String to) throws IOException {
        lifecycle.takePorts(from, to);
    }

    /**
     * Starts it because its policy says so. Decides again under the lock, so it may be called late or twice.
     *
     * @return false when it runs, was stopped by hand, or its policy says no
     */
    public boolean startAgain(String id) throws IOException {
        return lifecycle.startAgain(id);
    }

    /**
     * Starts it because the host has started anew since a person stopped it, and its policy is {@code always}; with
     * {@code unless-stopped} it stays as it was left.
     *
     * @return false when that is not so, or it runs
     */
    public boolean startWithHost(String id) throws IOException {
        return lifecycle.startWithHost(id);
    }

    /**
     * Starts it although no policy says so, because it is wanted to run. Counts as an automatic start.
     *
     * @param waited since it ended
     * @return false when it runs, was stopped by hand, or is gone
     */
    public boolean heal(String id, Duration waited) throws IOException {
        return lifecycle.heal(id, waited);
    }

    /**
     * Asks it to end with its stop signal, kills it when the grace has passed, and puts everything away. What waits for
     * an automatic start does not wait any more. Its hooks run first, and one that fails lets it run.
     *
     * @param grace instead of its own; zero: it is killed at once
     */
    public StopResult stop(String id, Optional<Duration> grace) throws IOException {
        return stop(id, grace, Optional.empty());
    }

    /**
     * The same with another signal.
     *
     * @param signal instead of its stop signal: name with or without {@code SIG}, or a number
     */
    public StopResult stop(String id, Optional<Duration> grace, Optional<String> signal) throws IOException {
        return lifecycle.stop(id, grace, signal);
    }

    /** Stops it and starts it. Whoever finds that half done after a kill of this process does the other half. */
    public void restart(String id, Optional<Duration> grace) throws IOException {
        restart(id, grace, Optional.empty());
    }

    /**
     * The same with another signal to stop it.
     *
     * @param signal instead of its stop signal
     */
    public void restart(String id, Optional<Duration> grace, Optional<String> signal) throws IOException {
        lifecycle.restart(id, grace, signal);
        rooms.events().tell(store.require(id), "restart");
    }

    /** Stops its processes where they are, until {@link #unpause}. Health checks and new programs wait. */
    public void pause(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            var cgroup = runningCgroup(record);
            if (cgroup.isFrozen()) {
                throw ContainerException.conflict(record.spec().name(), "is already paused");
            }
            cgroup.freeze();
            rooms.events().tell(record, "pause");
        }
    }

    /** Lets its processes go on. */
    public void unpause(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            var cgroup = runningCgroup(record);
            if (!cgroup.isFreezing()) {
                throw ContainerException.conflict(record.spec().name(), "is not paused");
            }
            cgroup.thaw();
            rooms.events().tell(record, "unpause");
        }
    }

    private Cgroup runningCgroup(ContainerRecord record) throws IOException {
        sessions.requireAlive(record);
        return host.cgroups().at(store.files(record.id()).cgroup(record.spec()));
    }

    /**
     * Gives it another name. Other containers find it by that name when it starts the next time.
     *
     * @throws ContainerException when the name is taken or is none
     */
    public void rename(String id, String name) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            var before = record.spec().name();
            ContainerSpec spec;
            try {
                spec = record.spec().withName(name);
            } catch (IllegalArgumentException e) {
                throw new ContainerException(ContainerException.Reason.INVALID, e.getMessage() + ".", e);
            }
            if (before.equals(name)) {
                throw ContainerException.conflict(record.spec().name(), "has that name already");
            }
            var renamed = record.with(spec, record.made());
            store.rename(record, renamed);
            store.write(id, store.life(id).renamed(before, name));
            rooms.events().tell(renamed, "rename", Map.of("oldName", before));
        }
    }

    /** Its processes as the host sees them, by pid. */
    public List<ProcessDetails> processes(String id) throws IOException {
        var record = store.whole(id);
        var cgroup = runningCgroup(record);
        var all = ProcessDetails.of(cgroup);
        rooms.events().tell(record, "top");
        return all;
    }

    /**
     * Its files, running or not. Of one that does not run the container's lock is held until the result is closed.
     *
     * @param action what it is opened for, in Docker's words: {@code archive-path} or {@code extract-to-dir}
     */
    public ContainerTree tree(String id, String action) throws IOException {
        return trees.tree(id, action);
    }

    /**
     * Its root file system for reading, running or not, without what is mounted in it: what {@code docker export}
     * writes. Files have the ids that they have for the container.
     */
    public ContainerTree rootFileSystem(String id) throws IOException {
        return trees.rootFileSystem(id);
    }

    /** What it did to the files of its image, running or not, in the order of paths. */
    public List<FileChange> changes(String id) throws IOException {
        return trees.changes(id);
    }

    /** What it uses at this moment; empty unless it runs. */
    public Optional<Usage> usage(String id) throws IOException {
        var record = store.require(id);
        var process = store.run(id, host.bootId())
                .filter(Run::started)
                .filter(Run::isAlive)
                .flatMap(Run::process);
        return process.isEmpty()
                ? Optional.empty()
                : Optional.of(Usage.read(
                        host.cgroups().at(store.files(record.id()).cgroup(record.spec())),
                        record.made().resources(),
                        process.get().pid(),
                        rooms.clock().instant()));
    }

    /**
     * Sends a signal to its first process. The stop signal and SIGKILL count as "stopped by hand".
     *
     * @param signal name with or without {@code SIG}, or a number
     */
    public void kill(String id, String signal) throws IOException {
        ending.signal(store.whole(id), Ending.signal(signal));
    }

    /**
     * Removes it with everything it wrote outside volumes. Leases of addresses belong to the slot and stay.
     *
     * @param force kill it first when it runs; else that is an error
     */
    public void remove(String id, boolean force, boolean removeAnonymousVolumes) throws IOException {
        removal.remove(id, force, removeAnonymousVolumes);
    }

    /** Names of limits that it asks for and that the cgroups of this host do not have: they will have no effect. */
    public List<String> withoutEffect(ContainerSpec spec) throws IOException {
        var asked = spec.resources();
        var without = new ArrayList<String>();
        if (host.cgroups().isUnified()) {
            if (asked.swappiness().isPresent()) {
                without.add("mem_swappiness");
            }
            if (asked.oomKillDisable()) {
                without.add("oom_kill_disable");
            }
        }
        var supervisors = host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root()));
        var weights = asked.blockIo().weight().isPresent()
                || !asked.blockIo().weights().isEmpty();
        // The root cgroup has none; before the first container nobody can tell.
        if (weights
                && supervisors.exists()
                && BlockIoFiles.weightFile(supervisors).isEmpty()) {
            without.add("blkio_config");
        }
        return List.copyOf(without);
    }

    /**
     * Changes it in place; it keeps its process.
     *
     * @throws ContainerException when a field needs another container, or the kernel refuses a limit: then the record
     *     is as it was
     */
    public void update(String id, ContainerSpec spec) throws IOException {
        this.<RuntimeException>update(id, _ -> spec);
    }

    /**
     * What a container's definition becomes.
     *
     * @param <E> what else it may end with
     */
    @FunctionalInterface
    public interface Change<E extends Exception> {
        ContainerSpec of(ContainerSpec now) throws IOException, E;
    }

    /** The same for who changes a part of what it is by then: nobody else changes it meanwhile. */
    public <E extends Exception> void update(String id, Change<E> change) throws IOException, E {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            var spec = change.of(record.spec());
            updates.update(record, spec);
            if (!record.spec().equals(spec)) {
                rooms.events().tell(record, "update");
            }
        }
    }

    /** Waits until it has ended and its log is complete, and returns its exit code; at once when it does not run. */
    public int await(String id) throws IOException {
        return attachment.await(id);
    }

    /**
     * Starts it with somebody at its streams from the first byte on, and waits until it has ended or the person leaves.
     * With a terminal everything comes out of {@code streams.out()}. Its input, if it has one, ends with the person's.
     * Hooks are not run.
     *
     * @return its exit code; empty when the person left, and it runs on
     */
    public Optional<Integer> startAttached(String id, ExecStreams streams) throws IOException {
        return startAttached(id, true, streams);
    }

    /**
     * The same for somebody who may only look.
     *
     * @param wanted whether what is typed goes in; without it the container's input, if it has one, stays open
     */
    public Optional<Integer> startAttached(String id, boolean wanted, ExecStreams streams) throws IOException {
        return attachment.startAttached(id, wanted, streams);
    }

    /** How a running container's streams are; empty when it does not run. */
    public Optional<Streams> streams(String id) throws IOException {
        return store.run(id, host.bootId())
                .filter(Run::started)
                .filter(Run::isAlive)
                .map(run -> new Streams(run.terminal(), run.input()));
    }

    /**
     * How the streams of a running container are.
     *
     * @param terminal they are a terminal
     * @param input its standard input is connected
     */
    public record Streams(boolean terminal, boolean input) {}

    /**
     * Connects to the streams of a running container, until it has ended or the person leaves. What it wrote before is
     * in its log.
     *
     * @param input whether what is typed goes in
     * @return its exit code; empty when the person left
     */
    public Optional<Integer> attach(String id, boolean input, ExecStreams streams) throws IOException {
        return attachment.attach(id, input, streams);
    }

    /** Runs a further program in it. Blocks until the program has ended, unless it is detached. */
    public ExecResult exec(String id, ExecSpec spec, ExecStreams streams) throws IOException {
        return sessions.exec(store.whole(id), spec, streams);
    }

    /**
     * Runs its health check once and keeps the state that follows.
     *
     * @throws ContainerException when it does not run, has no health check, or that runs at this moment
     */
    public HealthResult probe(String id) throws IOException {
        var record = store.whole(id);
        var check = record.made()
                .healthCheck()
                .orElseThrow(() -> new ContainerException(
                        ContainerException.Reason.INVALID,
                        "Container " + record.spec().name() + " has no health check."));
        sessions.requireRunning(record);
        var run = store.run(id, host.bootId())
                .orElseThrow(() -> new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        "Container " + record.spec().name() + " is not running."));
        var begun = ProcessDetails.uptime();
        var result = probes.run(record, check, run);
        probes.keep(record, check, run, result, begun);
        return result;
    }

    /**
     * Runs health checks whenever they are due.
     *
     * @param changes hears of every change: container id and new status
     */
    public HealthMonitor healthMonitor(BiConsumer<String, HealthState.Status> changes) {
        return new HealthMonitor(rooms.clock(), store, host, probes, changes);
    }

    /**
     * All containers as they are, by name, without {@link ObservedContainer#limits}: those are most of the files that
     * there are to read, and only who plans compares them. Changes nothing and starts no program.
     */
    public List<ObservedContainer> observe() throws IOException {
        return observation.all(_ -> true);
    }

    /** The same of those alone whose record is asked for. */
    public List<ObservedContainer> observe(Predicate<ContainerRecord> which) throws IOException {
        return observation.all(which);
    }

    /** The same with their limits. */
    public List<ObservedContainer> observeWithLimits() throws IOException {
        return observation.allWithLimits();
    }

    /** Whether somebody starts it just now, so that it has what it mounts, or is about to. */
    public boolean isStarting(String id) throws IOException {
        if (store.run(id, host.bootId()).filter(run -> !run.started()).isEmpty()) {
            return false;
        }
        // Of who was killed over it only the file is left.
        var free = store.tryLock(id);
        free.ifPresent(Flock::close);
        return free.isEmpty();
    }

    /** What all containers were made of: the records of {@link #observe}, without a look at anything else. */
    public List<ContainerRecord> records() throws IOException {
        return store.list();
    }

    /** What {@link #observe} leaves out, since its record cannot be used. */
    public List<DamagedContainer> damaged() throws IOException {
        return store.damaged();
    }

    /**
     * Writes anew what is damaged of their records and can be told from elsewhere; containers that somebody works on
     * are left for the next time.
     *
     * @return what was done, a line each for people
     */
    public List<String> repair() throws IOException {
        var actions = new ArrayList<String>();
        for (var record : store.list()) {
            var lock = store.isSound(record.id()) ? Optional.<Flock>empty() : store.tryLock(record.id());
            if (lock.isPresent()) {
                try (var _ = lock.get()) {
                    actions.addAll(store.repair(record, host.bootId()));
                }
            }
        }
        return List.copyOf(actions);
    }

    /** One container as it is, without its limits. */
    public Optional<ObservedContainer> observe(String id) throws IOException {
        var record = store.record(id);
        return record.isEmpty() ? Optional.empty() : Optional.of(observation.one(record.get()));
    }

    /** The container with this name, id, or beginning of one id. */
    public Optional<ContainerRecord> find(String nameOrId) throws IOException {
        return store.find(nameOrId);
    }

    /**
     * Puts away what an ended run left: runtime state, mounts, network, ports, cgroup. The outcome is kept and
     * returned; empty when it still runs or never ran. May be called any number of times.
     */
    public Optional<ExitOutcome> finishExit(String id) throws IOException {
        return lifecycle.finishExit(id);
    }

    /**
     * Lets it go with its end, as {@code run --rm} asks for it, whatever becomes of this process.
     *
     * @return held by who waits for its end and removes it; closed earlier, the engine removes it by itself
     */
    public Attendance removeWhenEnded(String id) throws IOException {
        try (var _ = store.lock(id)) {
            store.whole(id);
            return selfRemoval.ask(id);
        }
    }

    /** Somebody waits for a container's end and removes it then. */
    @FunctionalInterface
    public interface Attendance extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /**
     * Removes it with its anonymous volumes if it has ended, was to go with its end, and nobody else waits for that.
     *
     * @return whether it was removed
     */
    public boolean removeEnded(String id) throws IOException {
        return selfRemoval.removeEnded(id);
    }

    /** What its policy says about its last exit, once that is finished. */
    public RestartDecision decideRestart(String id) throws IOException {
        return lifecycle.decideRestart(id);
    }

    /**
     * What {@code lockstep container-exit ID} does: puts the exit away, waits as long as the policy says, starts the
     * container again unless somebody was faster.
     *
     * @param elsewhere asked when it has waited: whether somebody else sees to such starts by now
     * @return whether it was started
     */
    public boolean restartByPolicy(String id, ContainerRooms.Lazy<Boolean> elsewhere)
            throws IOException, InterruptedException {
        return lifecycle.restartByPolicy(id, elsewhere);
    }

    /** Leaves an automatic start that the caller would have waited for, and cannot, to the on-exit script. */
    public void leaveRestart(String id) throws IOException {
        new OnExitScript(rooms.root()).runDetached(id);
    }

    /** Where conmon writes exit codes, one file named by the container's id each: to be watched for new files. */
    public Path exitDirectory() {
        return ContainerFiles.exits(rooms.root());
    }

    /** What the container has on the disk beside its image: what it wrote, its log, its record. */
    public Path directory(String id) {
        return store.files(id).state();
    }

    /** Undoes or completes what a killed process of ours left half done. Containers that run keep running. */
    public CleanUp cleanUp() throws IOException {
        return new CleanUpAfterCrash(rooms, store, host, starts, ending, removal, selfRemoval, teardown, runRoot).run();
    }

    /** Moves a helper of ours beside the supervisors, so that it outlives the systemd unit we may run in. */
    public void supervise(int pid) throws IOException {
        var supervisors = host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root()));
        supervisors.create();
        supervisors.add(pid);
    }

    /** Makes the run root what running containers need, and keeps it so as long as the result is held. */
    public Flock enter() throws IOException {
        return runRoot.enter();
    }

    /** Takes away what the host has only for running containers, when none is left. */
    public void leave() throws IOException {
        runRoot.leave(host.cgroups());
    }

    /** What it wrote. */
    public LogReader logs(String id) throws IOException {
        var record = store.require(id);
        return switch (record.spec().options().log().driver()) {
            case FILES -> LogReader.of(store.files(id).log());
            case JOURNALD -> new JournalReader(rooms.journal(), id);
            case NONE ->
                _ -> {
                    throw new ContainerException(
                            ContainerException.Reason.CONFLICT,
                            "Container " + record.spec().name()
                                    + ": configured logging driver does not support reading.");
                };
        };
    }

    /** Wakes who reads logs; the caller closes it. */
    public LogWatch watchLogs() throws IOException {
        return new LogWatch(rooms.root());
    }

    /**
     * Begins new log files where the present ones are as large as they may be, once.
     *
     * @throws IOException the first that went wrong; the other containers were looked at all the same
     */
    public void rotateLogsOnce() throws IOException {
        LogRotation.once(store);
    }

    /** Hears of containers whose supervisor was killed; the caller closes it. */
    public SupervisorWatch watchSupervisors() throws IOException {
        return new SupervisorWatch(store, host.bootId());
    }

    /** Hears of ends that are waited for; the caller closes it. */
    public EndWatch watchEnds() throws IOException {
        return new EndWatch(store, host.bootId());
    }

    /** Rotates logs while it is open; the caller closes it. */
    public LogRotation rotateLogs() throws IOException {
        return new LogRotation(rooms.root(), store);
    }
}
