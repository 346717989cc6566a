package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Image;
import java.time.Instant;
import java.util.List;

/**
 * What a build has made, and of what.
 *
 * @param request what was asked for
 * @param image whose content is in the store
 * @param steps that it was made by, those of other stages too
 * @param materials that came from outside
 * @param begun when the build began
 */
public record Built(BuildRequest request, Image image, List<DoneStep> steps, List<Material> materials, Instant begun) {
    public Built {
        steps = List.copyOf(steps);
        materials = List.copyOf(materials);
    }

    /** The same in another form. */
    public Built as(Image packed) {
        return new Built(request, packed, steps, materials, begun);
    }
}
