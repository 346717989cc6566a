package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The record of a run, put together from what conmon and the runtime keep, where our own cannot be read. Ports and
 * addresses are not among it: they show as drift, and the next apply publishes them again.
 */
record RebuiltRun(ContainerFiles files, String bootId) {
    /** Empty where nothing of this boot can be told from the files: then the run has ended unseen. */
    Optional<Run> run(Optional<ContainerRecord> record) {
        var process = process(files.pidFile());
        var conmon = process(files.conmonPidFile());
        if (process.isEmpty() && conmon.isEmpty()) {
            return Optional.empty();
        }
        var words = conmon.map(c -> words(c.pid())).orElse(List.of());
        var at = words.indexOf("-r");
        var options = record.map(r -> r.spec().options());
        return Optional.of(new Run(
                bootId,
                // Both runtimes keep this file from create to start.
                process.isPresent()
                        && Files.notExists(Host.runtimeState(files.root())
                                .resolve(files.id())
                                .resolve("exec.fifo")),
                process,
                conmon,
                written(files.pidFile()),
                at >= 0 && at + 1 < words.size() ? words.get(at + 1) : "runc",
                List.of(),
                List.of(),
                options.filter(o -> o.process().tty()).isPresent(),
                options.filter(o -> o.process().stdinOpen()).isPresent(),
                record.map(r -> files.cgroup(r.spec())),
                Map.of()));
    }

    /** Only one that names the container: in its cgroup, or, for conmon, in its command line. */
    private Optional<ProcessIdentity> process(Path pidFile) {
        try {
            var process = ProcessIdentity.of(
                    Integer.parseInt(Files.readString(pidFile).strip()));
            return process.filter(p -> text(p.pid(), "cgroup").contains(files.id())
                    || words(p.pid()).contains(files.id()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Instant written(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            return Instant.EPOCH;
        }
    }

    private static List<String> words(int pid) {
        return List.of(text(pid, "cmdline").split("\0"));
    }

    private static String text(int pid, String file) {
        try (var in = Files.newInputStream(Path.of("/proc", String.valueOf(pid), file))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // it has ended
        }
    }
}
