package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.ImageReference;
import java.nio.file.Path;

/** Where results of steps may be that another host has done. */
public sealed interface CacheFrom {
    /** As a person calls it. */
    String called();

    /** What a build has put into a registry: a cache of its own, or an image that has one in it. */
    record Registry(ImageReference reference) implements CacheFrom {
        @Override
        public String called() {
            return reference.familiar();
        }
    }

    /**
     * The same in a directory, an OCI image layout.
     *
     * @param tag which of several
     */
    record Local(Path directory, String tag) implements CacheFrom {
        @Override
        public String called() {
            return directory.toString();
        }
    }
}
