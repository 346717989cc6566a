package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.util.List;

/** Passes the signals that a person sends to a command on to the container that it shows. */
final class Passing {
    /**
     * Those that would end the command and leave the container running without it; not QUIT, which the JVM keeps for
     * itself, nor what a terminal does to the command alone (its size, its background).
     */
    static final List<String> SIGNALS = List.of("INT", "TERM", "HUP", "USR1", "USR2", "ALRM", "CONT");

    private Passing() {}

    /** From now on; what cannot be passed on any more is dropped. */
    static void signals(Engine engine, String container) {
        for (var signal : SIGNALS) {
            Signals.hear(signal, () -> pass(engine, container, signal));
        }
    }

    private static void pass(Engine engine, String container, String signal) {
        try {
            engine.containers().kill(container, signal);
        } catch (IOException e) {
            // It has ended, and so will the command.
        }
    }
}
