package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceImage;
import dev.lockstep.spec.model.Written;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Services with a {@code build} section, for who runs what was built: their image is the one of that name on this host,
 * and no registry is asked for it.
 */
public final class BuiltImages {
    private BuiltImages() {}

    /** What the image of a service with a {@code build} section is called: as Compose names it, unless it says so. */
    public static String name(Project project, Service service) {
        return service.image()
                .reference()
                .map(Written::text)
                .filter(text -> !text.isEmpty())
                .orElse(project.name() + "-" + service.name());
    }

    /** The project with images by name in place of {@code build} sections. */
    static Project named(Project project) {
        var services = new LinkedHashMap<String, Service>();
        project.services()
                .forEach((key, service) -> services.put(
                        key, service.image().build().isEmpty() ? service : service.withImage(named(project, service))));
        return project.withServices(services, project.sources());
    }

    private static ServiceImage named(Project project, Service service) {
        return new ServiceImage(
                Optional.of(Written.of(name(project, service), dev.lockstep.spec.model.ImageReference::new)),
                Optional.empty(),
                service.image().platform(),
                Optional.empty(),
                service.image().pullRefreshAfter());
    }

    /** The images that are built and not pulled; what is no reference is told by whoever translates the service. */
    static Set<ImageReference> references(Project project) {
        var references = new LinkedHashSet<ImageReference>();
        for (var service : project.services().values()) {
            if (service.image().build().isPresent()) {
                try {
                    references.add(ImageReference.parse(name(project, service)));
                } catch (IllegalArgumentException e) {
                    // Told elsewhere, with its place.
                }
            }
        }
        return references;
    }
}
