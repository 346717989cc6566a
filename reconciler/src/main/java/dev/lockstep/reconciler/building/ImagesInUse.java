package dev.lockstep.reconciler.building;

import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.util.Set;

/** Tells which images are in use. */
@FunctionalInterface
public interface ImagesInUse {
    /** Those that containers have, or that a stack would go back to. */
    Set<Digest> digests() throws IOException;
}
