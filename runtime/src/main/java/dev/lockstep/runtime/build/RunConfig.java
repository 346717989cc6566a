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
import java.util.function.Consumer;

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
        return with(draft -> draft.user = Optional.of(name));
    }

    RunConfig withPorts(Collection<String> more) {
        return with(draft -> draft.exposedPorts.addAll(more));
    }

    /** A name that is known keeps its place. */
    RunConfig withEnvironment(Map<String, String> more) {
        return with(draft -> draft.environment.putAll(more));
    }

    RunConfig withEntrypoint(Optional<List<String>> words) {
        return with(draft -> draft.entrypoint = words);
    }

    RunConfig withCommand(Optional<List<String>> words, boolean escaped) {
        return with(draft -> {
            draft.command = words;
            draft.argsEscaped = escaped;
        });
    }

    RunConfig withVolumes(Collection<String> more) {
        return with(draft -> draft.volumes.addAll(more));
    }

    RunConfig withWorkingDir(String path) {
        return with(draft -> draft.workingDir = Optional.of(path));
    }

    RunConfig withLabels(Map<String, String> more) {
        return with(draft -> draft.labels.putAll(more));
    }

    RunConfig withStopSignal(String signal) {
        return with(draft -> draft.stopSignal = Optional.of(signal));
    }

    RunConfig withHealthCheck(DeclaredHealthCheck test) {
        return with(draft -> draft.healthCheck = Optional.of(test));
    }

    RunConfig withShell(List<String> words) {
        return with(draft -> draft.shell = Optional.of(words));
    }

    RunConfig withTrigger(String instruction) {
        return with(draft -> draft.onBuild.add(instruction));
    }

    RunConfig withTriggers(List<String> triggers) {
        return with(draft -> draft.onBuild = new ArrayList<>(triggers));
    }

    private RunConfig with(Consumer<Draft> change) {
        var draft = new Draft(this);
        change.accept(draft);
        return draft.finished();
    }

    /** The same while it changes; nobody else sees it. */
    private static final class Draft {
        private Optional<String> user;
        private final SortedSet<String> exposedPorts;
        private final Map<String, String> environment;
        private Optional<List<String>> entrypoint;
        private Optional<List<String>> command;
        private final SortedSet<String> volumes;
        private Optional<String> workingDir;
        private final SortedMap<String, String> labels;
        private Optional<String> stopSignal;
        private Optional<DeclaredHealthCheck> healthCheck;
        private Optional<List<String>> shell;
        private List<String> onBuild;
        private boolean argsEscaped;

        Draft(RunConfig from) {
            user = from.user;
            exposedPorts = new TreeSet<>(from.exposedPorts);
            environment = new LinkedHashMap<>(from.environment);
            entrypoint = from.entrypoint;
            command = from.command;
            volumes = new TreeSet<>(from.volumes);
            workingDir = from.workingDir;
            labels = new TreeMap<>(from.labels);
            stopSignal = from.stopSignal;
            healthCheck = from.healthCheck;
            shell = from.shell;
            onBuild = new ArrayList<>(from.onBuild);
            argsEscaped = from.argsEscaped;
        }

        RunConfig finished() {
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
                    onBuild,
                    argsEscaped);
        }
    }
}
