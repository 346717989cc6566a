package dev.lockstep.spec.canonical;

import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Lifecycle;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a service's containers depend on, as one number. As with Compose, neither the way its image is built, nor how
 * many containers there are, nor what it waits for counts. The number is Lockstep's own and not the one that Compose
 * prints for the same service.
 */
final class ServiceHash {
    private ServiceHash() {}

    static String of(Project project, Service service, Path projectDirectory) {
        var alone = new Project(
                project.name(),
                Map.of(service.name(), stripped(service)),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                project.sources());
        try {
            var text = JsonWriter.write(new CanonicalForm(Presentation.of(projectDirectory), true).of(alone));
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static Service stripped(Service s) {
        var image = new ServiceImage(
                s.image().reference(), Optional.empty(), s.image().platform(), Optional.empty(), Optional.empty());
        var l = s.lifecycle();
        var lifecycle = new Lifecycle(
                Map.of(),
                l.restart(),
                l.healthCheck(),
                l.stopSignal(),
                l.stopGracePeriod(),
                Optional.empty(),
                l.deploy().map(ServiceHash::stripped),
                List.of(),
                l.attach(),
                l.hooks());
        return new Service(
                s.name(),
                image,
                s.identity(),
                s.program(),
                s.isolation(),
                s.devices(),
                s.limits(),
                s.networking(),
                s.storage(),
                lifecycle,
                s.logging(),
                s.develop(),
                s.models(),
                s.provider(),
                s.extension());
    }

    private static Deploy stripped(Deploy d) {
        return new Deploy(
                d.mode(),
                Optional.empty(),
                d.labels(),
                d.update(),
                d.rollback(),
                d.limits(),
                d.reservations(),
                d.restartPolicy(),
                d.placement(),
                d.endpointMode());
    }
}
