package dev.lockstep.spec.yaml;

/**
 * How much a file may ask for.
 *
 * @param bytes its length
 * @param depth nesting, through aliases too
 * @param nodes nodes that the file stands for once aliases and merge keys are resolved
 * @param growth the same as a multiple of the nodes that are written in the file
 */
public record YamlLimits(int bytes, int depth, long nodes, long growth) {
    /** Far above any real file and low enough to be refused in a moment: 16 MB, 100 deep, two million nodes. */
    public static final YamlLimits DEFAULT = new YamlLimits(16 << 20, 100, 2_000_000, 100);
}
