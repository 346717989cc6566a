package dev.lockstep.spec.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that are meant to hurt, each loaded by a process of its own with 256 MB of memory and the flags of the command:
 * it ends with the right words and without a stack trace. What each took is printed, the slowest last: at most 2 s on a
 * machine with nothing else to do.
 */
class BoundsIT {
    /** Of a process that does not end; what is merely slow shows in the printed times. */
    private static final Duration HANGS = Duration.ofMinutes(2);

    @TempDir
    static Path scratch;

    private record Run(String name, Hostile hostile, int code, String out, String err, long millis) {}

    @TestFactory
    Stream<DynamicTest> hostile_files_end_in_clear_words() throws Exception {
        var jobs = new ArrayList<Callable<Run>>();
        Hostile.all().forEach((name, hostile) -> jobs.add(() -> run(name, hostile)));
        var runs = new ArrayList<Run>();
        try (var pool = Executors.newFixedThreadPool(2)) {
            for (var future : pool.invokeAll(jobs)) {
                runs.add(result(future));
            }
        }
        runs.stream()
                .sorted((a, b) -> Long.compare(a.millis, b.millis))
                .forEach(
                        run -> System.out.printf("bounds: %5d ms  %s: %s%n", run.millis, run.name, firstLine(run.err)));
        return runs.stream().map(run -> DynamicTest.dynamicTest(run.name, () -> check(run)));
    }

    private static void check(Run run) {
        assertThat(run.err).as(run.name).doesNotContain("Exception", "OutOfMemoryError", "StackOverflowError", "\tat ");
        // What is told may quote a file, but never whole megabytes of it.
        assertThat(run.err.length()).as(run.name + ": length of what is told").isLessThan(1 << 20);
        // A file must not steer the terminal of who reads what is wrong with it.
        assertThat(run.err.chars().filter(c -> c != '\n' && (Character.isISOControl(c) || c >= 0x202A && c <= 0x202E)))
                .as(run.name + ": control characters in " + firstLine(run.err))
                .isEmpty();
        switch (run.hostile.outcome()) {
            case Hostile.Outcome.Loads() ->
                assertThat(run.code).as(run.name + ": " + run.err).isZero();
            case Hostile.Outcome.Refused(var words) -> {
                assertThat(run.code).as(run.name + " is refused").isEqualTo(1);
                assertThat(run.err).as(run.name).contains(words).isNotBlank();
            }
        }
    }

    private static String firstLine(String err) {
        var line = err.lines().findFirst().orElse("loads").replaceAll("[^\\p{Print}]", "?");
        return line.substring(0, Math.min(150, line.length()));
    }

    private static Run result(Future<Run> future) throws Exception {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }

    private static Run run(String name, Hostile hostile) throws IOException, InterruptedException {
        var directory =
                Files.createDirectories(scratch.resolve(name.replace(' ', '-')).resolve("project"));
        hostile.writer().write(directory);
        var out = directory.resolveSibling("out");
        var err = directory.resolveSibling("err");
        var begin = System.nanoTime();
        var process = new ProcessBuilder(command(directory))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(HANGS.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(name + ": still running after " + HANGS);
        }
        var millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
        return new Run(name, hostile, process.exitValue(), start(out), start(err), millis);
    }

    private static List<String> command(Path directory) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ColdConfig.class.getName(),
                directory.toString());
    }

    private static String start(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return new String(in.readNBytes(2 << 20), StandardCharsets.UTF_8);
        }
    }
}
