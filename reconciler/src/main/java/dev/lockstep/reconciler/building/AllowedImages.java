package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.deploy.ImageGate;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.util.List;

/**
 * What builds stand on: pulled, or here already, as far as the host and the repository allow it to run.
 *
 * @param policies each of which an image must pass
 */
record AllowedImages(Engine engine, List<ImagePolicy> policies) implements BuildRooms.Pull {
    AllowedImages {
        policies = List.copyOf(policies);
    }

    @Override
    public void check(ImageReference reference, Image here) throws IOException {
        refuse(reference, new Resolution.Local(here.digest(), here.config()));
    }

    private void refuse(ImageReference reference, Resolution resolution) throws BuildException {
        for (var policy : policies) {
            var refusals = new ImageGate(engine, policy).refusals(reference, resolution);
            if (!refusals.isEmpty()) {
                throw new BuildException(
                        "Refused: " + Printable.text(reference.familiar()) + ": " + String.join("; ", refusals));
            }
        }
    }

    @Override
    public Image pull(ImageReference reference, Progress progress) throws IOException {
        if (policies.stream().allMatch(ImagePolicy::allowsAll)) {
            return engine.pull(reference, progress);
        }
        var digest = engine.registry().resolve(reference);
        refuse(reference, new Resolution.Remote(digest));
        return engine.pull(reference, digest, progress);
    }
}
