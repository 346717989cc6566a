package dev.lockstep.runtime.container;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What containers need of images: how one wants to run, and where its files are. */
public interface ContainerImages {
    /**
     * How the image wants to be run.
     *
     * @throws IOException also when the store does not have it
     */
    ImageConfig config(Digest image) throws IOException;

    /**
     * Keeps the images from being removed while nothing else says that they are needed.
     *
     * @param why what needs them, for people
     */
    Hold hold(Set<Digest> images, String why) throws IOException;

    /** Keeps images until it is closed, or its process ends. */
    @FunctionalInterface
    interface Hold extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /** Its layers, unpacked, top layer first. They stay as long as a container record names the image. */
    List<Path> layers(Digest image) throws IOException;
}
