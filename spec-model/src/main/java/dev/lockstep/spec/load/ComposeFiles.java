package dev.lockstep.spec.load;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which names compose files have, and the search for them. */
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
     * @param others compose files that are left aside because of the first
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
        var override = OVERRIDES.stream().filter(names::contains).findFirst();
        var files = override.isPresent() ? List.of(found.getFirst(), override.get()) : List.of(found.getFirst());
        return Optional.of(new Found(
                files.stream().map(name -> TreePaths.resolve(directory, name)).toList(),
                found.subList(1, found.size())));
    }

    /** The compose file of a directory or of the nearest one above it. */
    static Optional<Found> from(FileTree tree, String directory) throws IOException {
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
}
