package dev.lockstep.runtime;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Looks at a host as an agent does at its start and every drift interval, for {@code examples/bench/scale}: prints the
 * number of containers, and a line for each look with the CPU time of its thread in milliseconds. Arguments: root, run
 * root, how many looks. The first ones are those of a young process, before anything is compiled.
 */
final class Looks {
    private Looks() {}

    /** The program. */
    public static void main(String[] args) throws Exception {
        var options = new EngineOptions(Path.of(args[0]), Path.of(args[1]), "bench", Optional.empty(), true);
        var threads = ManagementFactory.getThreadMXBean();
        try (var engine = Engine.openForReading(options)) {
            for (var look = 0; look < Integer.parseInt(args[2]); look++) {
                var before = threads.getCurrentThreadCpuTime();
                var seen = engine.observe();
                var took = threads.getCurrentThreadCpuTime() - before;
                if (look == 0) {
                    System.out.println(seen.containers().size());
                }
                System.out.printf("%.1f%n", took / 1e6);
            }
        }
    }
}
