package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.store.TreeSize;
import java.io.IOException;
import java.util.Optional;

/**
 * What a container takes on the disk, in bytes.
 *
 * @param own what it wrote beside its volumes
 * @param image what it stands on, which others may stand on, too
 */
record ContainerSize(long own, long image) {
    static ContainerSize of(Engine engine, ObservedContainer container) throws IOException {
        var made = container.record().effective();
        var image = made.isPresent() ? engine.images().find(made.get().image()) : Optional.<Image>empty();
        return new ContainerSize(
                TreeSize.of(engine.containers().directory(container.id()).resolve("upper")),
                image.isPresent() ? ImageLines.bytes(engine, image.get()) : 0);
    }

    /** {@code 12kB (virtual 2.02MB)}. */
    @Override
    public String toString() {
        return ImageLines.size(own) + " (virtual " + ImageLines.size(own + image) + ")";
    }
}
