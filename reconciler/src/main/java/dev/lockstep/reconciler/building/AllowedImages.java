package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.deploy.ImageGate;
import dev.lockstep.reconciler.deploy.ImageOwners;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.ImageTransfers;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What builds stand on: pulled, or here already, as far as the host and the repository allow it to run.
 *
 * @param transfers by which they are pulled
 * @param owners whose the names of images are that are here already
 * @param policies each of which an image must pass
 */
record AllowedImages(Engine engine, ImageTransfers transfers, ImageOwners owners, List<ImagePolicy> policies)
        implements BuildRooms.Pull {
    AllowedImages {
        policies = List.copyOf(policies);
    }

    @Override
    public boolean means(ImageReference reference, Image here) throws IOException {
        return engine.knownImages().cameFromRegistry(reference, here.digest())
                || owners.refusal(reference, here.digest()).isEmpty();
    }

    @Override
    public void check(ImageReference reference, Image here) throws IOException {
        refuse(reference, new Resolution.Local(here.digest(), here.config()));
    }

    private void refuse(ImageReference reference, Resolution resolution) throws BuildException {
        for (var policy : policies) {
            var refusals = new ImageGate(engine, transfers.registry(), policy).refusals(reference, resolution);
            if (!refusals.isEmpty()) {
                throw new BuildException(
                        "Refused: " + Printable.text(reference.familiar()) + ": " + String.join("; ", refusals));
            }
        }
    }

    @Override
    public Image pull(ImageReference reference, Progress progress) throws IOException {
        try {
            return pulled(reference, progress);
        } catch (IOException e) {
            var here = engine.images().find(reference);
            var why = here.isPresent() ? owners.refusal(reference, here.get().digest()) : Optional.<String>empty();
            throw why.isEmpty() ? e : new BuildException(e.getMessage() + "; " + why.get(), e);
        }
    }

    private Image pulled(ImageReference reference, Progress progress) throws IOException {
        if (policies.stream().allMatch(ImagePolicy::allowsAll)) {
            return transfers.pull(reference, progress);
        }
        var digest = transfers.registry().resolve(reference);
        refuse(reference, new Resolution.Remote(digest));
        return transfers.pull(reference, digest, progress);
    }
}
