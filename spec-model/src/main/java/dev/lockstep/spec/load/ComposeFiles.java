package dev.lockstep.spec.load;

import dev.lockstep.spec.load.Includes.NamedFile;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which names compose files have, and the choice of them. */
final class ComposeFiles {
    private static final List<String> NAMES =
            List.of("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml");
    private static final List<String> OVERRIDES = List.of(
            "compose.override.yml",
            "compose.override.yaml",
            "docker-compose.override.yml",
            "docker-compose.override.yaml");

    private ComposeFiles() {}

    /**
     * What a directory has.
     *
     * @param files the compose file and, if there is one, its override
     * @param others compose files and overrides that are left aside because of the first
     */
    record Found(List<String> files, List<String> others) {}

    /** The compose file of a directory. */
    static Optional<Found> in(FileTree tree, String directory) throws IOException {
        var names = tree.list(directory).stream()
                .filter(entry -> !entry.directory())
                .map(FileTree.Entry::name)
                .collect(Collectors.toSet());
        var found = NAMES.stream().filter(names::contains).toList();
        if (found.isEmpty()) {
            return Optional.empty();
        }
        var overrides = OVERRIDES.stream().filter(names::contains).toList();
        var files = Stream.concat(found.stream().limit(1), overrides.stream().limit(1));
        var others = Stream.concat(found.stream().skip(1), overrides.stream().skip(1));
        return Optional.of(
                new Found(files.map(name -> TreePaths.resolve(directory, name)).toList(), others.toList()));
    }

    /** The compose file of a directory or of the nearest one above it. */
    private static Optional<Found> from(FileTree tree, String directory) throws IOException {
        var here = Optional.of(directory);
        while (here.isPresent()) {
            var found = in(tree, here.get());
            if (found.isPresent()) {
                return found;
            }
            here = tree.parent(here.get());
        }
        return Optional.empty();
    }

    /** The files that the request names, else those of {@code COMPOSE_FILE}, else what is found; none: told why. */
    static List<NamedFile> chosen(LoadRequest request, ProjectVariables variables, Problems problems) {
        var named = request.files();
        if (named.isEmpty()) {
            var separator = variables.setting("COMPOSE_PATH_SEPARATOR").orElse(":");
            named = variables
                    .setting("COMPOSE_FILE")
                    .map(list -> List.of(list.split(Pattern.quote(separator), -1)))
                    .orElse(List.of());
        }
        return named.isEmpty()
                ? searched(request, problems)
                : named.stream().map(name -> named(path(request, name))).toList();
    }

    private static NamedFile named(String path) {
        return new NamedFile(path, new SourcePosition(path, 1, 1), "");
    }

    private static String path(LoadRequest request, String name) {
        return name.equals(LoadRequest.STANDARD_INPUT) ? name : TreePaths.resolve(request.directory(), name);
    }

    /** The directory of a file as the request names it; where the request is for the standard input. */
    static String directoryOf(LoadRequest request, String name) {
        return name.equals(LoadRequest.STANDARD_INPUT)
                ? request.directory()
                : TreePaths.directoryOf(path(request, name));
    }

    private static List<NamedFile> searched(LoadRequest request, Problems problems) {
        var start = request.projectDirectory()
                .map(directory -> TreePaths.resolve(request.directory(), directory))
                .orElse(request.directory());
        var here = new SourcePosition(start.isEmpty() ? "." : start, 1, 1);
        try {
            var found = from(request.tree(), start);
            if (found.isEmpty()) {
                problems.missing(
                        here, "", "no compose file found here or above. Write compose.yaml, or name a file with -f");
                return List.of();
            }
            if (!found.get().others().isEmpty()) {
                var used = found.get().files().getFirst();
                problems.warning(
                        new SourcePosition(used, 1, 1),
                        "",
                        "is used, and " + String.join(", ", found.get().others())
                                + " beside it not. Keep only one of them");
            }
            return found.get().files().stream().map(ComposeFiles::named).toList();
        } catch (IOException e) {
            problems.missing(here, "", "cannot be listed: " + e.getMessage());
            return List.of();
        }
    }
}
