package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the images of an earlier revision are now. One that was built here, was never pushed and is gone since then is
 * what was built again from the same, or else a problem that says how to come by it.
 *
 * @param digests by reference
 * @param gone why an image cannot be had any more, a sentence without its end; none of these has a digest
 */
record EarlierImages(Map<String, String> digests, Map<ImageReference, String> gone) {
    EarlierImages {
        digests = Map.copyOf(digests);
        gone = Map.copyOf(gone);
    }

    /**
     * Looks what has become of them on this host.
     *
     * @param then their digests by reference, as they were
     */
    static EarlierImages of(Map<String, String> then, Engine engine) throws IOException {
        Predicate<Digest> here = digest -> {
            try {
                return engine.images().find(digest).isPresent();
            } catch (IOException e) {
                return false; // one that is damaged is none
            }
        };
        return of(then, new BuildRecords(engine.root()).all(), here);
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
        var gone = new HashMap<ImageReference, String>();
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
                gone.put(reference, sentence(reference, digest, build.get()));
            }
        });
        return new EarlierImages(digests, gone);
    }

    /**
     * The revision with what was built again in the place of what is gone.
     *
     * @param then its images, of which these are left
     */
    StackRevision in(StackRevision revision, Map<String, String> then) {
        var again = new HashMap<Digest, Digest>();
        then.forEach((name, digest) -> Optional.ofNullable(digests.get(name))
                .ifPresent(now -> again.put(Digest.parse(digest), Digest.parse(now))));
        return revision.withImages(again);
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
                + "' builds it again from the same commit";
    }
}
