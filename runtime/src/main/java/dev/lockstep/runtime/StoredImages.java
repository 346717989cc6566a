package dev.lockstep.runtime;

import dev.lockstep.runtime.container.ContainerImages;
import dev.lockstep.runtime.container.ContainerRooms.Lazy;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageConfig;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Images for containers, out of the store; unpacks what is not unpacked yet. */
record StoredImages(Lazy<ImageStore> images, Lazy<Snapshots> snapshots) implements ContainerImages {
    @Override
    public ImageConfig config(Digest digest) throws IOException {
        return find(digest).config();
    }

    @Override
    public Hold hold(Set<Digest> digests, String why) throws IOException {
        return images.get().lease(why, digests)::close;
    }

    @Override
    public List<Path> layers(Digest digest) throws IOException {
        return snapshots.get().unpack(find(digest), Progress.NONE);
    }

    private Image find(Digest digest) throws IOException {
        return images.get()
                .find(digest)
                .orElseThrow(() -> new IOException("The image " + digest.abbreviated()
                        + " is not in the local store. Pull it or import it first."));
    }
}
