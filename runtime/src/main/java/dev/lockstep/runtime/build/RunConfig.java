package dev.lockstep.runtime.build;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How an image wants to be run, with everything that a Dockerfile can say of it (OCI image specification, config.md,
 * and Docker's health check, shell and triggers). Immutable; each {@code with} is the same with one thing changed.
 *
 * @param environment by name, in the order in which names first came
 * @param entrypoint absent: none was set
 * @param command absent: none was set; an empty one is none at run time, but was set
 * @param onBuild instructions for who builds on this
 * @param argsEscaped Docker's mark of a command of its builder
 */
public record RunConfig(
        Optional<String> user,
        SortedSet<String> exposedPorts,
        Map<String, String> environment,
        Optional<List<String>> entrypoint,
        Optional<List<String>> command,
        SortedSet<String> volumes,
        Optional<String> workingDir,
        SortedMap<String, String> labels,
        Optional<String> stopSignal,
        Optional<DeclaredHealthCheck> healthCheck,
        Optional<List<String>> shell,
        List<String> onBuild,
        boolean argsEscaped) {
    /** Nothing is said. */
    public static final RunConfig EMPTY = new RunConfig(
            Optional.empty(),
            new TreeSet<>(),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            new TreeSet<>(),
            Optional.empty(),
            new TreeMap<>(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            false);

    /** What {@code RUN some text} is handed to where no SHELL says otherwise. */
    public static final List<String> DEFAULT_SHELL = List.of("/bin/sh", "-c");

    public RunConfig {
        exposedPorts = Collections.unmodifiableSortedSet(new TreeSet<>(exposedPorts));
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        entrypoint = entrypoint.map(List::copyOf);
        command = command.map(List::copyOf);
        volumes = Collections.unmodifiableSortedSet(new TreeSet<>(volumes));
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        shell = shell.map(List::copyOf);
        onBuild = List.copyOf(onBuild);
    }

    /** What text commands are handed to. */
    public List<String> shellOrDefault() {
        return shell.orElse(DEFAULT_SHELL);
    }

    /** Where commands begin. */
    public String workingDirOrRoot() {
        return workingDir.filter(path -> !path.isEmpty()).orElse("/");
    }

    RunConfig withUser(String name) {
        return new RunConfig(
                Optional.of(name),
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withPorts(Collection<String> more) {
        var ports = new TreeSet<>(exposedPorts);
        ports.addAll(more);
        return new RunConfig(
                user,
                ports,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    /** A name that is known keeps its place. */
    RunConfig withEnvironment(Map<String, String> more) {
        var variables = new LinkedHashMap<>(environment);
        variables.putAll(more);
        return new RunConfig(
                user,
                exposedPorts,
                variables,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withEntrypoint(Optional<List<String>> words) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                words,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withCommand(Optional<List<String>> words, boolean escaped) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                words,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                escaped);
    }

    RunConfig withVolumes(Collection<String> more) {
        var paths = new TreeSet<>(volumes);
        paths.addAll(more);
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                paths,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withWorkingDir(String path) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                Optional.of(path),
                labels,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withLabels(Map<String, String> more) {
        var all = new TreeMap<>(labels);
        all.putAll(more);
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                all,
                stopSignal,
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withStopSignal(String signal) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                Optional.of(signal),
                healthCheck,
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withHealthCheck(DeclaredHealthCheck test) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                Optional.of(test),
                shell,
                onBuild,
                argsEscaped);
    }

    RunConfig withShell(List<String> words) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                Optional.of(words),
                onBuild,
                argsEscaped);
    }

    RunConfig withTrigger(String instruction) {
        var triggers = new ArrayList<>(onBuild);
        triggers.add(instruction);
        return withTriggers(triggers);
    }

    RunConfig withTriggers(List<String> triggers) {
        return new RunConfig(
                user,
                exposedPorts,
                environment,
                entrypoint,
                command,
                volumes,
                workingDir,
                labels,
                stopSignal,
                healthCheck,
                shell,
                triggers,
                argsEscaped);
    }
}
