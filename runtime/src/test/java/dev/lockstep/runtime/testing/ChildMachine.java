package dev.lockstep.runtime.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * Starts virtual machines that do a part of a test and are killed meanwhile: with one compiler, a small collector, and
 * their classes from a cache. Without that, two thirds of a start goes into reading and checking classes, and a test
 * that kills hundreds of them does little else.
 */
public final class ChildMachine {
    private final List<String> options;

    private ChildMachine(List<String> options) {
        this.options = List.copyOf(options);
    }

    /** Without a cache, for a test that starts a few. */
    public static ChildMachine plain() {
        return new ChildMachine(List.of("-cp", System.getProperty("java.class.path")));
    }

    /**
     * With a cache of the classes that {@code main} needs, which is run once to its end.
     *
     * @param directory where the cache is kept
     * @param input what the program is told on its standard input
     */
    public static ChildMachine trained(Path directory, String input, Class<?> main, String... arguments)
            throws IOException {
        var classPath = jars(directory);
        var cache = directory.resolve("classes.aot");
        var output = directory.resolve("training.log");
        var training = new ChildMachine(List.of("-XX:AOTCacheOutput=" + cache, "-cp", classPath));
        var process = new ProcessBuilder(training.command(main, arguments))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try (var in = process.outputWriter()) {
            in.write(input);
        }
        try {
            if (process.waitFor() != 0) {
                throw new IOException("training of " + main.getName() + ": " + Files.readString(output));
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        // Without its own messages: who reads what a program says would take them for that.
        return new ChildMachine(List.of("-XX:AOTCache=" + cache, "-Xlog:disable", "-cp", classPath));
    }

    /** The class path of this machine with a jar for each directory, of which a cache takes no classes. */
    private static String jars(Path directory) throws IOException {
        var jar = ToolProvider.findFirst("jar").orElseThrow();
        var all = new ArrayList<String>();
        for (var entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (Files.isDirectory(Path.of(entry))) {
                var file = directory.resolve(all.size() + ".jar").toString();
                if (jar.run(System.out, System.err, "--create", "--no-compress", "--file", file, "-C", entry, ".")
                        != 0) {
                    throw new IOException("no jar could be made of " + entry);
                }
                all.add(file);
            } else {
                all.add(entry);
            }
        }
        return String.join(File.pathSeparator, all);
    }

    /** The words that start such a machine. */
    public List<String> command(Class<?> main, String... arguments) {
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        command.addAll(options);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return command;
    }
}
