package dev.lockstep.runtime.dns;

import dev.lockstep.runtime.linux.ForeignText;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.linux.ProcessSpawner.Stream;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One aardvark-dns with the directory of its zones. It outlives us, and is told of changes by SIGHUP; who starts, tells
 * or stops it holds the network lock, since a young one dies of that signal.
 *
 * @param directory where it has {@code zones}, with the file of its pid beside them, and {@code log}
 */
record Aardvark(Path directory, NameServer.Program program, LongConsumer afterStart) {
    private static final Logger log = LoggerFactory.getLogger(Aardvark.class);
    private static final String PID_FILE = "aardvark.pid";
    private static final Signal HANG_UP = Signal.parse("HUP");
    private static final String CAUGHT = "SigCgt:";
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    Path zones() {
        return directory.resolve("zones");
    }

    /** Whether a file in that directory is a zone. */
    static boolean isZone(String fileName) {
        return !fileName.equals(PID_FILE);
    }

    /** Writes the zone's file; the server is told by {@link #tell}. */
    void put(DnsZone zone) throws IOException {
        // Written outside the directory: aardvark-dns takes every file in it for a zone.
        var temporary = directory.resolve("zone" + AtomicFiles.TEMPORARY);
        Files.write(temporary, zone.content());
        Files.move(temporary, zones().resolve(zone.fileName()), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Its pid, when it runs. */
    Optional<Integer> pid() throws IOException {
        try {
            var pid =
                    Integer.parseInt(Files.readString(zones().resolve(PID_FILE)).strip());
            return isOne(pid) ? Optional.of(pid) : Optional.empty();
        } catch (NoSuchFileException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Whether that process is one for these zones: pids are used again. */
    private boolean isOne(int pid) {
        try {
            // Of others it may be anything, not UTF-8 alone; a zombie has none.
            var bytes = Files.readAllBytes(Path.of("/proc", String.valueOf(pid), "cmdline"));
            var arguments = new String(bytes, StandardCharsets.UTF_8).split("\0", -1);
            return arguments.length > 2 && arguments[1].equals("-c") && arguments[2].equals(zones().toString());
        } catch (IOException e) {
            return false; // ended while we read: ESRCH
        }
    }

    /** It, when it runs: to wait for its end. */
    Optional<Pidfd> process() throws IOException {
        var identity = pid().flatMap(ProcessIdentity::of);
        return identity.isPresent() ? Pidfd.open(identity.get()) : Optional.empty();
    }

    /** Makes it read its zones anew; false when it has ended. */
    static boolean tell(Pidfd server) throws IOException {
        return server.send(HANG_UP);
    }

    /**
     * Waits until a server that was started by somebody else takes the signal: who starts one holds the lock until
     * then, but may be killed, and a young one dies of it.
     */
    void awaitReady() throws IOException {
        var end = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (System.nanoTime() < end && pid().filter(Aardvark::isYoung).isPresent()) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether it runs and has no handler for the signal yet: proc_pid_status(5), SigCgt. */
    private static boolean isYoung(int pid) {
        try (var lines = Files.lines(Path.of("/proc", String.valueOf(pid), "status"))) {
            return lines.filter(line -> line.startsWith(CAUGHT))
                    .noneMatch(line -> (Long.parseUnsignedLong(
                                            line.substring(CAUGHT.length()).strip(), 16)
                                    & 1)
                            != 0);
        } catch (IOException | UncheckedIOException e) {
            return false; // it has ended
        }
    }

    /** Starts it in the network namespace of the calling thread, after {@link #stop}; it listens when this returns. */
    void start(int port) throws IOException {
        var executable = program.find().toString();
        var output = directory.resolve("log");
        Files.deleteIfExists(zones().resolve(PID_FILE));
        Files.deleteIfExists(output);
        Files.writeString(starting(), "");
        var code = ProcessSpawner.reap(ProcessSpawner.spawn(new ProcessSpawner.Command(
                List.of(executable, "-c", zones().toString(), "-p", String.valueOf(port), "run"),
                List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"),
                new Stream.Nothing(),
                new Stream.Append(output),
                new Stream.Append(output),
                List.of())));
        var pid = pid();
        if (code != 0 || pid.isEmpty()) {
            throw new IOException("aardvark-dns on port " + port + " did not start (exit code " + code + "): "
                    + (Files.exists(output) ? ForeignText.read(output).strip() : ""));
        }
        afterStart.accept(pid.get());
        Files.deleteIfExists(starting());
        log.info("started aardvark-dns pid={} port={} zones={}", pid.get(), port, zones());
    }

    /** There from before one is started until its pid is known: whoever starts it may be killed in between. */
    private Path starting() {
        return directory.resolve("starting");
    }

    /** Ends it, if it runs, and what a start that was cut off has left. Platform threads only. */
    void stop() throws IOException {
        try (var server = process().orElse(null)) {
            if (server != null && server.send(Signal.TERM)) {
                // Awaited, so that nobody tells a new zone to a server that is about to go.
                if (!server.awaitExit(PATIENCE)) {
                    server.send(Signal.KILL);
                }
                Files.deleteIfExists(zones().resolve(PID_FILE));
                log.info("stopped aardvark-dns zones={}", zones());
            }
        }
        if (Files.exists(starting())) {
            while (endsStrays()) {
                // Until there is none: they fork as they start.
            }
            Files.deleteIfExists(starting());
        }
    }

    /**
     * Ends those whose pid nobody knows. Such a one would hold the port, and write its pid over that of the next one;
     * true when there was any.
     */
    private boolean endsStrays() throws IOException {
        var found = false;
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                var pid = Integer.parseInt(process.getFileName().toString());
                var identity = ProcessIdentity.of(pid);
                if (identity.isEmpty() || !isOne(pid)) {
                    continue;
                }
                try (var stray = Pidfd.open(identity.get()).orElse(null)) {
                    if (stray != null && stray.send(Signal.KILL)) {
                        found |= stray.awaitExit(PATIENCE);
                        log.info("ended aardvark-dns pid={} that was left half-started zones={}", pid, zones());
                    }
                }
            }
        }
        return found;
    }
}
