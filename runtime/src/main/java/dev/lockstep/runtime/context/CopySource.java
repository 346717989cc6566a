package dev.lockstep.runtime.context;

/**
 * One source of COPY or ADD.
 *
 * @param tree what it is in
 * @param path as the Dockerfile has it, variables expanded: relative to the root of the tree or absolute, perhaps with
 *     {@code *}, {@code ?}, {@code [...]}
 * @param unpack whether archives are unpacked: decided by their content, not by their name
 */
public record CopySource(SourceTree tree, String path, boolean unpack) {
    /** A source of COPY. */
    public CopySource(SourceTree tree, String path) {
        this(tree, path, false);
    }
}
