package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageStore;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What images say that their programs listen on; each image is looked at once. */
final class Exposed {
    private static final Logger LOG = LoggerFactory.getLogger(Exposed.class);

    private final ImageStore images;
    private final Map<Digest, Set<String>> known = new HashMap<>();

    Exposed(Engine engine) throws IOException {
        this.images = engine.images();
    }

    /** {@code 80/tcp}; none of a container that does not run or has no network of its own, as Docker shows it. */
    Set<String> of(ObservedContainer container) {
        if (!container.isRunning() || container.addresses().isEmpty()) {
            return Set.of();
        }
        return container
                .record()
                .effective()
                .map(Effective::image)
                .map(image -> known.computeIfAbsent(image, this::ports))
                .orElse(Set.of());
    }

    private Set<String> ports(Digest digest) {
        try {
            return images.find(digest)
                    .map(image -> image.config().exposedPorts())
                    .orElse(Set.of());
        } catch (IOException e) {
            LOG.debug("ports of an image are left out", e); // the container runs all the same
            return Set.of();
        }
    }
}
