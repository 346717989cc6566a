package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Fifo;
import dev.lockstep.runtime.linux.PacketSocket;
import dev.lockstep.runtime.linux.Terminal;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs further programs in running containers, each under a conmon of its own: our death does not end them. */
final class ExecSessions {
    private static final Logger LOG = LoggerFactory.getLogger(ExecSessions.class);

    /** From the death of all that a program began to the end of its output. */
    private static final Duration STREAMS_END = Duration.ofSeconds(2);

    /** After the end of a program. */
    private static final Duration NOBODY_WAITS = Duration.ofMinutes(5);

    /** Rows and columns; more is a mistake of whoever tells them. */
    private static final int LARGEST_TERMINAL = 1000;

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;

    ExecSessions(ContainerRooms rooms, ContainerStore store, Host host) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
    }

    ExecResult exec(ContainerRecord record, ExecSpec spec, ExecStreams streams) throws IOException {
        return exec(record, spec, streams, Optional.empty())
                .orElseThrow(() -> new IllegalStateException("a program without a limit has run into it"));
    }

    /** The same for a program that must end: empty when it did not in that time, and was killed with all it began. */
    Optional<ExecResult> execWithin(Duration limit, ContainerRecord record, ExecSpec spec, ExecStreams streams)
            throws IOException {
        return exec(record, spec, streams, Optional.of(limit));
    }

    private Optional<ExecResult> exec(
            ContainerRecord record, ExecSpec spec, ExecStreams streams, Optional<Duration> limit) throws IOException {
        requireRunning(record);
        var files = store.files(record.id());
        sweep(files);
        var name = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        var directory = Root.directory(files.sessions().resolve(name));
        var runs = false;
        try {
            var conmon = new Conmon(
                    rooms.conmon().get(),
                    runtime(record),
                    host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root())),
                    rooms.root().json());
            var process = writeProcess(record, spec, streams.size(), directory);
            var words = ": " + String.join(" ", spec.args());
            rooms.events().tell(record, "exec_create" + words, Map.of("execID", name));
            var oomScoreAdj = record.made().options().oomScoreAdj();
            try (var session = conmon.session(
                    record.id(), name, directory, process, oomScoreAdj, spec.tty(), spec.stdin(), spec.detach())) {
                if (spec.tty()) {
                    streams.windowSizes().accept((rows, columns) -> resize(directory, rows, columns));
                }
                Optional<String> error;
                try {
                    error = session.run();
                } finally {
                    HostNull.giveBack();
                }
                if (error.isPresent()) {
                    var reason = RuntimeMessages.classify(error.get());
                    return Optional.of(new ExecResult(
                            reason == ContainerException.Reason.RUNTIME ? 126 : reason.exitCode(),
                            error.map(why -> RuntimeMessages.cannotRun(
                                    spec.args().getFirst(), record.spec().name(), why))));
                }
                runs = spec.detach();
                rooms.events().tell(record, "exec_start" + words, Map.of("execID", name));
                if (session.socket().isEmpty()) {
                    return Optional.of(new ExecResult(0, Optional.empty()));
                }
                var socket = session.socket().get();
                var over = new CountDownLatch(1);
                var tooLong = new AtomicBoolean();
                if (limit.isPresent()) {
                    Thread.ofPlatform().daemon().name("limit").start(() -> {
                        if (!isOver(over, limit.get())) {
                            tooLong.set(true);
                            end(record, directory, socket, over);
                        }
                    });
                }
                AttachedStreams.End end;
                try {
                    end = AttachedStreams.copy(socket, streams, spec.stdin());
                } catch (IOException e) {
                    runs = true; // and conmon needs its files
                    throw e;
                } finally {
                    over.countDown();
                }
                if (tooLong.get()) {
                    rooms.events().tell(record, "exec_die", Map.of("execID", name, "exitCode", "137"));
                    return Optional.empty();
                }
                if (end == AttachedStreams.End.DETACHED) {
                    runs = true;
                    rooms.events().tell(record, "exec_detach", Map.of("execID", name));
                    return Optional.of(new ExecResult(0, Optional.empty()));
                }
                var code = session.exitCode();
                rooms.events().tell(record, "exec_die", Map.of("execID", name, "exitCode", String.valueOf(code)));
                return Optional.of(new ExecResult(code, Optional.empty()));
            }
        } finally {
            if (!runs) {
                Teardown.removeTree(directory);
            }
        }
    }

    /**
     * Removes the directories of programs that have ended and that nobody waited for, as of detached ones. Whoever
     * waits for one removes its directory much earlier.
     */
    private void sweep(ContainerFiles files) throws IOException {
        var before = rooms.clock().instant().minus(NOBODY_WAITS);
        for (var name : ContainerStore.names(files.sessions())) {
            var session = files.sessions().resolve(name);
            // The last that conmon does there.
            var exit = session.resolve("exits").resolve(files.id());
            try {
                if (Files.getLastModifiedTime(exit).toInstant().isBefore(before)) {
                    Teardown.removeTree(session);
                }
            } catch (IOException e) {
                // It runs, or somebody else removes it at this moment; a later session looks again.
            }
        }
    }

    private static boolean isOver(CountDownLatch over, Duration limit) {
        try {
            return over.await(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            return true; // nobody does that to a thread of ours
        }
    }

    /** Kills it. What it left to itself may keep its streams open: nobody listens to those for ever either. */
    private void end(ContainerRecord record, Path directory, PacketSocket socket, CountDownLatch over) {
        try {
            ProbeProcesses.kill(
                    host.cgroups().at(store.files(record.id()).cgroup(record.spec())), directory.resolve("pid"));
        } catch (IOException e) {
            LOG.warn(
                    "container={} a program that takes too long cannot be killed: {}",
                    record.spec().name(),
                    e.getMessage());
        }
        if (!isOver(over, STREAMS_END)) {
            socket.hangUp();
        }
    }

    /** The one that knows the container. */
    OciRuntime runtime(ContainerRecord record) throws IOException {
        var run = store.run(record.id(), host.bootId());
        var runtimes = new Runtimes(rooms, host);
        return run.isPresent() ? runtimes.of(run.get()) : runtimes.of(record.spec());
    }

    /** Tells conmon the size of the terminal; its files are in that directory. */
    static void resize(Path directory, int rows, int columns) throws IOException {
        // Nobody listens: the session is over, and its size does not matter any more.
        Fifo.writeLine(
                directory.resolve("ctl"),
                Conmon.of(directory),
                "1 " + Math.clamp(rows, 0, LARGEST_TERMINAL) + " " + Math.clamp(columns, 0, LARGEST_TERMINAL));
    }

    /**
     * Lets a program's terminal have a size from the beginning: conmon may hear of it when the program runs already.
     */
    static void beginWith(Optional<Terminal.Size> size, ObjectNode process) {
        size.ifPresent(s -> process.putObject("consoleSize")
                .put("height", Math.clamp(s.rows(), 0, LARGEST_TERMINAL))
                .put("width", Math.clamp(s.columns(), 0, LARGEST_TERMINAL)));
    }

    /** Refuses one that stands still, too: a program in it would not begin. */
    void requireRunning(ContainerRecord record) throws IOException {
        requireAlive(record);
        if (host.cgroups().at(store.files(record.id()).cgroup(record.spec())).isFreezing()) {
            throw new ContainerException(
                    ContainerException.Reason.CONFLICT,
                    "Container " + record.spec().name() + " is paused; unpause it first.");
        }
    }

    void requireAlive(ContainerRecord record) throws IOException {
        var run = store.run(record.id(), host.bootId());
        if (run.filter(Run::started).filter(Run::isAlive).isEmpty()) {
            throw new ContainerException(
                    ContainerException.Reason.CONFLICT,
                    "Container " + record.spec().name() + " is not running.");
        }
    }

    /**
     * The container's own process with what was asked for on top.
     *
     * @param size of its terminal, if it has one
     */
    Path writeProcess(ContainerRecord record, ExecSpec spec, Optional<Terminal.Size> size, Path directory)
            throws IOException {
        var effective = record.made();
        var environment = new LinkedHashMap<>(effective.environment());
        if (spec.tty()) {
            environment.putIfAbsent("TERM", "xterm");
        }
        environment.putAll(spec.environment());
        var process = Start.process(
                record,
                store.files(record.id()),
                spec.tty(),
                spec.user().orElse(effective.user()),
                spec.args(),
                environment,
                spec.workingDir().orElse(effective.workingDir()),
                spec.privileged() ? Capabilities.ofHost() : effective.capabilities());
        var file = directory.resolve("process.json");
        var json = rooms.root().json();
        var written = process.toJson(json);
        if (spec.tty()) {
            beginWith(size, written);
        }
        Files.write(file, json.writeValueAsBytes(written));
        return file;
    }
}
