package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.ImageCatalog;
import java.util.Optional;

/**
 * What stands in the way of the removal of an image: the same as for Docker, in its words, and what to do about it. Who
 * is called by its id has to be free of all names but one, and of all containers; a name has to be free of containers
 * only when it is the last one.
 */
final class RemovalConflict {
    private RemovalConflict() {}

    /**
     * Why it may not be done.
     *
     * @param container that uses the image, one that runs before one that does not
     */
    static Optional<String> of(ImageCatalog.Match match, Optional<ImageUse> container, boolean force) {
        var image = match.image();
        var id = image.id().hex().substring(0, 12);
        if (match.name().isPresent()) {
            return image.names().size() > 1 || force
                    ? Optional.empty()
                    : container.map(use -> "conflict: unable to remove repository reference \""
                            + match.name().get().familiar() + "\" (must force) - " + use.who()
                            + " is using its referenced image " + id + "; remove that first, or take only the name"
                            + " away with --force");
        }
        if (container.isPresent() && container.get().running()) {
            return Optional.of(
                    "conflict: unable to delete " + id + " (cannot be forced) - image is being used by running "
                            + container.get().who() + "; stop and remove that first");
        }
        if (force) {
            return Optional.empty();
        }
        if (image.names().size() > 1) {
            return Optional.of("conflict: unable to delete " + id
                    + " (must be forced) - image is referenced in multiple" + " repositories; remove its "
                    + image.names().size() + " names one by one, or all with --force");
        }
        return container.map(use -> "conflict: unable to delete " + id
                + " (must be forced) - image is being used by stopped " + use.who()
                + "; remove that first, or take only the name away with --force");
    }
}
