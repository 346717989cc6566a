package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.DetachKeys;
import dev.lockstep.runtime.container.ExecStreams;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Terminal;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * The streams of whoever called a command, for a program in a container. A terminal is raw as long as this is open, so
 * that every key, Ctrl-C too, is the program's; its size is passed on whenever it changes.
 */
final class PersonStreams implements AutoCloseable {
    private final Optional<Terminal> terminal;
    private final ExecStreams streams;

    private PersonStreams(Optional<Terminal> terminal, ExecStreams streams) {
        this.terminal = terminal;
        this.streams = streams;
    }

    /** @param raw whether the program has a terminal, too */
    static PersonStreams of(Invocation call, boolean raw, DetachKeys keys) throws LinuxException {
        var world = call.world();
        // Streams that tell when nobody reads them any more; else the program would write to nobody, and we would wait.
        var out = new StandardOutput(world.out(), 1);
        var err = new StandardOutput(world.err(), 2);
        var opened = raw ? Terminal.open() : Optional.<Terminal>empty();
        if (opened.isEmpty()) {
            return new PersonStreams(opened, new ExecStreams(world.in(), out, err, resize -> {}, keys));
        }
        var terminal = opened.get();
        // Also when the process is killed by a signal: a shell on a raw terminal is of no use to anybody.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> close(terminal)));
        terminal.raw();
        return new PersonStreams(
                opened,
                new ExecStreams(
                        world.in(),
                        out,
                        err,
                        Optional.of(terminal.size()),
                        resize ->
                                Thread.ofPlatform().daemon().name("window-size").start(() -> watch(terminal, resize)),
                        keys));
    }

    ExecStreams streams() {
        return streams;
    }

    private static void close(Terminal terminal) {
        try {
            terminal.close();
        } catch (LinuxException e) {
            // The terminal is gone, and its settings with it.
        }
    }

    /** Tells the size now and whenever it changes. */
    private static void watch(Terminal terminal, ExecStreams.Resize resize) {
        var changes = new Semaphore(1);
        Signals.hear("WINCH", changes::release);
        try {
            while (true) {
                changes.acquire();
                changes.drainPermits(); // several changes, one size
                var size = terminal.size();
                resize.to(size.rows(), size.columns());
            }
        } catch (IOException e) {
            // The session or the terminal is over.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        terminal.ifPresent(PersonStreams::close);
    }
}
