package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.Occasion;
import java.io.IOException;
import java.util.List;

/** Fills in the templates of tags. */
@FunctionalInterface
public interface ImageTags {
    /**
     * The tags of an image.
     *
     * @param target whose templates they are
     * @param number of the build
     * @throws IllegalArgumentException with a sentence, when a template gives no tag
     */
    List<String> fill(BuildTarget target, Occasion occasion, BuildSources.Source source, long number)
            throws IOException;
}
