package dev.lockstep.reconciler.building;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A queue in a process of its own that can be killed. */
final class QueueWork {
    private QueueWork() {}

    static Process start(Path directory) throws IOException {
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                QueueWork.class.getName(),
                directory.toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("work.log").toFile())
                .start();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        try (var lab = QueueLab.reopen(Path.of(args[0]));
                var queue = lab.queue()) {
            queue.start();
            queue.awaitIdle(Duration.ofMinutes(5));
        }
    }
}
