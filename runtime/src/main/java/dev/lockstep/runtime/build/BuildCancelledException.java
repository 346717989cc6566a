package dev.lockstep.runtime.build;

/** The build was called off. */
public final class BuildCancelledException extends BuildException {
    private static final long serialVersionUID = 1L;

    BuildCancelledException() {
        super("the build was cancelled");
    }
}
