package dev.lockstep.runtime.oci;

import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessSpawner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that starts containers: runc, crun and what takes their command line.
 *
 * @param name as {@code runtime:} names it
 * @param program absolute path
 * @param state its {@code --root}: what it knows of containers, below our run root
 */
public record OciRuntime(String name, Path program, Path state) {
    /**
     * The whole environment of it and of conmon: nothing of ours, no secret, reaches them. Without the letters of UTF-8
     * conmon refuses paths that have other ones than ASCII.
     */
    public static final List<String> ENVIRONMENT =
            List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8");

    private static final int OUTPUT = 64 * 1024;

    /** The same program, which keeps what it knows of containers elsewhere. */
    public OciRuntime withState(Path other) {
        return new OciRuntime(name, program, other);
    }

    /**
     * How a run of it ended.
     *
     * @param output what it printed on both streams, the first 64 KiB
     */
    public record Result(int exitCode, String output) {
        /** Whether it did what it was asked. */
        public boolean succeeded() {
            return exitCode == 0;
        }
    }

    /** Runs one command of it to its end. Platform threads only. */
    public Result run(String... arguments) throws IOException {
        try (var pipe = Pipe.open()) {
            var pid = ProcessSpawner.spawn(command(pipe.writeEnd(), arguments));
            pipe.writeEnd().close();
            var output = pipe.readEnd().inputStream().readNBytes(OUTPUT);
            pipe.readEnd().close();
            return new Result(ProcessSpawner.reap(pid), new String(output, StandardCharsets.UTF_8).strip());
        }
    }

    /** The command with both output streams into {@code output}. */
    public ProcessSpawner.Command command(Fd output, String... arguments) {
        var argv = new ArrayList<>(List.of(program.toString(), "--root", state.toString()));
        argv.addAll(List.of(arguments));
        var stream = new ProcessSpawner.Stream.Descriptor(output);
        return new ProcessSpawner.Command(
                argv, ENVIRONMENT, new ProcessSpawner.Stream.Nothing(), stream, stream, List.of());
    }
}
