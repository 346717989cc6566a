package dev.lockstep.runtime.trust;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.time.Instant;
import java.util.List;

/**
 * A signature that was verified.
 *
 * @param digest of the index or manifest that is signed
 * @param key id of the key that made it, {@link TrustedKey#id}
 * @param form how it was stored
 * @param names of the repositories that it was made for, as it says itself; none when it says none
 * @param verified when
 */
public record Signature(Digest digest, String key, Form form, List<String> names, Instant verified) {
    /** How signatures are stored beside an image. */
    public enum Form {
        /** cosign's own: a payload in the layer, the signature beside it. */
        SIMPLE_SIGNING,
        /** A sigstore bundle that refers to the image. */
        BUNDLE
    }

    public Signature {
        names = List.copyOf(names);
    }

    /** Whether it says that it was made for the reference's repository. */
    public boolean isFor(ImageReference reference) {
        return names.stream().anyMatch(name -> {
            try {
                var named = ImageReference.parse(name);
                return named.host().equals(reference.host())
                        && named.repository().equals(reference.repository());
            } catch (IllegalArgumentException e) {
                return false;
            }
        });
    }
}
