package dev.lockstep.runtime.testing;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.store.Owner;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Containers of the stack {@code shop} on the host {@code web1} that ask for nothing, for tests that make none. */
public final class PlainSpec {
    private PlainSpec() {}

    /** Of the image of that name. */
    public static ContainerSpec of(String service, String image) {
        return of(service, image, new Digest("1".repeat(64)), Map.of(), List.of());
    }

    /** With labels and mounts. */
    public static ContainerSpec of(
            String service, String image, Digest digest, Map<String, String> labels, List<MountSpec> mounts) {
        return new ContainerSpec(
                "shop-" + service + "-1",
                new Owner("web1", "shop", Optional.empty()),
                service,
                1,
                ImageReference.parse(image),
                digest,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                labels,
                mounts,
                List.of(),
                List.of(),
                Resources.UNLIMITED,
                RestartPolicy.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
