package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.policy.Demand;
import dev.lockstep.spec.policy.Subject;
import java.io.IOException;
import java.util.Optional;

/**
 * Whose names images of the local store have, for one repository. Any repository that builds here may take a name that
 * is free, and others that write that name mean what its registry has: what somebody else's build has called so is not
 * it, unless the host's owner says so.
 *
 * @param confinement what the repository may ask for that is another's
 */
public record ImageOwners(Makers makers, Confinement confinement) {
    /** All images are what they are called. */
    public static final ImageOwners NONE = new ImageOwners(Makers.NONE, Confinement.NONE);

    /** Who gave images their names. */
    @FunctionalInterface
    public interface Makers {
        /** Nobody who matters. */
        Makers NONE = (_, _) -> Optional.empty();

        /** Another repository, whose build gave that image that name on this host, and not one of this repository. */
        Optional<String> other(ImageReference name, Digest digest) throws IOException;
    }

    /**
     * Why the image of that name on this host is not what is meant, a sentence without its end; empty when it is.
     *
     * @throws IOException when it cannot be found out
     */
    public Optional<String> refusal(ImageReference name, Digest digest) throws IOException {
        if (name.digest().isPresent() || confinement.isNone()) {
            return Optional.empty(); // that one, whoever has made it
        }
        var other = makers.other(name, digest);
        if (other.isEmpty()) {
            return Optional.empty();
        }
        var named = new ImageReference(name.host(), name.repository(), Optional.empty(), Optional.empty()).familiar();
        return confinement
                .refusal(new Demand(Subject.EXTERNAL, "image:" + named, "image"))
                .map(why ->
                        "the image of that name on this host is not meant, which " + other.get() + " builds. " + why);
    }
}
