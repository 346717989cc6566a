package dev.lockstep.spec.yaml;

/**
 * How much a file may ask for.
 *
 * @param bytes its length
 * @param depth nesting, through aliases too
 * @param written values, keys, lists and mappings that are written in it
 * @param nodes nodes that the file stands for once aliases and merge keys are resolved
 * @param growth the same as a multiple of the nodes that are written in the file
 */
public record YamlLimits(int bytes, int depth, long written, long nodes, long growth) {
    /**
     * Far above any real file, and low enough to be refused in a moment and with little memory: 16 MiB, 100 deep,
     * 200,000 values (a thousand services have about sixty thousand), half a million after aliases.
     */
    public static final YamlLimits DEFAULT = new YamlLimits(16 << 20, 100, 200_000, 500_000, 100);
}
