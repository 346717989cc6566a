package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What stages are made of: upon what each stands, and from where it copies. Only what the target needs is ever built.
 *
 * @param nodes one for each stage, by its number
 */
public record StageGraph(Dockerfile dockerfile, Set<String> contexts, List<Node> nodes) {
    private static final String OFFICIAL = "library/";
    private static final String LATEST = ":latest";

    /** Where something comes from. */
    public sealed interface From {
        /** Nothing: {@code FROM scratch}. */
        record Scratch() implements From {}

        /** Another stage of the file. */
        record OfStage(int index) implements From {}

        /** What {@code --build-context} gives. */
        record Context(String name) implements From {}

        /**
         * An image.
         *
         * @param reference as it is written, variables replaced
         */
        record Image(String reference) implements From {}
    }

    /**
     * A stage as it stands among the others.
     *
     * @param platform of {@code FROM}, variables replaced
     * @param triggers what {@code ONBUILD} of the base adds in front of its own instructions; of a base that is a stage
     *     they are known, of an image {@link StageGraph#withTriggers} adds them
     * @param sources stages that must be there first, the base among them; all stand before it
     * @param early references to stages that stand behind it, which is an error if it is built
     */
    public record Node(
            Stage stage,
            From base,
            Optional<String> platform,
            List<Instruction> triggers,
            Set<Integer> sources,
            List<Problem> early) {
        public Node {
            triggers = List.copyOf(triggers);
            sources = Collections.unmodifiableSet(new LinkedHashSet<>(sources));
            early = List.copyOf(early);
        }

        private Node(Stage stage, From base, Optional<String> platform, List<Instruction> triggers) {
            this(stage, base, platform, triggers, Set.of(), List.of());
        }

        /** The base's triggers, and then its own instructions. */
        public List<Instruction> instructions() {
            var all = new ArrayList<>(triggers);
            all.addAll(stage.instructions());
            return all;
        }
    }

    /** A graph, or why there is none. */
    public sealed interface Result {
        /** There is. */
        record Valid(StageGraph graph) implements Result {}

        /** There is none. */
        record Invalid(List<Problem> problems) implements Result {
            public Invalid {
                problems = List.copyOf(problems);
            }
        }
    }

    /** A target, or why there is none. */
    public sealed interface Target {
        /** The stage. */
        record Found(int index) implements Target {}

        /** No stage has that name. */
        record Unknown(String message) implements Target {}
    }

    public StageGraph {
        contexts = Set.copyOf(contexts);
        nodes = List.copyOf(nodes);
    }

    /**
     * The graph of a file.
     *
     * @param globals for variables in {@code FROM}
     * @param contexts names of {@code --build-context}: they stand in front of stages and images of that name
     */
    public static Result of(Dockerfile dockerfile, GlobalArguments globals, Collection<String> contexts) {
        var names = new HashSet<String>();
        contexts.forEach(name -> names.add(contextName(name)));
        var problems = new ArrayList<Problem>();
        var nodes = new ArrayList<Node>();
        for (var stage : dockerfile.stages()) {
            nodes.add(node(dockerfile, globals, names, stage, problems));
        }
        return problems.isEmpty()
                ? new Result.Valid(new StageGraph(dockerfile, names, nodes))
                : new Result.Invalid(problems);
    }

    /**
     * The name of a further context, or of what one may stand for. As with BuildKit all names of one image are one:
     * {@code alpine}, {@code alpine:latest} and {@code docker.io/library/alpine}.
     */
    public static String contextName(String written) {
        var name = written.toLowerCase(Locale.ROOT);
        for (var host : List.of("docker.io/", "index.docker.io/")) {
            if (name.startsWith(host)) {
                name = name.substring(host.length());
            }
        }
        if (name.startsWith(OFFICIAL) && name.indexOf('/', OFFICIAL.length()) < 0) {
            name = name.substring(OFFICIAL.length());
        }
        return name.endsWith(LATEST) ? name.substring(0, name.length() - LATEST.length()) : name;
    }

    private static Node node(
            Dockerfile dockerfile, GlobalArguments globals, Set<String> contexts, Stage stage, List<Problem> problems) {
        var at = stage.written().at();
        var base = expand(dockerfile, globals, stage.base(), at, problems);
        var platform = stage.platform().map(text -> expand(dockerfile, globals, text, at, problems));
        if (base.isBlank()) {
            if (problems.isEmpty() || !problems.getLast().at().equals(at)) {
                problems.add(Problem.of(at, "base name (" + stage.base() + ") should not be blank"));
            }
            return new Node(stage, new From.Scratch(), platform, List.of());
        }
        var from = base(dockerfile.stages(), contexts, base, stage.index());
        var triggers = from instanceof From.OfStage(var index)
                ? triggers(dockerfile, dockerfile.stages().get(index), stage, problems)
                : List.<Instruction>of();
        var node = new Node(stage, from, platform.filter(p -> !p.isEmpty()), triggers);
        return withSources(dockerfile.stages(), contexts, node, problems);
    }

    private static String expand(
            Dockerfile dockerfile, GlobalArguments globals, String text, SourceRange at, List<Problem> problems) {
        try {
            return dockerfile.words().word(text, globals::value).word();
        } catch (SubstitutionException e) {
            problems.add(Problem.of(at, "failed to process " + Shown.of(text) + ": " + e.getMessage()));
            return "";
        }
    }

