package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileMask;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.linux.Signal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A health check that runs: the runtime's {@code exec} as a child of ours, and not under conmon, for it must not
 * outlive its timeout, and nobody wants its output later. Never blocks: whoever has it waits for {@link #waitsFor}, no
 * longer than {@link #patience}, and then calls {@link #look}. For one thread.
 */
final class HealthProbe implements AutoCloseable {
    /** That of a container's own program. */
    private static final int UMASK = 0022;

    private static final int OUTPUT = 4096;
    private static final int READ = 8192;

    /** Reads of what is left in the pipe when the probe has ended: something it left behind may write for ever. */
    private static final int LAST_READS = 16;

    /** Time for the runtime to get the program going; not part of the check's own timeout. */
    static final Duration STARTING = Duration.ofSeconds(30);

    /** The first look for the program's pid; each later one after twice the time. Most probes have ended by then. */
    private static final Duration FIRST_PEEK = Duration.ofMillis(200);

    /** From the program's end to the runtime's: longer only if something holds the output open. */
    private static final Duration OUTPUT_ENDS = Duration.ofSeconds(2);

    private final EffectiveHealthCheck check;
    private final Cgroup cgroup;
    private final Path pidFile;
    private final InstantSource clock;
    private final Flock lock;
    private final Pipe pipe;
    private final int child;
    private final Pidfd pidfd;
    private final Instant begin;
    private final long beginNanos = System.nanoTime();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private boolean writes = true;
    private boolean killed;
    private long deadline;
    private OptionalLong programmed = OptionalLong.empty();
    private Duration peek = FIRST_PEEK;
    private Optional<Pidfd> program = Optional.empty();
    private Optional<Long> programEnded = Optional.empty();

    private HealthProbe(
            EffectiveHealthCheck check,
            Cgroup cgroup,
            Path pidFile,
            InstantSource clock,
            Instant begin,
            Flock lock,
            Pipe pipe,
            int child,
            Pidfd pidfd) {
        this.check = check;
        this.cgroup = cgroup;
        this.pidFile = pidFile;
        this.clock = clock;
        this.begin = begin;
        this.lock = lock;
        this.pipe = pipe;
        this.child = child;
        this.pidfd = pidfd;
        this.deadline = beginNanos + shorter(check.timeout(), STARTING).toNanos();
    }

    /** The command line that runs it, with both output streams into a pipe. */
    @FunctionalInterface
    interface CommandTo {
        ProcessSpawner.Command writing(Fd output) throws IOException;
    }

    /**
     * Starts it.
     *
     * @param cgroup the container's
     * @param pidFile where the runtime writes the program's pid
     * @param lock ours from now on
     */
    static HealthProbe start(
            EffectiveHealthCheck check, Cgroup cgroup, Path pidFile, InstantSource clock, Flock lock, CommandTo command)
            throws IOException {
        var begin = clock.instant();
        var pipe = Pipe.open();
        var started = false;
        try {
            // runc sets none for who joins a container, who then has that of whoever started the runtime: 0077 where
            // that is an agent under systemd.
            var child = FileMask.run(UMASK, () -> ProcessSpawner.spawn(command.writing(pipe.writeEnd())));
            pipe.writeEnd().close();
            // A child that nobody has reaped keeps its pid, even if it has ended by now.
            var pidfd = Pidfd.ofChild(child);
            started = true;
            return new HealthProbe(check, cgroup, pidFile, clock, begin, lock, pipe, child, pidfd);
        } finally {
            if (!started) {
                pipe.close();
            }
        }
    }

    /** Descriptors that become readable when there is something to look at. */
    List<Fd> waitsFor() {
        var fds = new ArrayList<Fd>(List.of(pidfd.fd()));
        if (writes) {
            fds.add(pipe.readEnd());
        }
        if (programEnded.isEmpty()) {
            program.map(Pidfd::fd).ifPresent(fds::add);
        }
        return fds;
    }

    /** How long to wait for them at most; empty when it is killed and will end by itself. */
    Optional<Duration> patience() {
        if (killed) {
            return Optional.empty();
        }
        var next = programEnded.isPresent()
                ? Math.min(deadline, programEnded.get() + OUTPUT_ENDS.toNanos())
                : program.isPresent() ? deadline : Math.min(deadline, beginNanos + peek.toNanos());
        return Optional.of(Duration.ofNanos(Math.max(0, next - System.nanoTime())));
    }

    /** Whether it was still running when its time was over, or when it was not wanted any more. */
    boolean timedOut() {
        return killed;
    }

    /** Reads what it wrote, kills it when its time is over. The result once it has ended. */
    Optional<HealthResult> look() throws IOException {
        if (!Poll.readable(List.of(pidfd.fd()), Optional.of(Duration.ZERO)).isEmpty()) {
            for (var i = 0; i < LAST_READS && read(); i++) {
                // until the pipe is empty
            }
            if (writes) {
                // crun does not wait for who holds the output: as where it would, that is ended.
                ProbeProcesses.kill(cgroup, pidFile);
            }
            return Optional.of(result());
        }
        read();
        if (!killed) {
            peek();
            if (System.nanoTime() - deadline >= 0 && isOver()) {
                kill();
            }
        }
        return Optional.empty();
    }

    /** Kills it, as where its time is over; {@link #look} has a result once it has ended. */
    void kill() throws IOException {
        killed = true;
        ProbeProcesses.kill(cgroup, pidFile);
        pidfd.send(Signal.KILL);
    }

    /**
     * Watches the program itself too. The runtime reads what it writes, and ends when nobody can write any more: what
     * the program left behind with its output open is ended, or its exit code would never be known.
     */
    private void peek() throws IOException {
        var now = System.nanoTime();
        if (program.isEmpty() && programEnded.isEmpty() && now - beginNanos >= peek.toNanos()) {
            var known = Files.exists(pidFile);
            program = ProbeProcesses.leader(cgroup, pidFile);
            programEnded = known && program.isEmpty() ? Optional.of(now) : Optional.empty();
            peek = peek.multipliedBy(2);
        }
        if (program.isPresent() && programEnded.isEmpty() && program.get().awaitExit(Duration.ZERO)) {
            programEnded = Optional.of(now);
        }
        if (programEnded.isPresent() && now - programEnded.get() >= OUTPUT_ENDS.toNanos()) {
            ProbeProcesses.kill(cgroup, pidFile);
            programEnded = Optional.of(now);
        }
    }

    /** One read of what is there; false when nothing is. */
    private boolean read() throws IOException {
        if (!writes
                || Poll.readable(List.of(pipe.readEnd()), Optional.of(Duration.ZERO))
                        .isEmpty()) {
            return false;
        }
        var buffer = new byte[READ];
        var n = pipe.readEnd().inputStream().read(buffer);
        if (n < 0) {
            writes = false;
            return false;
        }
        // The rest is read too, or the probe would wait for us.
        output.write(buffer, 0, Math.clamp(OUTPUT + 1L - output.size(), 0, n));
        return true;
    }

    /**
     * Whether its time is over. The timeout counts from the moment when the program was there, which the pid file tells
     * afterwards: nothing has to wait for that moment.
     */
    private boolean isOver() throws IOException {
        var now = System.nanoTime();
        if (programmed.isEmpty()) {
            try {
                var age = Duration.between(Files.getLastModifiedTime(pidFile).toInstant(), clock.instant());
                // Once: a clock that was set back would have it begin anew each time.
                programmed = OptionalLong.of(now - Math.clamp(age.toNanos(), 0, now - beginNanos));
            } catch (NoSuchFileException e) {
                var guard = beginNanos + STARTING.toNanos();
                deadline = Math.min(now + check.timeout().toNanos(), guard);
                return now - guard >= 0;
            }
        }
        deadline = programmed.getAsLong() + check.timeout().toNanos();
        return now - deadline >= 0;
    }

    private HealthResult result() throws IOException {
        var ended = ProcessSpawner.reap(child);
        // No program, no code of its own: the runtime's is another with each of them.
        var code = ended != 0 && Files.notExists(pidFile) ? -1 : ended;
        var text = text();
        return killed
                ? new HealthResult(
                        begin,
                        clock.instant(),
                        -1,
                        "Health check exceeded timeout (" + GoDuration.of(check.timeout()) + ")"
                                + (text.isEmpty() ? "" : ": " + text))
                : new HealthResult(begin, clock.instant(), code, text);
    }

    private String text() {
        var bytes = output.toByteArray();
        return bytes.length <= OUTPUT
                ? new String(bytes, StandardCharsets.UTF_8)
                : new String(bytes, 0, OUTPUT, StandardCharsets.UTF_8) + "...";
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /** Ends it without a result. */
    void abort() throws IOException {
        ProbeProcesses.kill(cgroup, pidFile);
        pidfd.send(Signal.KILL);
        ProcessSpawner.reap(child);
        close();
    }

    /** To be called after the result: gives back what it held. */
    @Override
    public void close() throws IOException {
        try (lock;
                pipe;
                pidfd) {
            HostNull.giveBack();
            program.ifPresent(Pidfd::close);
            Files.deleteIfExists(pidFile);
        }
    }
}
