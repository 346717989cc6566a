package dev.lockstep.spec.load;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to load, and in which surroundings. Start from {@link #of} and change what differs.
 *
 * @param tree where files are read from
 * @param directory where the search for a compose file begins, and what {@code files} and {@code envFiles} are relative
 *     to; {@code ""} is the tree's root
 * @param files the compose files, later ones over earlier ones ({@code -f}); none: search as Compose does
 * @param projectDirectory base of the relative paths in the files; else the directory of the first file
 * @param projectName wins over every other source of the name and must be valid ({@code -p})
 * @param defaultName the name when nothing else gives one; else the project directory's own
 * @param environment variables that win over {@code .env}: the process environment, or what the host's owner wrote
 * @param envFiles instead of {@code .env} ({@code --env-file})
 * @param composeVariables whether {@code COMPOSE_FILE}, {@code COMPOSE_PROJECT_NAME} and the like count, wherever they
 *     are set; on for a command, off for an agent
 */
public record LoadRequest(
        FileTree tree,
        String directory,
        List<String> files,
        Optional<String> projectDirectory,
        Optional<String> projectName,
        Optional<String> defaultName,
        Map<String, String> environment,
        List<String> envFiles,
        boolean composeVariables) {
    public LoadRequest {
        files = List.copyOf(files);
        environment = Map.copyOf(environment);
        envFiles = List.copyOf(envFiles);
    }

    /** The project that is found from the tree's root, with an empty environment. */
    public static LoadRequest of(FileTree tree) {
        return new LoadRequest(
                tree, "", List.of(), Optional.empty(), Optional.empty(), Optional.empty(), Map.of(), List.of(), false);
    }

    public LoadRequest withDirectory(String value) {
        return new LoadRequest(
                tree,
                value,
                files,
                projectDirectory,
                projectName,
                defaultName,
                environment,
                envFiles,
                composeVariables);
    }

    public LoadRequest withFiles(List<String> value) {
        return new LoadRequest(
                tree,
                directory,
                value,
                projectDirectory,
                projectName,
                defaultName,
                environment,
                envFiles,
                composeVariables);
    }

    public LoadRequest withProjectDirectory(String value) {
        return new LoadRequest(
                tree,
                directory,
                files,
                Optional.of(value),
                projectName,
                defaultName,
                environment,
                envFiles,
                composeVariables);
    }

    public LoadRequest withProjectName(String value) {
        return new LoadRequest(
                tree,
                directory,
                files,
                projectDirectory,
                Optional.of(value),
                defaultName,
                environment,
                envFiles,
                composeVariables);
    }

    public LoadRequest withDefaultName(String value) {
        return new LoadRequest(
                tree,
                directory,
                files,
                projectDirectory,
                projectName,
                Optional.of(value),
                environment,
                envFiles,
                composeVariables);
    }

    public LoadRequest withEnvironment(Map<String, String> value) {
        return new LoadRequest(
                tree, directory, files, projectDirectory, projectName, defaultName, value, envFiles, composeVariables);
    }

    public LoadRequest withEnvFiles(List<String> value) {
        return new LoadRequest(
                tree,
                directory,
                files,
                projectDirectory,
                projectName,
                defaultName,
                environment,
                value,
                composeVariables);
    }

    /** {@code COMPOSE_*} variables count from here on. */
    public LoadRequest withComposeVariables() {
        return new LoadRequest(
                tree, directory, files, projectDirectory, projectName, defaultName, environment, envFiles, true);
    }
}
