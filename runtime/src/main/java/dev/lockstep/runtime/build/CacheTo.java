package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.ImageReference;
import java.nio.file.Path;

/** Where the results of a build's steps go, for builds of other hosts. */
public record CacheTo(Place place, Mode mode, LayerForm form, boolean mayFail) {
    /** Which steps. */
    public enum Mode {
        /** Those whose layers the image has. */
        MIN,
        /** All of them. */
        MAX
    }

    /** Where to. */
    public sealed interface Place {
        /** Under this name in a registry. */
        record Registry(ImageReference reference) implements Place {}

        /**
         * Into a directory, an OCI image layout; what is there stays.
         *
         * @param tag what is there under it goes
         */
        record Local(Path directory, String tag) implements Place {}
    }
}
