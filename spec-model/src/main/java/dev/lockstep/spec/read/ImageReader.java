package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ImageReference;
import dev.lockstep.spec.model.Platform;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.ServiceImage;

/** Reads what a service's containers are made from. */
final class ImageReader {
    private final NestedReaders nested;

    ImageReader(NestedReaders nested) {
        this.nested = nested;
    }

    ServiceImage read(Attributes service) {
        return new ServiceImage(
                service.written("image", ImageReference::new),
                nested.build().read(service.fields()),
                service.written("platform", Platform::parse),
                service.parsed("pull_policy", PullPolicy::parse),
                service.text("pull_refresh_after"));
    }
}
