package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Fifo;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Runs further programs in running containers, each under a conmon of its own: our death does not end them. */
final class ExecSessions {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;

    ExecSessions(ContainerRooms rooms, ContainerStore store, Host host) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
    }

    ExecResult exec(ContainerRecord record, ExecSpec spec, ExecStreams streams) throws IOException {
        requireRunning(record);
        var files = store.files(record.id());
        var name = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        var directory = Root.directory(files.sessions().resolve(name));
        var runs = false;
        try {
            var conmon = new Conmon(
                    rooms.conmon().get(),
                    runtime(record),
                    host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root())),
                    rooms.root().json());
            var process = writeProcess(record, spec, directory);
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
                    return new ExecResult(
                            reason == ContainerException.Reason.RUNTIME ? 126 : reason.exitCode(),
                            error.map(why -> RuntimeMessages.cannotRun(
                                    spec.args().getFirst(), record.spec().name(), why)));
                }
                runs = spec.detach();
                rooms.events().tell(record, "exec_start" + words, Map.of("execID", name));
                if (session.socket().isEmpty()) {
                    return new ExecResult(0, Optional.empty());
                }
                var socket = session.socket().get();
                if (AttachedStreams.copy(socket, streams, spec.stdin()) == AttachedStreams.End.DETACHED) {
                    runs = true;
                    rooms.events().tell(record, "exec_detach", Map.of("execID", name));
                    return new ExecResult(0, Optional.empty());
                }
                var code = session.exitCode();
                rooms.events().tell(record, "exec_die", Map.of("execID", name, "exitCode", String.valueOf(code)));
                return new ExecResult(code, Optional.empty());
            }
        } finally {
            if (!runs) {
                Teardown.removeTree(directory);
            }
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
        Fifo.writeLine(directory.resolve("ctl"), "1 " + Math.clamp(rows, 0, 1000) + " " + Math.clamp(columns, 0, 1000));
    }

    /** Refuses one that stands still, too: a program in it would not begin. */
    void requireRunning(ContainerRecord record) throws IOException {
        requireAlive(record);
        if (host.cgroups().at(store.files(record.id()).cgroup(record.spec())).isFrozen()) {
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

    /** The container's own process with what was asked for on top. */
    Path writeProcess(ContainerRecord record, ExecSpec spec, Path directory) throws IOException {
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
        Files.write(file, json.writeValueAsBytes(process.toJson(json)));
        return file;
    }
}
