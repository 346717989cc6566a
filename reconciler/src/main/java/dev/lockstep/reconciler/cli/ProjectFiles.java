package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.DirectorySource;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.Skip;
import dev.lockstep.spec.yaml.Problem;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The stack that a command is about, by Compose's order of options, variables and directories. */
final class ProjectFiles {
    /** Of Compose's variables those that are not about files. */
    private static final List<String> OF_COMMANDS =
            List.of("COMPOSE_ANSI", "COMPOSE_PROGRESS", "COMPOSE_PARALLEL_LIMIT", "COMPOSE_REMOVE_ORPHANS");

    private final Invocation call;
    private final LoadRequest request;
    private Optional<Loaded> loaded = Optional.empty();

    ProjectFiles(Invocation call) {
        this(call, request(call));
    }

    private ProjectFiles(Invocation call, LoadRequest request) {
        this.call = call;
        this.request = request;
    }

    /** Only these services and what they depend on; all when there are none. */
    ProjectFiles withServices(List<String> services) {
        return new ProjectFiles(call, request.withServices(services));
    }

    /** The same with parts of loading left out. */
    ProjectFiles without(Set<Skip> skipped) {
        return new ProjectFiles(call, request.without(skipped));
    }

    /** The same with another file or directory than what is found. */
    ProjectFiles at(UnaryOperator<LoadRequest> change) {
        return new ProjectFiles(call, change.apply(request));
    }

    /** What is loaded, and in which surroundings. */
    LoadRequest request() {
        return request;
    }

    private static LoadRequest request(Invocation call) {
        var globals = call.globals();
        var request = LoadRequest.of(call.files())
                .withStandardInput(call.input())
                .withFiles(globals.files())
                .withEnvFiles(globals.envFiles())
                .withProfiles(globals.profiles())
                .withEnvironment(call.world().environment())
                .withComposeVariables();
        if (globals.projectDirectory().isPresent()) {
            request = request.withProjectDirectory(globals.projectDirectory().get());
        }
        if (globals.projectName().isPresent()) {
            request = request.withProjectName(globals.projectName().get());
        }
        return request;
    }

    /** The same as the source of a deployment. */
    DirectorySource source() {
        return new DirectorySource(request, call.world().directory());
    }

    /** What is in the files; read once. */
    Loaded load() {
        if (loaded.isEmpty()) {
            loaded = Optional.of(new ComposeLoader().load(request));
        }
        return loaded.get();
    }

    /** The project, with its problems told where there are some. */
    Optional<Loaded.Valid> loadOrTell() {
        var loaded = load();
        tellWarnings(loaded.warnings(), call.world().err());
        if (loaded instanceof Loaded.Invalid invalid) {
            tell(invalid.errors(), call.world().err());
            return Optional.empty();
        }
        return Optional.of((Loaded.Valid) loaded);
    }

    /** What the files could ask for: the environment, and what {@code .env} or its like add to it. */
    Map<String, String> variables() {
        return new ComposeLoader().environment(request).values();
    }

    /**
     * The world with what {@code .env} says of commands, where the environment does not. An env file that is named is
     * left to who loads the project: it may be a pipe, which can be read once.
     */
    Surroundings surroundings() {
        var seen = call.world();
        if (!call.globals().envFiles().isEmpty()
                || seen.variable("COMPOSE_ENV_FILES").isPresent()) {
            return seen;
        }
        var known = new ComposeLoader().firstVariables(request);
        for (var name : OF_COMMANDS) {
            if (!seen.environment().containsKey(name) && known.containsKey(name)) {
                seen = seen.with(name, known.get(name));
            }
        }
        return seen;
    }

    /** What a command ends with whose files are wrong, and be it that their parts do not fit together. */
    int exitCode() {
        return exitCode(load() instanceof Loaded.Invalid invalid ? invalid.cause() : Loaded.Cause.CONTENT);
    }

    /** The same, where it is known why. */
    int exitCode(Loaded.Cause cause) {
        return call.compose(
                switch (cause) {
                    case SURROUNDINGS, SERVICES -> ExitCodes.ERROR;
                    case MISSING_FILE -> ExitCodes.COMPOSE_NO_FILE;
                    case CONTENT -> ExitCodes.COMPOSE_FILE;
                });
    }

    /** The compose files themselves, absolute; {@code -} is standard input. None where they are wrong. */
    List<String> composeFiles() {
        return load() instanceof Loaded.Valid valid
                ? valid.composeFiles().stream()
                        .map(file -> file.equals(LoadRequest.STANDARD_INPUT)
                                ? file
                                : directory(file).toString())
                        .toList()
                : List.of();
    }

    /** Base of the project's relative paths, absolute; {@code loaded} as loading gave it. */
    Path directory(String loaded) {
        return call.world().directory().resolve(loaded).normalize();
    }

    /** The name that was given without any file. */
    Optional<String> givenName() {
        return call.globals().projectName().or(() -> call.world().variable("COMPOSE_PROJECT_NAME"));
    }

    /** The stack's name, from the files if it was not given. */
    String name() throws CommandException {
        var given = givenName();
        if (given.isPresent()) {
            return given.get();
        }
        var loaded = load();
        if (loaded instanceof Loaded.Invalid invalid) {
            var problem = invalid.errors().getFirst().toString();
            throw new CommandException(
                    problem + (problem.endsWith("?") ? " " : ". ") + "Or name the stack with -p", exitCode());
        }
        return ((Loaded.Valid) loaded).project().name();
    }

    /** Whether anything here says which stack is meant. */
    boolean isAny() {
        if (givenName().isPresent()
                || !call.globals().files().isEmpty()
                || call.globals().projectDirectory().isPresent()
                || call.world().variable("COMPOSE_FILE").isPresent()) {
            return true;
        }
        // A file that is wrong is some file: then its errors are what the user has to see.
        return !(load() instanceof Loaded.Invalid invalid)
                || invalid.errors().stream().noneMatch(p -> p.message().startsWith("no compose file found"));
    }

    static void tell(List<Problem> problems, PrintStream to) {
        problems.forEach(p -> to.println(Printable.text(text(p))));
    }

    static void tellWarnings(List<Problem> warnings, PrintStream to) {
        warnings.forEach(p -> to.println("Warning: " + Printable.text(text(p))));
    }

    private static String text(Problem problem) {
        return problem.at().isDefault() ? problem.message() : problem.toString();
    }
}
