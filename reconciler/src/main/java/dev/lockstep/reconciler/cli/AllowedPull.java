package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.ImageGate;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;

/** Pulls what a person names, as far as the host's rules for images allow it. */
record AllowedPull(Engine engine, ImagePolicy policy) {
    /**
     * Looks the reference up, asks the rules, and pulls exactly what they were asked about.
     *
     * @throws CommandException when they refuse it; nothing was pulled then
     */
    Image pull(ImageReference reference, Progress progress) throws IOException, CommandException {
        if (policy.allowsAll()) {
            return engine.pull(reference, progress);
        }
        var digest = engine.registry().resolve(reference);
        var refusals = new ImageGate(engine, policy).refusals(reference, new Resolution.Remote(digest));
        if (!refusals.isEmpty()) {
            throw new CommandException(
                    "Refused: " + reference.familiar() + ": " + String.join("; ", refusals), ExitCodes.REFUSED);
        }
        return engine.pull(reference, digest, progress);
    }
}
