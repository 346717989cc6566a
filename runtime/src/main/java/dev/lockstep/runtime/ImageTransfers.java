package dev.lockstep.runtime;

import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.RegistryCaches;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.TaggedImage;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.trust.KnownImages;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/** Images between the local store and registries, by one client of those. */
public final class ImageTransfers implements AutoCloseable {
    private final ImageStore images;
    private final Snapshots snapshots;
    private final KnownImages known;
    private final RegistryClient registry;
    private final Room room;

    ImageTransfers(ImageStore images, Snapshots snapshots, KnownImages known, RegistryClient registry, Room room) {
        this.images = images;
        this.snapshots = snapshots;
        this.known = known;
        this.registry = registry;
        this.room = room;
    }

    /** Something that may need room on the disk. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    /** Makes room for it where there is too little. */
    @FunctionalInterface
    interface Room {
        <T> T with(Work<T> work) throws IOException;
    }

    /** The client that is asked. */
    public RegistryClient registry() {
        return registry;
    }

    /** See {@link Engine#pull(ImageReference, Progress)}. */
    public Image pull(ImageReference reference, Progress progress) throws IOException {
        if (reference.digest().isEmpty()) {
            registry.prepare(reference);
        }
        try (var _ = images.lease("pull of " + reference.familiar())) {
            return received(reference, room.with(() -> registry.pull(reference, progress, snapshots)));
        }
    }

    /** See {@link Engine#pull(ImageReference, Digest, Progress)}. */
    public Image pull(ImageReference reference, Digest exactly, Progress progress) throws IOException {
        var byDigest = reference.withDigest(exactly);
        if (reference.tag().isEmpty() || reference.digest().isPresent()) {
            return pull(byDigest, progress);
        }
        try (var _ = images.lease("pull of " + reference.familiar())) {
            var named = images.list().contains(new TaggedImage(Optional.of(byDigest), exactly));
            var image = room.with(() -> registry.pull(byDigest, progress, snapshots));
            images.tag(exactly, reference);
            if (!named) {
                images.remove(byDigest); // nobody has asked for that name
            }
            return received(reference, image);
        }
    }

    private Image received(ImageReference reference, Image image) throws IOException {
        known.received(reference, image.digest());
        known.tidy();
        return image;
    }

    /** See {@link Engine#push}. */
    public RegistryClient.Pushed push(ImageReference reference, Progress progress) throws IOException {
        var image = images.find(reference);
        var digests = image.map(i -> Set.of(i.digest())).orElse(Set.of());
        try (var _ = images.lease("push of " + reference.familiar(), digests)) {
            return registry.push(reference, progress);
        }
    }

    /** What other hosts have left of builds. */
    public BuildRooms.Caches caches() {
        return new RegistryCaches(registry, images, snapshots);
    }

    /** Ends the client's connections. */
    @Override
    public void close() {
        registry.close();
    }
}
