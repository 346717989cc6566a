package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.yaml.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What looking up a stack's images has told beside what they are.
 *
 * @param notes what went wrong with looking up a tag again, while what runs is good enough to go on with
 * @param waits for which builds; each is among the problems of the plan as well, which is applied when there is none
 * @param wanted images that are to be built and that nobody has been asked for yet
 * @param nextLook when there is reason to look again
 */
public record ImageFindings(
        List<Problem> notes, List<Problem> waits, Set<ImageReference> wanted, Optional<Instant> nextLook) {
    public ImageFindings {
        notes = List.copyOf(notes);
        waits = List.copyOf(waits);
        wanted = Set.copyOf(wanted);
    }
}
