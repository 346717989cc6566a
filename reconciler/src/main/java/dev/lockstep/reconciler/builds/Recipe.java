package dev.lockstep.reconciler.builds;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.Build;

/** What is built, in the words of the file that says it. */
public sealed interface Recipe {
    /**
     * An entry of {@code builds:}.
     *
     * @param base directory of {@code lockstep.yaml} in the repository, that its paths are relative to; {@code ""} for
     *     the root
     */
    record Entry(String base, Build build) implements Recipe {}

    /**
     * A service's {@code build} section.
     *
     * @param directory of the project in the repository, that its paths are relative to
     */
    record OfService(String directory, Project project, String service) implements Recipe {}
}
