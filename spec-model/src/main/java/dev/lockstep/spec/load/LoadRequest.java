package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What to load, and in which surroundings. Start from {@link #of} and change what differs.
 *
 * @param tree where files are read from
 * @param directory where the search for a compose file begins, and what {@code files} and {@code envFiles} are relative
 *     to; {@code ""} is the tree's root
 * @param files the compose files, later ones over earlier ones ({@code -f}); {@code -} is {@code standardInput}; none:
 *     search as Compose does
 * @param standardInput what the file {@code -} is; empty: the tree has a file of this name
 * @param projectDirectory base of the relative paths in the files; else the directory of the first file
 * @param projectName wins over every other source of the name and must be valid ({@code -p})
 * @param defaultName the name when nothing else gives one; else the project directory's own
 * @param environment variables that win over {@code .env}: the process environment, or what the host's owner wrote
 * @param environmentPlaces where those of them are set that stand in a file; the others are the process's
 * @param envFiles instead of {@code .env} ({@code --env-file})
 * @param profiles those that are on ({@code --profile}), {@code *} for all; none: what {@code COMPOSE_PROFILES} says
 * @param services the only ones that are wanted, with what they depend on; none: all
 * @param composeVariables whether {@code COMPOSE_FILE}, {@code COMPOSE_PROJECT_NAME} and the like count, wherever they
 *     are set; on for a command, off for an agent
 * @param access which files the project may name; an agent says {@link FileAccess#insideTree}
 * @param skipped parts of loading that are left out
 */
public record LoadRequest(
        FileTree tree,
        String directory,
        List<String> files,
        Optional<StandardInput> standardInput,
        Optional<String> projectDirectory,
        Optional<String> projectName,
        Optional<String> defaultName,
        Map<String, String> environment,
        Map<String, SourcePosition> environmentPlaces,
        List<String> envFiles,
        List<String> profiles,
        List<String> services,
        boolean composeVariables,
        FileAccess access,
        Set<Skip> skipped) {
    /** The name of the standard input among files. */
    public static final String STANDARD_INPUT = "-";

    public LoadRequest {
        files = List.copyOf(files);
        environment = Map.copyOf(environment);
        environmentPlaces = Map.copyOf(environmentPlaces);
        envFiles = List.copyOf(envFiles);
        profiles = List.copyOf(profiles);
        services = List.copyOf(services);
        skipped = Set.copyOf(skipped);
    }

    /** The project that is found from the tree's root, with an empty environment and all of its files its own. */
    public static LoadRequest of(FileTree tree) {
        return new Draft(tree).request();
    }

    /** The same files of another tree. */
    public LoadRequest withTree(FileTree value) {
        return with(draft -> draft.tree = value);
    }

    public LoadRequest withDirectory(String value) {
        return with(draft -> draft.directory = value);
    }

    public LoadRequest withFiles(List<String> value) {
        return with(draft -> draft.files = value);
    }

    /** The file {@code -} is this. */
    public LoadRequest withStandardInput(StandardInput value) {
        return with(draft -> draft.standardInput = value);
    }

    public LoadRequest withProjectDirectory(String value) {
        return with(draft -> draft.projectDirectory = value);
    }

    public LoadRequest withProjectName(String value) {
        return with(draft -> draft.projectName = value);
    }

    public LoadRequest withDefaultName(String value) {
        return with(draft -> draft.defaultName = value);
    }

    public LoadRequest withEnvironment(Map<String, String> value) {
        return with(draft -> draft.environment = value);
    }

    /** The environment is what a file says, and its values have their places in it. */
    public LoadRequest withEnvironment(EnvironmentFile file) {
        return with(draft -> {
            draft.environment = file.values();
            draft.environmentPlaces = file.places();
        });
    }

    public LoadRequest withEnvFiles(List<String> value) {
        return with(draft -> draft.envFiles = value);
    }

    public LoadRequest withProfiles(List<String> value) {
        return with(draft -> draft.profiles = value);
    }

    public LoadRequest withServices(List<String> value) {
        return with(draft -> draft.services = value);
    }

    /** {@code COMPOSE_*} variables count from here on; {@code COMPOSE_PROFILES} always does. */
    public LoadRequest withComposeVariables() {
        return with(draft -> draft.composeVariables = true);
    }

    public LoadRequest withAccess(FileAccess value) {
        return with(draft -> draft.access = value);
    }

    public LoadRequest without(Set<Skip> value) {
        return with(draft -> draft.skipped = value);
    }

    private LoadRequest with(Consumer<Draft> change) {
        var draft = new Draft(tree);
        draft.directory = directory;
        draft.files = files;
        draft.standardInput = standardInput.orElse(null);
        draft.projectDirectory = projectDirectory.orElse(null);
        draft.projectName = projectName.orElse(null);
        draft.defaultName = defaultName.orElse(null);
        draft.environment = environment;
        draft.environmentPlaces = environmentPlaces;
        draft.envFiles = envFiles;
        draft.profiles = profiles;
        draft.services = services;
        draft.composeVariables = composeVariables;
        draft.access = access;
        draft.skipped = skipped;
        change.accept(draft);
        return draft.request();
    }

    /** A request while it changes. */
    private static final class Draft {
        private FileTree tree;
        private String directory = "";
        private List<String> files = List.of();
        private @Nullable StandardInput standardInput;
        private @Nullable String projectDirectory;
        private @Nullable String projectName;
        private @Nullable String defaultName;
        private Map<String, String> environment = Map.of();
        private Map<String, SourcePosition> environmentPlaces = Map.of();
        private List<String> envFiles = List.of();
        private List<String> profiles = List.of();
        private List<String> services = List.of();
        private boolean composeVariables;
        private FileAccess access = FileAccess.anywhere();
        private Set<Skip> skipped = Set.of();

        Draft(FileTree tree) {
            this.tree = tree;
        }

        LoadRequest request() {
            return new LoadRequest(
                    tree,
                    directory,
                    files,
                    Optional.ofNullable(standardInput),
                    Optional.ofNullable(projectDirectory),
                    Optional.ofNullable(projectName),
                    Optional.ofNullable(defaultName),
                    environment,
                    environmentPlaces,
                    envFiles,
                    profiles,
                    services,
                    composeVariables,
                    access,
                    skipped);
        }
    }
}
