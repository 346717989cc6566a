package dev.lockstep.reconciler.deploy;

import dev.lockstep.spec.yaml.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What looking up a stack's images has told beside what they are.
 *
 * @param notes what went wrong with looking up a tag again, while what runs is good enough to go on with
 * @param nextLook when there is reason to look again
 */
public record ImageFindings(List<Problem> notes, Optional<Instant> nextLook) {
    public ImageFindings {
        notes = List.copyOf(notes);
    }
}
