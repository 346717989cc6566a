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
import java.util.function.Predicate;

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
        return named(project, _ -> true);
    }

    /** The same for those images only that are built. */
    public static Project named(Project project, Predicate<ImageReference> built) {
        var services = new LinkedHashMap<String, Service>();
        project.services()
                .forEach((key, service) -> services.put(
                        key,
                        reference(project, service).filter(built).isPresent()
                                ? service.withImage(named(project, service))
                                : service));
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

    /** The images that are built and not pulled. */
    static Set<ImageReference> references(Project project) {
        var references = new LinkedHashSet<ImageReference>();
        project.services()
                .values()
                .forEach(service -> reference(project, service).ifPresent(references::add));
        return references;
    }

    /**
     * Whether the reference is one of that image.
     *
     * @param image reference without a tag; of what is none nothing is one
     */
    public static boolean isOf(String image, ImageReference reference) {
        try {
            var name = ImageReference.parse(image);
            return name.host().equals(reference.host()) && name.repository().equals(reference.repository());
        } catch (IllegalArgumentException e) {
            return false; // told by whoever reads the file that it is in
        }
    }

    /**
     * The image of a service with a {@code build} section; empty without one, and where its name is none, which is told
     * by whoever translates the service.
     */
    public static Optional<ImageReference> reference(Project project, Service service) {
        if (service.image().build().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ImageReference.parse(name(project, service)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
