package dev.lockstep.spec.load;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Values for paths such as {@code services.*.build.args}, where {@code *} is any key or any item of a list. Walked
 * along with a tree, so that no path is ever put together or taken apart. Immutable once it is built.
 */
final class PathTable<T> {
    private final Map<String, PathTable<T>> children = new HashMap<>();
    private @Nullable T value;

    private PathTable() {}

    static <T> PathTable<T> of(Map<String, T> rows) {
        var root = new PathTable<T>();
        rows.forEach((pattern, value) -> {
            var here = root;
            for (var part : pattern.split("\\.", -1)) {
                here = here.children.computeIfAbsent(part, _ -> new PathTable<>());
            }
            here.value = value;
        });
        return root;
    }

    /** What the table has for this path. */
    Optional<T> value() {
        return Optional.ofNullable(value);
    }

    /** True if there is nothing for any path below this one. */
    boolean isLeaf() {
        return children.isEmpty();
    }

    /** The table for what is below {@code key}. */
    PathTable<T> below(String key) {
        var child = children.get(key);
        if (child == null) {
            child = children.get("*");
        }
        return child == null ? new PathTable<>() : child;
    }

    /** The table for the items of a list. */
    PathTable<T> items() {
        return below("*");
    }
}
