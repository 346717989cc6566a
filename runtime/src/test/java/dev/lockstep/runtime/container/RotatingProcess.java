package dev.lockstep.runtime.container;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A process that does nothing but rotate logs, as an agent does; to be killed. */
final class RotatingProcess {
    private RotatingProcess() {}

    /** Starts it and returns when it rotates. */
    static Process start(Path directory) throws IOException {
        var java = ProcessHandle.current().info().command().orElseThrow();
        var process = new ProcessBuilder(List.of(
                        java,
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RotatingProcess.class.getName(),
                        directory.toString()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!"ready".equals(process.inputReader().readLine())) {
            throw new IOException("the process that rotates did not start");
        }
        return process;
    }

    public static void main(String[] args) throws IOException {
        var directory = Path.of(args[0]);
        try (var engine = Engine.open(new EngineOptions(
                        directory.resolve("state"), directory.resolve("run"), "test", Optional.empty(), true));
                var rotation = engine.containers().rotateLogs()) {
            System.out.println("ready");
            System.out.flush();
            while (true) {
                rotation.await(Duration.ofSeconds(1));
            }
        }
    }
}
