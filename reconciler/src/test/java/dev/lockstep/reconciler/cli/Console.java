package dev.lockstep.reconciler.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** A command line without a process: what goes in, and what came out. */
final class Console {
    static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Surroundings world;

    private Console(Path directory, String input, Map<String, String> environment, boolean privileged) {
        this(directory, input.getBytes(StandardCharsets.UTF_8), Surroundings.Terminals.NONE, environment, privileged);
    }

    private Console(
            Path directory,
            byte[] input,
            Surroundings.Terminals terminals,
            Map<String, String> environment,
            boolean privileged) {
        this.world = new Surroundings(
                new ByteArrayInputStream(input),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminals,
                environment,
                directory,
                () -> NOW,
                Optional.of(Path.of("/opt/lockstep/bin/lockstep")),
                privileged);
    }

    static Console in(Path directory) {
        return new Console(directory, "", Map.of(), true);
    }

    static Console in(Path directory, String input) {
        return new Console(directory, input, Map.of(), true);
    }

    static Console in(Path directory, String input, Map<String, String> environment) {
        return new Console(directory, input, environment, true);
    }

    static Console in(Path directory, Map<String, String> environment) {
        return new Console(directory, "", environment, true);
    }

    static Console in(Path directory, byte[] input) {
        return new Console(directory, input, Surroundings.Terminals.NONE, Map.of(), true);
    }

    /** Where a person sits before all three streams. */
    static Console onTerminal(Path directory) {
        return new Console(directory, new byte[0], new Surroundings.Terminals(true, true, true), Map.of(), true);
    }

    /** Called by somebody who is not root. */
    static Console unprivileged(Path directory) {
        return new Console(directory, "", Map.of(), false);
    }

    /** What 'plan' says of that file, on a host that has nothing yet. */
    static String planOf(Path directory, String compose) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), compose);
        var console = in(directory);
        var unused = console.run(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "plan");
        return console.out() + console.err();
    }

    int run(String... args) {
        var code = new CommandLineInterface(world).run(args);
        world.out().flush();
        return code;
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
