package dev.lockstep.spec.model;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.Map;

/**
 * Where each value of a project stands, kept beside the records so that they compare by value.
 *
 * @param positions canonical path, such as {@code services.web.environment.FOO} or {@code services.web.ports[0]}, to
 *     the place of that value. A value from an {@code env_file} or {@code .env} has its place in that file
 */
public record Sources(Map<String, SourcePosition> positions) {
    public Sources {
        positions = Map.copyOf(positions);
    }

    /** No positions at all: every value counts as {@link SourcePosition#DEFAULT}. */
    public static Sources none() {
        return new Sources(Map.of());
    }

    /** The place of the value at {@code path}, or of the nearest value above it that somebody wrote. */
    public SourcePosition at(String path) {
        var rest = path;
        while (true) {
            var position = positions.get(rest);
            if (position != null) {
                return position;
            }
            var cut = Math.max(rest.lastIndexOf('.'), rest.lastIndexOf('['));
            if (cut < 0) {
                return SourcePosition.DEFAULT;
            }
            rest = rest.substring(0, cut);
        }
    }

    /** The same, and how the value came from there. */
    public Origin origin(String path) {
        var position = at(path);
        return new Origin(position.plain(), position.via());
    }
}
