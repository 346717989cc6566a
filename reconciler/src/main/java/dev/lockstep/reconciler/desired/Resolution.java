package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import java.util.Optional;

/** What is known of the image behind a reference before anything is changed. */
public sealed interface Resolution {
    /** The local store has it. */
    record Local(Digest digest, ImageConfig configuration) implements Resolution {}

    /**
     * The registry says what the reference is; it has to be pulled.
     *
     * @param because why the registry was asked although the host has an image of that name: {@code every_12h}
     */
    record Remote(Digest digest, Optional<String> because) implements Resolution {
        /** This host has no image of that name. */
        public Remote(Digest digest) {
            this(digest, Optional.empty());
        }
    }

    /**
     * Known after the pull.
     *
     * @param why a sentence: what kept us from knowing
     */
    record Unknown(String why) implements Resolution {}

    /**
     * Known after its build, which is still to come.
     *
     * @param why a sentence without its end: why there is none yet
     * @param pushed whether it is sent to its registry then
     */
    record Unbuilt(String why, boolean pushed) implements Resolution {}

    /** The digest, unless only the pull or the build will tell. */
    default Optional<Digest> known() {
        return switch (this) {
            case Local(var digest, var unused) -> Optional.of(digest);
            case Remote(var digest, var unused) -> Optional.of(digest);
            case Unknown _, Unbuilt _ -> Optional.empty();
        };
    }
}
