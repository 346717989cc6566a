package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.SourceRange;
import java.util.List;

/** A step of a build failed. */
public final class StepFailedException extends BuildException {
    private static final long serialVersionUID = 1L;

    private final String title;
    private final transient SourceRange at;
    private final String excerpt;
    private final transient List<String> lastLines;

    StepFailedException(
            String title, SourceRange at, String excerpt, List<String> lastLines, String message, Throwable cause) {
        super(message, cause);
        this.title = title;
        this.at = at;
        this.excerpt = excerpt;
        this.lastLines = List.copyOf(lastLines);
    }

    /** {@code [stage 2/5] RUN make}. */
    public String title() {
        return title;
    }

    /** Where its instruction stands. */
    public SourceRange at() {
        return at;
    }

    /** The lines of the Dockerfile around it, with its name and line; ends with a line feed. */
    public String excerpt() {
        return excerpt;
    }

    /** The last lines that its program wrote. */
    public List<String> lastLines() {
        return lastLines;
    }
}
