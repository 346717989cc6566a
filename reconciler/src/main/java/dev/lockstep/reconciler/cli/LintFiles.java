package dev.lockstep.reconciler.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files below a path that {@code lint} knows by their names. Links are not followed, and what belongs to Git or was
 * fetched by a package manager is not looked into.
 *
 * @param dockerfiles as the user would name them
 * @param composeDirectories directories with a Compose file of the usual name
 * @param composeFiles Compose files that were named themselves
 */
record LintFiles(List<String> dockerfiles, Set<String> composeDirectories, List<String> composeFiles) {
    private static final Set<String> COMPOSE =
            Set.of("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml");
    private static final Set<String> SKIPPED = Set.of(".git", "node_modules");
    private static final int MOST = 20_000;

    /**
     * Looks for them.
     *
     * @param here what {@code path} is relative to
     * @throws CommandException if there is nothing at that path
     */
    static LintFiles of(Path here, String path) throws IOException, CommandException {
        var start = here.resolve(path);
        if (Files.isRegularFile(start)) {
            return isYaml(path)
                    ? new LintFiles(List.of(), Set.of(), List.of(path))
                    : new LintFiles(List.of(path), Set.of(), List.of());
        } else if (!Files.isDirectory(start)) {
            throw new CommandException("there is no file or directory " + path, LintCommand.UNREADABLE);
        }
        var found = new TreeSet<String>();
        var directories = new TreeSet<String>();
        Files.walkFileTree(start, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                var name = directory.getFileName();
                return !directory.equals(start) && name != null && SKIPPED.contains(name.toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                var name = file.getFileName().toString();
                if (attributes.isRegularFile() && found.size() + directories.size() < MOST) {
                    if (isDockerfile(name)) {
                        found.add(named(here, path, start, file));
                    } else if (COMPOSE.contains(name)) {
                        directories.add(named(here, path, start, file.resolveSibling("")));
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                // A directory of a running container that nobody else may enter is no reason to stop.
                if (file.equals(start)) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return new LintFiles(List.copyOf(found), directories, new ArrayList<>());
    }

    private static String named(Path here, String path, Path start, Path file) {
        var below = start.relativize(file).toString();
        var base = start.normalize().equals(here.normalize())
                ? ""
                : Path.of(path).normalize().toString();
        return base.isEmpty() ? below : below.isEmpty() ? base : base + "/" + below;
    }

    private static boolean isYaml(String path) {
        return path.endsWith(".yaml") || path.endsWith(".yml");
    }

    /** {@code Dockerfile}, {@code Containerfile}, {@code Dockerfile.web}, {@code web.Dockerfile}; no ignore files. */
    static boolean isDockerfile(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return (lower.matches("(dockerfile|containerfile)(\\..+)?") || lower.matches(".+\\.(dockerfile|containerfile)"))
                && !lower.endsWith(".dockerignore")
                && !lower.endsWith(".containerignore")
                && !lower.matches(".*(~|\\.(bak|orig|swp|md|txt|j2|tmpl|tpl))");
    }
}
