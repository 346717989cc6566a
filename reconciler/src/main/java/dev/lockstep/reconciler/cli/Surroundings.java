package dev.lockstep.reconciler.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a command sees of the world outside: tests give it another one.
 *
 * @param out the answer; buffered, flushed at the end and before every question
 * @param err the talk
 * @param terminals which of the streams are terminals
 * @param directory where the command was called, absolute
 * @param launcher the {@code lockstep} program itself, which restarts containers later; absent when the classes were
 *     started without it
 * @param privileged whether the caller is root
 */
record Surroundings(
        InputStream in,
        PrintStream out,
        PrintStream err,
        Terminals terminals,
        Map<String, String> environment,
        Path directory,
        InstantSource clock,
        Optional<Path> launcher,
        boolean privileged) {
    private static final int BUFFER = 8192;
    private static final Path STATUS = Path.of("/proc/self/status");

    Surroundings {
        environment = Map.copyOf(environment);
    }

    /** Which streams lead to a person's terminal. */
    record Terminals(boolean in, boolean out, boolean err) {
        static final Terminals NONE = new Terminals(false, false, false);

        private static Terminals ofThisProcess() {
            return new Terminals(isTerminal(0), isTerminal(1), isTerminal(2));
        }

        /** Where the descriptor leads says it without a native call: 30 ms less at the start of each command. */
        private static boolean isTerminal(int descriptor) {
            try {
                var target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                        .toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
            } catch (IOException e) {
                return false;
            }
        }
    }

    static Surroundings ofThisProcess() {
        return new Surroundings(
                System.in,
                stream(FileDescriptor.out, BUFFER, false),
                stream(FileDescriptor.err, BUFFER, true),
                Terminals.ofThisProcess(),
                System.getenv(),
                Path.of("").toAbsolutePath(),
                InstantSource.system(),
                Optional.ofNullable(System.getProperty("lockstep.launcher")).map(Path::of),
                isRoot());
    }

    /** By the kernel's own word and without a native call, which most commands need not load. */
    private static boolean isRoot() {
        try {
            for (var line : Files.readAllLines(STATUS)) {
                if (line.startsWith("Uid:")) {
                    return line.split("\\s+", -1)[2].equals("0"); // real, effective, saved, file system
                }
            }
        } catch (IOException e) {
            // Without /proc nothing else works either; the command says so.
        }
        return false;
    }

    private static PrintStream stream(FileDescriptor descriptor, int buffer, boolean flush) {
        // UTF-8 whatever the locale: names and values of the files are.
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor), buffer), flush, StandardCharsets.UTF_8);
    }

    /** Whether what is printed there may have colours (https://no-color.org, http://bixense.com/clicolors). */
    boolean colour(boolean terminal) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty()
                && (!environment.getOrDefault("CLICOLOR_FORCE", "0").equals("0")
                        || terminal && !environment.getOrDefault("TERM", "").equals("dumb"));
    }

    /** The same with another value of a variable. */
    Surroundings with(String variable, String value) {
        var changed = new HashMap<>(environment);
        changed.put(variable, value);
        return new Surroundings(in, out, err, terminals, changed, directory, clock, launcher, privileged);
    }

    /** The same as if it were called elsewhere. */
    Surroundings at(Path elsewhere) {
        return new Surroundings(in, out, err, terminals, environment, elsewhere, clock, launcher, privileged);
    }

    /** The same where the talk goes to a terminal, or to none, whatever it really is. */
    Surroundings withTalkOnTerminal(boolean terminal) {
        var seen = new Terminals(terminals.in(), terminals.out(), terminal);
        return new Surroundings(in, out, err, seen, environment, directory, clock, launcher, privileged);
    }

    /** A variable that is set and not empty. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }
}
