package dev.lockstep.runtime.prune;

import java.io.IOException;
import java.util.List;

/** Tells who needs images now. Asked while the store is held still: whoever needs an image has said so by then. */
@FunctionalInterface
public interface ImageUsers {
    /** All of them; an error, and nothing is removed, when one cannot be known. */
    List<ImageUse> list() throws IOException;
}
