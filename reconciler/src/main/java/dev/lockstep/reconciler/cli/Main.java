package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.EarlyStart;

/** Where the process begins and ends. */
public final class Main {
    /**
     * Set, even to nothing, it keeps JNA from running {@code ldconfig} at its start: the loader knows where libraries
     * are.
     */
    private static final String JNA_LIBRARIES = "jna.platform.library.path";

    /** What the launcher says of commands that look at the host. */
    private static final String ENGINE = "lockstep.engine";

    private Main() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        if (System.getProperty(JNA_LIBRARIES) == null) {
            System.setProperty(JNA_LIBRARIES, "");
        }
        if (Boolean.getBoolean(ENGINE)) {
            EarlyStart.begin();
        }
        var world = Surroundings.ofThisProcess();
        int code;
        try {
            code = new CommandLineInterface(world).run(args);
        } finally {
            world.out().flush();
            world.err().flush();
        }
        end(code);
    }

    /** Every command has put its things in order when it comes to its end; hooks are for signals. */
    private static void end(int code) {
        var runtime = Runtime.getRuntime();
        try {
            // Throws while a signal is ending the process, whose exit code then counts.
            runtime.removeShutdownHook(Thread.ofPlatform().unstarted(() -> {}));
        } catch (IllegalStateException e) {
            System.exit(code);
        }
        // Exit would make a logger first, for which it looks into every jar: 10 ms.
        runtime.halt(code);
    }
}
