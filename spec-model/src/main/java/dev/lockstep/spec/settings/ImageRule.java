package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.List;

/**
 * What must be true of some images before they run. Of all rules whose pattern matches, the most specific holds alone.
 *
 * @param signedBy by one of which it must be signed; none: it need not be signed
 * @param sameRepository whether the signature must say that it was made for the image's repository
 * @param requireDigest whether the files must name it by digest
 * @param forbidLatest whether the tag {@code latest}, written or meant, is refused
 * @param local what of images that no registry gave to this host
 * @param at where the rule stands
 */
public record ImageRule(
        ImagePattern pattern,
        List<KeySource> signedBy,
        boolean sameRepository,
        boolean requireDigest,
        boolean forbidLatest,
        Local local,
        SourcePosition at) {
    /** Images that were imported, loaded or built on the host, so that no registry has vouched for them. */
    public enum Local {
        /** They run, signed or not: whoever brought them here is root. */
        ALLOW,
        /** They do not run, unless they are signed where that is required. */
        REFUSE
    }

    public ImageRule {
        signedBy = List.copyOf(signedBy);
    }
}
