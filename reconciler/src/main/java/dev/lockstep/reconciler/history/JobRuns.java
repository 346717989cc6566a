package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What became of the services of stacks that run at times: {@code stacks/STACK/jobs.json}. */
public final class JobRuns {
    private final Root root;
    private final StateFile<Jobs> state;

    public JobRuns(Root root) {
        this.root = root;
        this.state = root.stateFile(Jobs.class, 1);
    }

    /** By service. */
    public record Jobs(Map<String, Job> services) {
        public Jobs {
            services = Collections.unmodifiableMap(new TreeMap<>(services));
        }
    }

    /**
     * One service.
     *
     * @param considered up to when its times have been looked at: they have been run, or left out for good
     * @param container id of the last run's container
     * @param started when the last run began
     * @param ended when the last run ended; absent while it runs
     * @param exitCode of the last run; absent while it runs, and where nobody knows
     * @param note why the last time was no run; empty when it was one
     */
    public record Job(
            Instant considered,
            Optional<String> container,
            Optional<Instant> started,
            Optional<Instant> ended,
            Optional<Integer> exitCode,
            String note) {
        /** One that has not run yet. */
        public static Job since(Instant time) {
            return new Job(time, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), "");
        }

        /** Its times up to then have been looked at. */
        public Job considered(Instant time, String why) {
            return new Job(time, container, started, ended, exitCode, why);
        }

        /** A run has begun. */
        public Job begun(String id, Instant time) {
            return new Job(considered, Optional.of(id), Optional.of(time), Optional.empty(), Optional.empty(), "");
        }

        /** The run has ended. */
        public Job over(Instant time, Optional<Integer> code) {
            return new Job(considered, container, started, Optional.of(time), code, note);
        }

        /** Whether a run has begun and nobody has seen its end. */
        public boolean isOpen() {
            return started.isPresent() && ended.isEmpty();
        }
    }

    /** All of one stack, by service. */
    public Map<String, Job> of(String stack) throws IOException {
        return state.read(file(stack)).map(Jobs::services).orElse(Map.of());
    }

    /** Writes one down. Only one process may: the agent. */
    public synchronized void write(String stack, String service, Job job) throws IOException {
        StackDirectories.make(root, stack);
        var all = new TreeMap<>(of(stack));
        all.put(service, job);
        state.write(file(stack), new Jobs(all));
    }

    /** Sets what is damaged aside, as {@code jobs.json.damaged}; the times of these services count from then on. */
    public synchronized void beginAnew(String stack, Set<String> services, Instant time) throws IOException {
        // Damaged until it is written anew: without any, all times since a service was made would count.
        Files.copy(file(stack), file(stack).resolveSibling("jobs.json.damaged"), StandardCopyOption.REPLACE_EXISTING);
        state.write(
                file(stack),
                new Jobs(services.stream().collect(Collectors.toMap(Function.identity(), _ -> Job.since(time)))));
    }

    private Path file(String stack) {
        return StackDirectories.of(root, stack).resolve("jobs.json");
    }
}
