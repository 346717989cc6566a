package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the images of an earlier revision are now. One that was built here, was never pushed and is gone since then is
 * what was built again from the same, or else a problem that says how to come by it. Pure.
 *
 * @param digests by reference
 * @param gone why an image cannot be had any more; none of these has a digest
 */
record EarlierImages(Map<String, String> digests, Map<ImageReference, BuildState> gone) {
    EarlierImages {
        digests = Map.copyOf(digests);
        gone = Map.copyOf(gone);
    }

    /**
     * Looks what has become of them.
     *
     * @param then their digests by reference, as the history has them
     * @param records of builds, the newest first
     * @param here whether this host has an image
     */
    static EarlierImages of(Map<String, String> then, List<BuildRecord> records, Predicate<Digest> here) {
        var digests = new HashMap<>(then);
        var gone = new HashMap<ImageReference, BuildState>();
        then.forEach((name, text) -> {
            var digest = Digest.parse(text);
            var build = here.test(digest)
                    ? Optional.<BuildRecord>empty()
                    : records.stream()
                            .filter(record -> record.digest().equals(Optional.of(digest)) && !record.pushed())
                            .findFirst();
            if (build.isEmpty()) {
                return; // here, or to be had from its registry
            }
            var again = records.stream()
                    .filter(record -> isSame(record, build.get()))
                    .flatMap(record -> record.digest().stream())
                    .filter(here)
                    .findFirst();
            if (again.isPresent()) {
                digests.put(name, again.get().toString());
            } else {
                digests.remove(name);
                var reference = ImageReference.parse(name);
                gone.put(reference, new BuildState.Broken(sentence(reference, digest, build.get())));
            }
        });
        return new EarlierImages(digests, gone);
    }

    /** Whether both made the same of the same. */
    private static boolean isSame(BuildRecord record, BuildRecord other) {
        return record.state() == BuildRecord.State.SUCCEEDED
                && record.repository().equals(other.repository())
                && record.target().equals(other.target())
                && record.image().equals(other.image())
                && record.inputs().equals(other.inputs());
    }

    private static String sentence(ImageReference reference, Digest digest, BuildRecord build) {
        return reference.familiar() + " was " + digest.abbreviated() + " of build " + build.number()
                + ", which is not on this host any more and was never pushed. 'lockstep builds retry " + build.number()
                + "' builds it again from the same commit; go back after that";
    }
}
