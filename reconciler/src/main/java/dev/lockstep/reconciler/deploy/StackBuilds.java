package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Project;
import java.io.IOException;
import java.util.Map;

/**
 * What a stack's repository builds on this host. Such an image is what its build gave and nothing else, whatever a
 * registry or the local store has under the same name.
 */
@FunctionalInterface
public interface StackBuilds {
    /** Nothing is built for the stack. */
    StackBuilds NONE = _ -> Map.of();

    /**
     * What is known of each image that the repository builds, by the name with which a service asks for it. Of all
     * others nothing is said: they come from where they come from.
     */
    Map<ImageReference, BuildState> of(Project project) throws IOException;

    /** What others build here, as far as it is known now. */
    default ImageOwners.Makers makers() {
        return ImageOwners.Makers.NONE;
    }

    /**
     * With something else known of images, and still the same makers.
     *
     * @param states whose makers nobody asks
     */
    default StackBuilds saying(StackBuilds states) {
        var makers = this;
        return new StackBuilds() {
            @Override
            public Map<ImageReference, BuildState> of(Project project) throws IOException {
                return states.of(project);
            }

            @Override
            public ImageOwners.Makers makers() {
                return makers.makers();
            }
        };
    }

    /** What is known of an image that is built. */
    sealed interface BuildState {
        /**
         * It is built, and this is it.
         *
         * @param build number of the build
         * @param pushed whether its registry has it, should this host have it no longer
         */
        record Built(Digest digest, long build, boolean pushed) implements BuildState {}

        /**
         * It is being built, or waits for its turn.
         *
         * @param build its number
         * @param why a sentence without its end: {@code waits for build 12 of shop:1.1}
         * @param pushed whether its registry has it then
         */
        record Pending(long build, String why, boolean pushed) implements BuildState {}

        /**
         * Its build failed; what runs goes on running.
         *
         * @param why a sentence without its end, with what to do
         */
        record Broken(String why) implements BuildState {}

        /**
         * Nobody has built it here.
         *
         * @param why it is to be built, a sentence without its end
         * @param elsewhere whether builds of it are pushed: its registry may have it from another host's
         * @param sameTag whether what a container has been made from under that name is still what it means: its tag
         *     names what it is, and not the files of this commit
         */
        record Missing(String why, boolean elsewhere, boolean sameTag) implements BuildState {}
    }
}
