package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessDetails;
import dev.lockstep.runtime.linux.ProcessStatus;
import dev.lockstep.runtime.linux.Scarce;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * Starts health checks and keeps what comes of them.
 *
 * <p>A check has exactly the rights of its container's own process. It is not put together anew: it is the process of
 * the bundle that the container was started with, user, groups, capabilities, limits, profiles and variables, with
 * another program. Seccomp, namespaces and cgroup are the runtime's to give, from what it knows of the container.
 */
final class HealthProbes {
    /** By so much a process may seem younger or older than it is, and a file too. */
    private static final Duration CLOCK_TICKS = Duration.ofMillis(50);

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;

    HealthProbes(ContainerRooms rooms, ContainerStore store, Host host) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
    }

    /** Either it runs, or it could not be started, which counts as a failure. */
    sealed interface Begun {
        record Runs(HealthProbe probe) implements Begun {}

        record CannotRun(HealthResult result) implements Begun {}

        /** Some other process probes the container at this moment. */
        record Elsewhere() implements Begun {}
    }

    /**
     * Starts the check of a container that runs and does not stand still.
     *
     * @throws IOException when this process or this host has too little of something to start it now
     */
    Begun begin(ContainerRecord record, EffectiveHealthCheck check, Run run) throws IOException {
        var files = store.files(record.id());
        var lock = Flock.tryExclusive(files.probeLock());
        if (lock.isEmpty()) {
            return new Begun.Elsewhere();
        }
        var runs = false;
        try {
            var cgroup = host.cgroups().at(store.files(record.id()).cgroup(record.spec()));
            if (Files.exists(files.probePid())) {
                leftBehind(files, cgroup);
            }
            noteBegin(files);
            var process = process(files, check);
            var runtime = new Runtimes(rooms, host).of(run);
            var probe = HealthProbe.start(check, cgroup, files.probePid(), rooms.clock(), lock.get(), output -> {
                handOver(record, files, output);
                var command = runtime.command(
                        output,
                        "exec",
                        "--process",
                        process.toString(),
                        "--pid-file",
                        files.probePid().toString(),
                        record.id());
                return OomScore.of(record.made().options().oomScoreAdj(), command);
            });
            runs = true;
            return new Begun.Runs(probe);
        } catch (IOException e) {
            if (Scarce.isWhy(e)) {
                throw e; // says nothing of how the container is
            }
            var now = rooms.clock().instant();
            return new Begun.CannotRun(new HealthResult(now, now, -1, String.valueOf(e.getMessage())));
        } finally {
            if (!runs) {
                lock.get().close();
            }
        }
    }

    /** A program that is no root of the host may open its own output anew only if that is its own. */
    private static void handOver(ContainerRecord record, ContainerFiles files, Fd output) throws IOException {
        var ids = record.made().options().ids();
        if (ids.isPresent()) {
            UserNamespace.own(
                    output.procPath(),
                    ids.get().outside(Start.process(record, files).user().uid()));
        }
    }

    /** Notes when this one begins, for who finds it left behind. The lock is held. */
    private static void noteBegin(ContainerFiles files) throws IOException {
        Files.writeString(
                files.probeLock(), String.valueOf(ProcessDetails.uptime().toMillis()));
    }

    /**
     * Whoever started the last one was killed, and nobody watched its timeout. The pid may be another's by now: the
     * program is one that began between the note of its probe and the file that names it. How long that was both files
     * say, whatever the clock that they are dated by has been set to since.
     */
    private static void leftBehind(ContainerFiles files, Cgroup cgroup) throws IOException {
        try {
            var pid = Integer.parseInt(Files.readString(files.probePid()).strip());
            var begun = Duration.ofMillis(
                    Long.parseLong(Files.readString(files.probeLock()).strip()));
            var took = Duration.between(
                    Files.getLastModifiedTime(files.probeLock()).toInstant(),
                    Files.getLastModifiedTime(files.probePid()).toInstant());
            // Set just then, the clock says nothing.
            var longest = took.isNegative() || took.compareTo(HealthProbe.STARTING) > 0 ? HealthProbe.STARTING : took;
            var started = ProcessStatus.of(pid).map(ProcessStatus::started);
            if (started.filter(at -> at.compareTo(begun.minus(CLOCK_TICKS)) >= 0
                            && at.compareTo(begun.plus(longest).plus(CLOCK_TICKS)) <= 0)
                    .isPresent()) {
                ProbeProcesses.kill(cgroup, files.probePid());
            }
        } catch (NumberFormatException e) {
            // Cut off while it was written: there was no program yet.
        } finally {
            Files.deleteIfExists(files.probePid());
        }
    }

    /** Written once for each run and program. */
    private Path process(ContainerFiles files, EffectiveHealthCheck check) throws IOException {
        var file = files.probeProcess(digest(check));
        if (Files.notExists(file)) {
            var json = rooms.root().json();
            if (!(json.readTree(files.config().toFile()).get("process") instanceof ObjectNode process)) {
                throw new IOException(files.config() + " has no process");
            }
            process.put("terminal", false);
            process.remove("consoleSize");
            var args = process.putArray("args");
            check.args().forEach(args::add);
            AtomicFiles.writeVolatile(file, json.writeValueAsBytes(process));
        }
        return file;
    }

    private static String digest(EffectiveHealthCheck check) {
        try {
            var sha = MessageDigest.getInstance("SHA-256");
            for (var arg : check.args()) {
                sha.update(arg.getBytes(StandardCharsets.UTF_8));
                sha.update((byte) 0);
            }
            return HexFormat.of().formatHex(sha.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Runs it to its end. Platform threads only. */
    HealthResult run(ContainerRecord record, EffectiveHealthCheck check, Run run) throws IOException {
        return switch (begin(record, check, run)) {
            case Begun.Elsewhere() ->
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        "A health check of container " + record.spec().name() + " is running already.");
            case Begun.CannotRun(var result) -> result;
            case Begun.Runs(var probe) -> {
                try (probe) {
                    var result = probe.look();
                    while (result.isEmpty()) {
                        Poll.readable(probe.waitsFor(), probe.patience());
                        result = probe.look();
                    }
                    yield result.get();
                }
            }
        };
    }

    /**
     * A state that is kept.
     *
     * @param changed whether its status is another than before
     */
    record Kept(HealthState state, boolean changed) {}

    /**
     * Keeps a result, unless the run that it is about is over, or the check is another by now.
     *
     * @param run that it was begun in
     * @param begun when, counted from when the kernel started
     */
    Optional<Kept> keep(
            ContainerRecord record, EffectiveHealthCheck check, Run run, HealthResult result, Duration begun)
            throws IOException {
        var id = record.id();
        return keep(
                record,
                check,
                run,
                result,
                begun,
                () -> store.record(id),
                store.run(id, host.bootId()),
                store.health(id));
    }

    /**
     * The same for who knows what the files say.
     *
     * @param current the container as it is on record; asked more than once
     * @param now the run that is on record
     * @param known the health that is on record
     */
    Optional<Kept> keep(
            ContainerRecord record,
            EffectiveHealthCheck check,
            Run run,
            HealthResult result,
            Duration begun,
            ContainerRooms.Lazy<Optional<ContainerRecord>> current,
            Optional<Run> now,
            Optional<HealthState> known)
            throws IOException {
        var id = record.id();
        if (now.filter(Run::isAlive)
                .flatMap(Run::process)
                .filter(run.process().orElseThrow()::equals)
                .isEmpty()) {
            return Optional.empty();
        }
        if (!isCheckOf(current.get(), check)) {
            return Optional.empty(); // it was changed in place: the old one says nothing about the new one
        }
        var state = state(run, known);
        var next = state.advance(check, result, begun);
        store.write(id, next);
        if (!isCheckOf(current.get(), check)) {
            // Changed between the two looks, and what that has written is overwritten now.
            store.write(id, HealthState.starting(rooms.clock().instant(), ProcessDetails.uptime()));
            return Optional.empty();
        }
        var changed = next.status() != state.status();
        if (changed) {
            rooms.events().tell(record, "health_status: " + next.status().name().toLowerCase(Locale.ROOT));
        }
        return Optional.of(new Kept(next, changed));
    }

    /** Whether that is how the container is checked. */
    static boolean isCheckOf(Optional<ContainerRecord> record, EffectiveHealthCheck check) {
        return record.flatMap(ContainerRecord::effective)
                .flatMap(Effective::healthCheck)
                .filter(check::equals)
                .isPresent();
    }

    /** What is known of that run, which has a process; what is there of an earlier one does not count. */
    static HealthState state(Run run, Optional<HealthState> known) {
        var uptime = run.process().orElseThrow().started();
        return known.filter(s -> !s.startedAt().isBefore(run.startedAt()))
                .map(s -> s.knowing(uptime))
                .orElseGet(() -> HealthState.starting(run.startedAt(), uptime));
    }
}
