package dev.lockstep.spec.load;

import dev.lockstep.spec.read.Surroundings.VariableFile;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The variables that the files of a project see, first hit first: the environment, then the files that are named
 * ({@code --env-file}, {@code COMPOSE_ENV_FILES}); if none is, the {@code .env} of where the search for compose files
 * begins, then the one of the project directory.
 */
final class ProjectVariables {
    private static final Set<String> YES = Set.of("1", "t", "true", "y", "yes");

    private final LoadRequest request;
    private final SourceFiles files;
    private final Problems problems;
    private final Variables variables;
    private final List<String> named;
    private final Set<String> read = new HashSet<>();

    ProjectVariables(LoadRequest request, SourceFiles files, Problems problems) {
        this.request = request;
        this.files = files;
        this.problems = problems;
        this.variables = new Variables(request.environment(), request.environmentPlaces());
        this.named = named();
    }

    private List<String> named() {
        if (!request.envFiles().isEmpty()) {
            return request.envFiles();
        }
        return setting("COMPOSE_ENV_FILES")
                .map(list -> List.of(list.split(",", -1)))
                .orElse(List.of());
    }

    Variables variables() {
        return variables;
    }

    /** A {@code COMPOSE_*} variable, if they count and it is not empty. */
    Optional<String> setting(String name) {
        return request.composeVariables() ? variables.text(name).filter(v -> !v.isEmpty()) : Optional.empty();
    }

    /** True for a {@code COMPOSE_*} variable that says yes. */
    boolean isSet(String name) {
        return setting(name).map(v -> YES.contains(v.toLowerCase(Locale.ROOT))).orElse(false);
    }

    /** Reads what is known before the compose files are: these may be named in it. */
    void readFirst() {
        if (named.isEmpty()) {
            readDefault(firstDirectory());
            return;
        }
        var wanted = new ArrayList<VariableFile>();
        for (var name : named) {
            var at = new SourcePosition(TreePaths.resolve(request.directory(), name), 1, 1);
            wanted.add(VariableFile.environment("", at, name, true));
        }
        variables.addMissing(
                new EnvFiles(files, request.directory(), problems).read(wanted, variables::text, new ArrayList<>()));
    }

    private String firstDirectory() {
        if (request.projectDirectory().isPresent()) {
            return TreePaths.resolve(
                    request.directory(), request.projectDirectory().get());
        }
        return request.files().isEmpty()
                ? request.directory()
                : ComposeFiles.directoryOf(request, request.files().getFirst());
    }

    /** Reads what is known once the project directory is. */
    void readProject(String directory) {
        if (named.isEmpty()) {
            readDefault(directory);
        }
    }

    private void readDefault(String directory) {
        // The environment alone decides: a .env that hides .env files would be odd.
        var disabled = request.composeVariables()
                && YES.contains(request.environment()
                        .getOrDefault("COMPOSE_DISABLE_ENV_FILE", "")
                        .toLowerCase(Locale.ROOT));
        if (disabled || !read.add(directory)) {
            return;
        }
        var path = TreePaths.resolve(directory, ".env");
        var wanted = VariableFile.environment("", new SourcePosition(path, 1, 1), ".env", false);
        variables.addMissing(
                new EnvFiles(files, directory, problems).read(List.of(wanted), variables::text, new ArrayList<>()));
    }

    /**
     * The profiles that are on. {@code COMPOSE_PROFILES} counts for every caller: an agent has no flag for them, and
     * its variables are those of the stack alone. Where it says nothing the profile without a name is on, as in docker
     * compose, so that {@code profiles: ["${WITHOUT_CACHE:+never}"]} is how a service is turned off.
     */
    Set<String> profiles() {
        var profiles = new HashSet<>(request.profiles());
        if (profiles.isEmpty()) {
            for (var profile : variables.text("COMPOSE_PROFILES").orElse("").split(",", -1)) {
                profiles.add(profile.strip());
            }
        }
        return profiles;
    }
}
