package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceImage;
import dev.lockstep.spec.model.Written;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Optional;

/** {@code config --resolve-image-digests}: each image by what its tag means in its registry now. */
final class ImageDigests {
    private ImageDigests() {}

    static Project pinned(Invocation call, Project project) throws IOException, CommandException {
        var services = new LinkedHashMap<String, Service>();
        // The registry client counts on the store of a root, which only root has.
        try (var engine = EngineDoor.of(call).openForReading()) {
            for (var service : project.services().values()) {
                var written = service.image().reference().filter(r -> !r.text().contains("@"));
                if (written.isEmpty() || service.image().build().isPresent()) {
                    services.put(service.name(), service);
                    continue;
                }
                var text = written.get().text();
                var digest = engine.registry().resolve(ImageReference.parse(text));
                services.put(service.name(), service.withImage(pinned(service.image(), text + "@" + digest)));
            }
        }
        return project.withServices(services, project.sources());
    }

    private static ServiceImage pinned(ServiceImage image, String text) {
        return new ServiceImage(
                Optional.of(Written.of(text, dev.lockstep.spec.model.ImageReference::new)),
                image.build(),
                image.platform(),
                image.pullPolicy(),
                image.pullRefreshAfter());
    }
}
