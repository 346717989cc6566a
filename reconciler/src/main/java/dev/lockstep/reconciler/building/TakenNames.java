package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuiltNames;
import dev.lockstep.reconciler.contexts.UnbuildableException;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Names in the local store that a repository's build must not take: other stacks ask for them and mean what they stand
 * for now. What somebody built or loaded by hand is no such name.
 */
record TakenNames(Engine engine, BuiltNames built) {
    /**
     * Looks at all names that a build is about to give.
     *
     * @param pushed whether the image goes to its registry: then what came from there may be an earlier build of it
     * @throws UnbuildableException when one of them is another's
     */
    void require(BuildRecord record, List<ImageReference> names, boolean pushed) throws IOException {
        require(built.read(), record, names, pushed);
    }

    /**
     * Gives them, when none is another's now.
     *
     * @param digest of the image that gets them
     * @throws UnbuildableException when one is
     */
    void give(BuildRecord record, List<ImageReference> names, boolean pushed, Digest digest, BuiltNames.Naming naming)
            throws IOException {
        built.give(
                engine.images(),
                names,
                digest,
                record.repository(),
                known -> require(known, record, names, pushed),
                naming);
    }

    private void require(BuiltNames.Names known, BuildRecord record, List<ImageReference> names, boolean pushed)
            throws IOException {
        for (var name : names) {
            var image = here(name);
            if (image.isEmpty()) {
                continue;
            }
            var makers = known.makers(name, image.get().digest());
            if (makers.contains(record.repository())) {
                continue;
            }
            var other = makers.stream().min(String::compareTo);
            if (other.isPresent()) {
                throw taken(name, "which " + other.get() + " builds");
            }
            if (!pushed
                    && engine.knownImages().cameFromRegistry(name, image.get().digest())) {
                throw taken(name, "which came from its registry");
            }
        }
    }

    /** One that is damaged is nobody's. */
    private Optional<Image> here(ImageReference name) {
        try {
            return engine.images().find(name);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static UnbuildableException taken(ImageReference name, String whose) {
        return new UnbuildableException(name.familiar() + " is the name of another image on this host, " + whose
                + "; stacks that ask for it mean that one. Give what this build makes another name, or let 'lockstep image rm "
                + name.familiar()
                + "' take it from who has it no more");
    }
}
