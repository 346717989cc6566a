package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildStates;
import dev.lockstep.reconciler.contexts.UnbuildableException;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Names in the local store that a repository's build must not take: other stacks ask for them and mean what they stand
 * for now. What somebody built or loaded by hand is no such name.
 */
record TakenNames(Engine engine, BuildRecords records) {
    /**
     * Looks at all names that a build is about to give.
     *
     * @param pushed whether the image goes to its registry: then what came from there may be an earlier build of it
     * @throws UnbuildableException when one of them is another's
     */
    void require(BuildRecord record, List<ImageReference> names, boolean pushed) throws IOException {
        for (var name : names) {
            var image = here(name);
            if (image.isEmpty()) {
                continue;
            }
            var maker = records.all().stream()
                    .filter(other -> other.state() == BuildRecord.State.SUCCEEDED)
                    .filter(other ->
                            other.digest().equals(Optional.of(image.get().digest())))
                    .filter(other -> BuildStates.names(other, name))
                    .map(BuildRecord::repository)
                    .toList();
            if (maker.contains(record.repository())) {
                continue;
            }
            if (!maker.isEmpty()) {
                throw taken(name, "which " + maker.getFirst() + " builds");
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
                + "; stacks that ask for it mean that one. Give what this build makes another name");
    }
}
