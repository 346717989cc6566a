package dev.lockstep.spec.read;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What a project's services take from outside its files: variables, and files of variables. */
public interface Surroundings {
    /**
     * A variable's value and its place.
     *
     * @param at {@link SourcePosition#DEFAULT} for one of the environment
     */
    record Value(String text, SourcePosition at) {}

    /**
     * A file of variables.
     *
     * @param kind what a user calls it, such as {@code env file}
     * @param modelPath where it is named, such as {@code services.web.env_file[0]}
     * @param at the same as a position
     * @param path as written; relative to the project directory
     * @param required whether its absence is a problem
     * @param raw every line is taken as it stands, without quotes and expansion
     */
    record VariableFile(String kind, String modelPath, SourcePosition at, String path, boolean required, boolean raw) {
        /** One of {@code .env}, {@code --env-file} and {@code env_file}. */
        public static VariableFile environment(String modelPath, SourcePosition at, String path, boolean required) {
            return new VariableFile("env file", modelPath, at, path, required, false);
        }
    }

    /** What an interpolated {@code $NAME} would be. */
    Optional<Value> variable(String name);

    /**
     * What the variable of a secret or config is: of one that is included, the included project's own.
     *
     * @param modelPath where it is named, such as {@code secrets.key.environment}
     */
    default Optional<Value> content(String modelPath, String name) {
        return variable(name);
    }

    /**
     * The variables of all files, later over earlier.
     *
     * @param outside what variables mean inside the files
     * @param read the paths that were looked at are added here
     */
    Map<String, Value> files(List<VariableFile> files, Function<String, Optional<String>> outside, List<String> read);
}
