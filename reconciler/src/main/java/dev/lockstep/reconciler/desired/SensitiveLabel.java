package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The label of containers that were given values of their host's own files. It says where in the service those went, so
 * that a later plan does not show what was there, when neither the host nor the files have it any more.
 */
public final class SensitiveLabel {
    /** Not the user's to write. */
    public static final String KEY = "dev.lockstep.sensitive";

    private static final String SEPARATOR = "\n";

    private SensitiveLabel() {}

    /**
     * The stack, each of whose containers says what of it is secret, even if that is nothing. One of which nobody knows
     * where its values stand, stays as it is.
     *
     * @param secret whether a value that stands there must not be shown
     */
    public static Desired mark(Desired desired, Predicate<SourcePosition> secret) {
        if (desired.sources().positions().isEmpty()) {
            return desired;
        }
        var paths = desired.sources().positions().entrySet().stream()
                .filter(place -> secret.test(place.getValue()))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
        var services = desired.services().stream()
                .map(service -> service.mapped(container -> mark(container, paths)))
                .toList();
        return new Desired(
                desired.owner(),
                desired.revision(),
                desired.networks(),
                desired.volumes(),
                services,
                desired.sources(),
                desired.contents());
    }

    private static ContainerSpec mark(ContainerSpec container, List<String> paths) {
        var service = "services." + container.service() + ".";
        var own = paths.stream()
                .filter(path -> path.startsWith(service))
                .map(path -> path.substring(service.length()))
                .collect(Collectors.joining(SEPARATOR));
        return container.withLabels(Map.of(KEY, own));
    }

    /**
     * Where a container with these labels has values of the host, as paths below its service: {@code command[2]}. Empty
     * when the labels do not say.
     */
    public static Optional<Set<String>> places(Map<String, String> labels) {
        return Optional.ofNullable(labels.get(KEY)).map(text -> text.lines().collect(Collectors.toUnmodifiableSet()));
    }
}
