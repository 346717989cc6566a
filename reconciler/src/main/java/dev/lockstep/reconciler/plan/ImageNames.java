package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.util.Optional;
import java.util.regex.Pattern;

/** An image together with what its name stands for: whole for programs, in short for people. */
final class ImageNames {
    private static final Pattern WHOLE = Pattern.compile("@(sha256:[0-9a-f]{12})[0-9a-f]{52}");

    private ImageNames() {}

    /** {@code nginx:1.27@sha256:…}, with all digits. */
    static String whole(ImageReference name, Digest digest) {
        return new ImageReference(name.host(), name.repository(), name.tag(), Optional.of(digest)).familiar();
    }

    /** The same text with digests in short: {@code nginx:1.27 (sha256:0123456789ab)}. */
    static String shortened(String text) {
        return WHOLE.matcher(text).replaceAll(" ($1)");
    }

    /** What a container is made from, for a list of things about it. */
    static String listed(ImageReference name, Digest digest) {
        var familiar = name.familiar();
        var at = familiar.indexOf('@');
        var tag = at < 0 ? familiar : familiar.substring(0, at);
        return tag + ", "
                + (known(digest)
                        ? digest.abbreviated()
                        : "digest known after " + (digest.equals(DesiredContainer.NOT_BUILT) ? "the build" : "pull"));
    }

    /** Whether it is a digest, and not what stands for one that only the pull or the build will tell. */
    static boolean known(Digest digest) {
        return !digest.equals(DesiredContainer.NOT_KNOWN) && !digest.equals(DesiredContainer.NOT_BUILT);
    }
}