    /** A stage is only what stands before; its number means nothing here. */
    private static From base(List<Stage> stages, Set<String> contexts, String name, int user) {
        var context = contextName(name);
        if (contexts.contains(context)) {
            return new From.Context(context);
        }
        var lower = name.toLowerCase(Locale.ROOT);
        for (var index = user - 1; index >= 0; index--) {
            if (stages.get(index).name().equals(Optional.of(lower))) {
                return new From.OfStage(index);
            }
        }
        return name.equals("scratch") ? new From.Scratch() : new From.Image(name);
    }

    private static List<Instruction> triggers(Dockerfile dockerfile, Stage base, Stage user, List<Problem> problems) {
        var result = new ArrayList<Instruction>();
        for (var instruction : base.instructions()) {
            if (instruction instanceof Instruction.Onbuild onbuild) {
                switch (DockerfileParser.trigger(
                        onbuild.trigger(), dockerfile.directives().escape())) {
                    case DockerfileParser.Trigger.Valid(var trigger) -> result.add(trigger);
                    case DockerfileParser.Trigger.Invalid invalid ->
                        invalid.problems()
                                .forEach(p -> problems.add(new Problem(
                                        onbuild.written().at(),
                                        "the trigger of ONBUILD for stage " + user.title() + ": " + p.message(),
                                        p.suggestion())));
                }
            }
        }
        return result;
    }

    private static Node withSources(List<Stage> stages, Set<String> contexts, Node node, List<Problem> problems) {
        var stage = node.stage();
        var sources = new LinkedHashSet<Integer>();
        var early = new ArrayList<Problem>();
        if (node.base() instanceof From.OfStage(var index)) {
            sources.add(index);
        }
        for (var instruction : node.instructions()) {
            // A trigger stands in another stage: what is wrong with it is wrong here by FROM.
            var at = node.triggers().contains(instruction)
                    ? stage.written().at()
                    : instruction.written().at();
            for (var reference : StageReferences.of(instruction)) {
                if (source(stages, contexts, reference.text(), stage.index()) instanceof From.OfStage(var index)) {
                    if (index < stage.index()) {
                        sources.add(index);
                    } else if (index == stage.index()) {
                        problems.add(Problem.of(at, "circular dependency detected on stage: " + stage.title()));
                    } else {
                        early.add(Problem.of(at, StageReferences.tooEarly(reference.text(), stage)));
                    }
                }
            }
        }
        return new Node(stage, node.base(), node.platform(), node.triggers(), sources, early);
    }

    private static From source(List<Stage> stages, Set<String> contexts, String from, int user) {
        var context = contextName(from);
        if (contexts.contains(context)) {
            return new From.Context(context);
        }
        var stage = StageReferences.find(stages, from, user);
        return stage.isPresent() ? new From.OfStage(stage.getAsInt()) : new From.Image(from);
    }

    /** What a {@code --from} or {@code from=} means in a stage. */
    public From source(String from, int user) {
        return source(dockerfile.stages(), contexts, from, user);
    }

    /**
     * With the triggers that a base image turned out to have. The stage is being built then: what its triggers copy
     * from may not stand behind it, nor behind a stage that they bring in.
     *
     * @param triggers in order, as {@link DockerfileParser#trigger} reads them
     */
    public Result withTriggers(int stage, List<Instruction> triggers) {
        var old = nodes.get(stage);
        var problems = new ArrayList<Problem>();
        var changed = new ArrayList<>(nodes);
        changed.set(
                stage,
                withSources(
                        dockerfile.stages(),
                        contexts,
                        new Node(old.stage(), old.base(), old.platform(), triggers),
                        problems));
        var graph = new StageGraph(dockerfile, contexts, changed);
        problems.addAll(graph.problems(stage));
        return problems.isEmpty() ? new Result.Valid(graph) : new Result.Invalid(problems);
    }

    /** The stage of {@code --target}, by name in any case; the last without one. A number is no name. */
    public Target target(Optional<String> name) {
        if (name.isEmpty()) {
            return new Target.Found(nodes.size() - 1);
        }
        var lower = name.get().toLowerCase(Locale.ROOT);
        for (var index = nodes.size() - 1; index >= 0; index--) {
            if (nodes.get(index).stage().name().equals(Optional.of(lower))) {
                return new Target.Found(index);
            }
        }
        var names = nodes.stream().flatMap(node -> node.stage().name().stream()).toList();
        return new Target.Unknown("target stage " + Shown.of(name.get()) + " could not be found"
                + Suggestion.nearest(lower, names)
                        .map(near -> " (did you mean " + near + "?)")
                        .orElse(""));
    }

    /** What is wrong only if the target is built: copying from stages that stand behind. */
    public List<Problem> problems(int target) {
        return needed(target).stream()
                .flatMap(index -> nodes.get(index).early().stream())
                .toList();
    }

    /** The stages that a target needs, itself included, each behind all that it needs. */
    public List<Integer> needed(int target) {
        var needed = new TreeSet<Integer>();
        needed.add(target);
        // Stages only need earlier ones, so going down once finds all, and their numbers are an order.
        for (var index = target; index >= 0; index--) {
            if (needed.contains(index)) {
                needed.addAll(nodes.get(index).sources());
            }
        }
        return List.copyOf(needed);
    }

    /** Names of the images that building a target begins with or copies from, as far as the file alone says it. */
    public List<String> images(int target) {
        var names = new TreeSet<String>();
        for (var index : needed(target)) {
            var node = nodes.get(index);
            var sources = node.instructions().stream()
                    .flatMap(instruction -> StageReferences.of(instruction).stream())
                    .map(reference -> source(reference.text(), index));
            Stream.concat(Stream.of(node.base()), sources).forEach(from -> {
                if (from instanceof From.Image(var name)) {
                    names.add(name);
                }
            });
        }
        return List.copyOf(names);
    }
}
