package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What runs in a service's containers.
 *
 * @param command replaces the image's; an empty list clears it
 * @param entrypoint replaces the image's and drops its command; an empty list clears it
 * @param environment a name with an empty value is not passed to the container and hides what the image sets for it
 * @param variableFiles {@code env_file} and {@code label_file} while they are named only; none once their content is in
 *     {@code environment} and the labels
 * @param filesRead every file that was read for this service alone, as the file tree names them
 * @param user a name or number, and after a colon the group's
 * @param groups further groups, names or numbers
 * @param workingDirectory where it starts
 * @param tty a terminal instead of three pipes
 * @param stdinOpen keep the standard input open without anybody who writes
 * @param init a small program as process 1 that forwards signals and reaps children
 */
public record Program(
        Optional<List<String>> command,
        Optional<List<String>> entrypoint,
        Map<String, Optional<String>> environment,
        VariableFiles variableFiles,
        List<String> filesRead,
        Optional<String> user,
        List<String> groups,
        Optional<String> workingDirectory,
        boolean tty,
        boolean stdinOpen,
        Optional<Boolean> init) {
    public Program {
        command = command.map(List::copyOf);
        entrypoint = entrypoint.map(List::copyOf);
        environment = Copies.ordered(environment);
        filesRead = List.copyOf(filesRead);
        groups = List.copyOf(groups);
    }

    /**
     * The same once its files of variables were read.
     *
     * @param all the variables of files and service together
     */
    public Program withVariables(Map<String, Optional<String>> all, List<String> read) {
        return new Program(
                command,
                entrypoint,
                all,
                VariableFiles.NONE,
                read,
                user,
                groups,
                workingDirectory,
                tty,
                stdinOpen,
                init);
    }
}
