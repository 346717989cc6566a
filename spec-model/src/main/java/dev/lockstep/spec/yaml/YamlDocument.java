package dev.lockstep.spec.yaml;

import java.util.List;

/**
 * One document of a file that may be put over others.
 *
 * @param root without the values that are tagged {@code !reset}
 * @param forgotten what is to be deleted from the documents below before this one is put over them: the paths of values
 *     tagged {@code !reset} and {@code !override}, in order
 */
public record YamlDocument(YamlNode root, List<Forgotten> forgotten) {
    /** A path of mapping keys, and the place of the value with the tag. */
    public record Forgotten(List<String> path, SourcePosition at) {
        public Forgotten {
            path = List.copyOf(path);
        }
    }

    public YamlDocument {
        forgotten = List.copyOf(forgotten);
    }
}
