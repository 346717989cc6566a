package dev.lockstep.reconciler.apply;

import java.time.Instant;
import java.util.Optional;

/** Whether a container is as somebody needs it. */
sealed interface Verdict {
    record Holds() implements Verdict {}

    /**
     * Not yet.
     *
     * @param what is the matter, a sentence's beginning: "container web is not done"
     * @param until present where nothing changes that but the end of the container, or that moment when it comes;
     *     absent where others write down what changes it, such as the health that a probe finds
     */
    record NotYet(String what, Optional<Instant> until) implements Verdict {
        /** Others write down what changes it. */
        NotYet(String what) {
            this(what, Optional.empty());
        }
    }

    /** It will not come to hold by waiting. */
    record Fails(String why) implements Verdict {}
}
