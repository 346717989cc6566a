package dev.lockstep.reconciler.builds;

import java.util.List;
import java.util.Optional;

/**
 * An image that a commit says how to build: an entry of {@code builds:} in {@code lockstep.yaml}, or, where there is no
 * such key, the {@code build} section of a service.
 *
 * @param name what people call it: the entry's name, or {@code STACK/SERVICE}
 * @param image its reference without a tag
 * @param tags templates of its tags; the first names it
 * @param recipe what is built
 * @param triggers what of a repository starts it
 * @param test what the image must stand before it counts; absent: nothing
 * @param push whether it is sent to its registry
 */
public record BuildTarget(
        String name,
        String image,
        List<String> tags,
        Recipe recipe,
        Triggers triggers,
        Optional<BuildTest> test,
        boolean push) {
    public BuildTarget {
        tags = List.copyOf(tags);
    }
}
