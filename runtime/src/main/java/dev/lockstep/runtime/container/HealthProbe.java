package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.linux.ProcessStatus;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.store.Root;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Runs a health check once, as a child of ours and not under conmon: it must not outlive its timeout, and nobody wants
 * its output later.
 */
final class HealthProbe {
    private static final int OUTPUT = 4096;

    /** Time for the runtime to get the program going; not part of the check's own timeout. */
    private static final Duration STARTING = Duration.ofSeconds(30);

    private static final Duration SLICE = Duration.ofMillis(20);

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final ExecSessions sessions;

    HealthProbe(ContainerRooms rooms, ContainerStore store, Host host, ExecSessions sessions) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.sessions = sessions;
    }

    HealthResult run(ContainerRecord record, EffectiveHealthCheck check) throws IOException {
        sessions.requireRunning(record);
        var files = store.files(record.id());
        var name = "probe-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        var directory = Root.directory(files.sessions().resolve(name));
        var start = rooms.clock().instant();
        try (var pipe = Pipe.open()) {
            var spec = new ExecSpec(check.args(), Map.of(), Optional.empty(), Optional.empty(), false, false, false);
            var process = sessions.writeProcess(record, spec, directory);
            var pidFile = directory.resolve("pid");
            var child = ProcessSpawner.spawn(sessions.runtime(record)
                    .command(
                            pipe.writeEnd(),
                            "exec",
                            "--process",
                            process.toString(),
                            "--pid-file",
                            pidFile.toString(),
                            record.id()));
            pipe.writeEnd().close();
            var output = new ByteArrayOutputStream();
            var inTime = read(pipe, child, pidFile, check.timeout(), output);
            if (!inTime) {
                kill(record, child, pidFile);
            }
            var code = ProcessSpawner.reap(child);
            var text = text(output);
            return inTime
                    ? new HealthResult(start, rooms.clock().instant(), code, text)
                    : new HealthResult(
                            start,
                            rooms.clock().instant(),
                            -1,
                            "Health check exceeded timeout (" + check.timeout().toMillis() / 1000.0 + "s)"
                                    + (text.isEmpty() ? "" : ": " + text));
        } catch (ContainerException e) {
            return new HealthResult(start, rooms.clock().instant(), -1, String.valueOf(e.getMessage()));
        } finally {
            Teardown.removeTree(directory);
        }
    }

    /** Reads until the probe has ended; false when it had not in time. */
    private static boolean read(Pipe pipe, int child, Path pidFile, Duration timeout, ByteArrayOutputStream output)
            throws IOException {
        var runtime = ProcessIdentity.of(child);
        try (var pidfd = runtime.isPresent() ? Pidfd.open(runtime.get()).orElse(null) : null) {
            var in = pipe.readEnd().inputStream();
            var buffer = new byte[PIPE_READ];
            var guard = System.nanoTime() + STARTING.toNanos();
            var deadline = Optional.<Long>empty();
            while (true) {
                if (pipe.awaitReadable(SLICE)) {
                    var n = in.read(buffer);
                    if (n < 0) {
                        return true;
                    }
                    // The rest is read too, or the probe would wait for us.
                    output.write(buffer, 0, Math.clamp(OUTPUT + 1L - output.size(), 0, n));
                } else if (pidfd == null || pidfd.awaitExit(Duration.ZERO)) {
                    // Something that it left behind holds the pipe; the probe itself has ended.
                    return true;
                }
                var now = System.nanoTime();
                if (deadline.isEmpty() && Files.exists(pidFile)) {
                    deadline = Optional.of(now + timeout.toNanos());
                }
                if (now - deadline.orElse(guard) > 0) {
                    return false;
                }
            }
        }
    }

    private static final int PIPE_READ = 8192;

    /** Kills the program, everything of its session, everything that descends from it, then the runtime. */
    private void kill(ContainerRecord record, int child, Path pidFile) throws IOException {
        try {
            var leader = Integer.parseInt(Files.readString(pidFile).strip());
            var cgroup = host.cgroups().at(store.files(record.id()).cgroup(record.spec()));
            var doomed = new HashSet<>(Set.of(leader));
            for (var grown = true; grown; ) {
                grown = false;
                for (var pid : cgroup.processes()) {
                    var status = ProcessStatus.of(pid);
                    if (status.filter(s -> s.session() == leader || doomed.contains(s.parent()))
                            .isPresent()) {
                        grown |= doomed.add(pid);
                    }
                }
            }
            for (var pid : doomed) {
                if (cgroup.processes().contains(pid)) {
                    kill(pid);
                }
            }
        } catch (IOException | NumberFormatException e) {
            // It never came so far as to have a pid: the runtime is all there is to kill.
        }
        kill(child);
    }

    private static void kill(int pid) throws IOException {
        var process = ProcessIdentity.of(pid);
        if (process.isPresent()) {
            try (var pidfd = Pidfd.open(process.get()).orElse(null)) {
                if (pidfd != null) {
                    pidfd.send(Signal.KILL);
                }
            }
        }
    }

    private static String text(ByteArrayOutputStream output) {
        var bytes = output.toByteArray();
        return bytes.length <= OUTPUT
                ? new String(bytes, StandardCharsets.UTF_8)
                : new String(bytes, 0, OUTPUT, StandardCharsets.UTF_8) + "...";
    }
}
