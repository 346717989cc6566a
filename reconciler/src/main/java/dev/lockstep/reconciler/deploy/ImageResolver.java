package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Says what references mean, without changing anything. What the local store has is resolved there. What a container
 * was made from keeps that meaning: a tag is resolved once, when it is deployed. Only for the rest the registry is
 * asked.
 */
final class ImageResolver implements Function<ImageReference, Resolution> {
    private final Engine engine;
    private final List<ObservedContainer> containers;
    private final Map<ImageReference, Resolution> answers = new HashMap<>();

    ImageResolver(Engine engine, List<ObservedContainer> containers) {
        this.engine = engine;
        this.containers = containers;
    }

    @Override
    public Resolution apply(ImageReference reference) {
        return answers.computeIfAbsent(reference, this::resolve);
    }

    private Resolution resolve(ImageReference reference) {
        try {
            var local = engine.images().find(reference).or(() -> deployed(reference));
            if (local.isPresent()) {
                return new Resolution.Local(local.get().digest(), local.get().config());
            }
            return new Resolution.Remote(engine.registry().resolve(reference));
        } catch (IOException e) {
            return new Resolution.Unknown(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
    }

    private Optional<Image> deployed(ImageReference reference) {
        return containers.stream()
                .map(c -> c.record().spec())
                .filter(spec -> spec.image().equals(reference))
                .findFirst()
                .flatMap(spec -> {
                    try {
                        return engine.images().find(spec.digest());
                    } catch (IOException e) {
                        return Optional.empty(); // damaged: the registry has it again
                    }
                });
    }
}
