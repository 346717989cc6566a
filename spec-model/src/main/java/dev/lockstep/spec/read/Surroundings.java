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
     * @param modelPath where it is named, such as {@code services.web.env_file[0]}
     * @param at the same as a position
     * @param path as written; relative to the project directory
     * @param required whether its absence is a problem
     * @param raw every line is taken as it stands, without quotes and expansion
     */
    record VariableFile(String modelPath, SourcePosition at, String path, boolean required, boolean raw) {}

    /** What an interpolated {@code $NAME} would be. */
    Optional<Value> variable(String name);

    /**
     * The variables of all files, later over earlier.
     *
     * @param outside what variables mean inside the files
     * @param read the paths that were looked at are added here
     */
    Map<String, Value> files(List<VariableFile> files, Function<String, Optional<String>> outside, List<String> read);
}
