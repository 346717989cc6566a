package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.oci.Rlimit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a {@code RUN} runs, and how.
 *
 * @param environment all of it
 * @param user {@code user[:group]}, names or numbers of the image; empty: root
 * @param workingDir absolute
 * @param insecure whether it may do what root of the host may
 * @param hosts further names
 * @param shmSize of /dev/shm in bytes
 * @param memory bytes that all of it may have
 */
record StepProcess(
        List<String> arguments,
        Map<String, String> environment,
        String user,
        String workingDir,
        Network network,
        boolean insecure,
        String hostname,
        List<Naming.ExtraHost> hosts,
        long shmSize,
        Map<String, Rlimit> limits,
        Optional<Long> memory) {
    /** What it may reach. */
    enum Network {
        /** What containers reach. */
        DEFAULT,
        /** Itself. */
        NONE,
        /** What the host reaches. */
        HOST
    }

    /** Docker's. */
    static final long SHM_SIZE = 64L << 20;

    StepProcess {
        arguments = List.copyOf(arguments);
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        hosts = List.copyOf(hosts);
        limits = Collections.unmodifiableMap(new TreeMap<>(limits));
    }

    /** The same with other variables. */
    StepProcess with(Map<String, String> variables) {
        return new StepProcess(
                arguments, variables, user, workingDir, network, insecure, hostname, hosts, shmSize, limits, memory);
    }
}
