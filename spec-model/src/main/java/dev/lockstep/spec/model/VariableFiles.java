package dev.lockstep.spec.model;

import java.util.List;

/**
 * Files that a service names for its variables and labels.
 *
 * @param environment {@code env_file}, later over earlier
 * @param labels {@code label_file}
 */
public record VariableFiles(List<EnvFile> environment, List<String> labels) {
    /** None named, or all of them read. */
    public static final VariableFiles NONE = new VariableFiles(List.of(), List.of());

    public VariableFiles {
        environment = List.copyOf(environment);
        labels = List.copyOf(labels);
    }

    /** Whether no file is named. */
    public boolean isEmpty() {
        return environment.isEmpty() && labels.isEmpty();
    }

    /**
     * One file of variables.
     *
     * @param path as written, relative to the project directory
     * @param required whether its absence is a problem
     * @param raw every line is taken as it stands, without quotes and expansion
     */
    public record EnvFile(String path, boolean required, boolean raw) {}
}
