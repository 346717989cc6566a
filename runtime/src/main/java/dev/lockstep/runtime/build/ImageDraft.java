package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.StopSignals;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Platform;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An image under construction: what it is after one more instruction. Immutable; each instruction has one transition,
 * which adds the line of history that Docker's builder writes (moby/buildkit, frontend/dockerfile/dockerfile2llb).
 *
 * @param author of MAINTAINER; empty: nobody
 * @param layers bottom first, those of the base image among them
 * @param commandSet whether this stage has said CMD, so that a later ENTRYPOINT leaves it
 */
public record ImageDraft(
        Platform platform,
        String author,
        RunConfig config,
        List<Layer> layers,
        List<HistoryEntry> history,
        boolean commandSet) {
    /** What is looked through for programs where an image says nothing. */
    public static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public ImageDraft {
        layers = List.copyOf(layers);
        history = List.copyOf(history);
    }

    /** {@code FROM scratch}. */
    public static ImageDraft scratch(Platform platform) {
        var config =
                RunConfig.EMPTY.withEnvironment(Map.of("PATH", DEFAULT_PATH)).withWorkingDir("/");
        return new ImageDraft(platform, "", config, List.of(), List.of(), false);
    }

    /**
     * As a stage begins that is built from this: triggers are its to run, and do not stay. Programs are looked for
     * where they are everywhere if the image does not say where.
     */
    public ImageDraft asBase() {
        var path = config.environment().containsKey("PATH") ? Map.<String, String>of() : Map.of("PATH", DEFAULT_PATH);
        var begun = config.withTriggers(List.of()).withEnvironment(path);
        return new ImageDraft(platform, author, begun, layers, history, false);
    }

    /** {@code ENV}; a name that is known keeps its place. */
    public ImageDraft env(Map<String, String> variables) {
        return with(config.withEnvironment(variables), "ENV " + pairs(variables));
    }

    /** {@code LABEL}. */
    public ImageDraft label(Map<String, String> labels) {
        return with(config.withLabels(labels), "LABEL " + pairs(labels));
    }

    /** Labels of the command line, which no line of history tells of. */
    public ImageDraft labelQuietly(Map<String, String> labels) {
        return new ImageDraft(platform, author, config.withLabels(labels), layers, history, commandSet);
    }

    /** {@code MAINTAINER}. */
    public ImageDraft maintainer(String name) {
        return new ImageDraft(platform, name, config, layers, history, commandSet).with(config, "MAINTAINER " + name);
    }

    /**
     * {@code EXPOSE}.
     *
     * @param ports {@code 80/tcp}
     */
    public ImageDraft expose(Collection<String> ports) {
        return with(
                config.withPorts(ports),
                "EXPOSE "
                        + ports.stream()
                                .sorted()
                                .distinct()
                                .map(port -> port + ":{}")
                                .collect(Collectors.joining(" ", "map[", "]")));
    }

    /** {@code USER}, as it is written. */
    public ImageDraft user(String name) {
        return with(config.withUser(name), "USER " + name);
    }

    /** {@code VOLUME}. */
    public ImageDraft volume(List<String> paths) {
        return with(config.withVolumes(paths), "VOLUME " + Quoted.plain(paths));
    }

    /**
     * Where {@code WORKDIR path} leads from here.
     *
     * @return absolute and clean
     */
    public String workingDirectory(String path) {
        return ImagePath.resolve(config.workingDirOrRoot(), path);
    }

    /**
     * {@code WORKDIR}.
     *
     * @param made what making the directory changed; absent for {@code /}, which is always there
     */
    public ImageDraft workdir(String path, Optional<StepResult> made) {
        var next = config.withWorkingDir(workingDirectory(path));
        var line = "WORKDIR " + (path.startsWith("/") ? path : workingDirectory(path));
        return made.map(layer -> with(next, layer, line)).orElseGet(() -> with(next, line));
    }

    /** {@code CMD}; text is handed to the shell of this moment. */
    public ImageDraft cmd(Invocation command) {
        var words = command.words(config.shellOrDefault());
        return new ImageDraft(platform, author, config, layers, history, true)
                .with(config.withCommand(Optional.of(words), true), "CMD " + Quoted.words(words));
    }

    /** {@code ENTRYPOINT}: an inherited command belonged to an inherited entrypoint and goes. */
    public ImageDraft entrypoint(Invocation entrypoint) {
        var words = entrypoint.words(config.shellOrDefault());
        var next = config.withEntrypoint(words.isEmpty() ? Optional.empty() : Optional.of(words));
        return with(
                commandSet ? next : next.withCommand(Optional.empty(), next.argsEscaped()),
                "ENTRYPOINT " + Quoted.words(words));
    }

    /**
     * {@code STOPSIGNAL}, as it is written.
     *
     * @throws IllegalArgumentException in BuildKit's words if it is none, which a variable may bring
     */
    public ImageDraft stopSignal(String signal) {
        if (!StopSignals.isOne(signal)) {
            throw new IllegalArgumentException("invalid signal: " + signal);
        }
        return with(config.withStopSignal(signal), "STOPSIGNAL " + signal);
    }

    /** {@code HEALTHCHECK}. */
    public ImageDraft healthCheck(DeclaredHealthCheck check) {
        return with(config.withHealthCheck(check), "HEALTHCHECK " + Quoted.healthCheck(check));
    }

    /** {@code SHELL}. */
    public ImageDraft shell(List<String> words) {
        return with(config.withShell(words), "SHELL " + Quoted.plain(words));
    }

    /** {@code ONBUILD}: no line of history, since nothing is done. */
    public ImageDraft onBuild(String instruction) {
        return new ImageDraft(platform, author, config.withTrigger(instruction), layers, history, commandSet);
    }

    /**
     * {@code ARG}.
     *
     * @param text {@code a=1 b}: default values as they came out
     */
    public ImageDraft arg(String text) {
        return with(config, "ARG " + text);
    }

    /**
     * {@code RUN}.
     *
     * @param words the whole command
     * @param arguments {@code a=1}, values of build arguments that it saw
     */
    public ImageDraft run(StepResult result, String words, List<String> arguments) {
        var seen = arguments.isEmpty() ? "" : "|" + arguments.size() + " " + String.join(" ", arguments) + " ";
        return with(config, result, "RUN " + seen + words + " # buildkit");
    }

    /**
     * {@code COPY} and {@code ADD}.
     *
     * @param text {@code COPY a b}, with the flags that change what comes of it
     */
    public ImageDraft copy(StepResult result, String text) {
        return with(config, result, text + " # buildkit");
    }

    private ImageDraft with(RunConfig next, String line) {
        return with(next, Optional.empty(), Optional.empty(), line);
    }

    private ImageDraft with(RunConfig next, StepResult result, String line) {
        return with(next, Optional.of(result.layer()), Optional.of(result.created()), line);
    }

    private ImageDraft with(RunConfig next, Optional<Layer> layer, Optional<Instant> created, String line) {
        var all = new ArrayList<>(layers);
        layer.ifPresent(all::add);
        var lines = new ArrayList<>(history);
        lines.add(new HistoryEntry(created.map(Instant::toString), line, ImageDocument.COMMENT, "", layer.isEmpty()));
        return new ImageDraft(platform, author, next, all, lines, commandSet);
    }

    private static String pairs(Map<String, String> pairs) {
        return pairs.entrySet().stream()
                .map(pair -> pair.getKey() + "=" + pair.getValue())
                .collect(Collectors.joining(" "));
    }
}
