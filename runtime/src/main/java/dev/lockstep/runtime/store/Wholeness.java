package dev.lockstep.runtime.store;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Looks for what a document did not say. No component of our records is ever null, and what earlier versions did not
 * write is filled in by the record itself; but JSON of another shape ({@code {}}) becomes a record full of nulls, which
 * would show much later and somewhere else.
 */
final class Wholeness {
    private final ConcurrentHashMap<Class<?>, List<Method>> accessors = new ConcurrentHashMap<>();

    /** The first thing that is missing, as a path; empty when all is there. */
    Optional<String> missing(@Nullable Object value) {
        // Not a switch: its code is made when it first runs, which no AOT cache keeps, and that would be in every
        // command.
        if (value == null) {
            return Optional.of("everything");
        } else if (value instanceof Record record) {
            return ofRecord(record);
        } else if (value instanceof Optional<?> optional) {
            return optional.flatMap(this::missing);
        } else if (value instanceof Collection<?> all) {
            return first(all);
        } else if (value instanceof Map<?, ?> map) {
            return first(map.values());
        }
        return Optional.empty();
    }

    private Optional<String> first(Collection<?> all) {
        return all.stream().map(this::missing).flatMap(Optional::stream).findFirst();
    }

    private Optional<String> ofRecord(Record record) {
        for (var accessor : accessors.computeIfAbsent(record.getClass(), Wholeness::accessors)) {
            Object value;
            try {
                value = accessor.invoke(record);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a record's accessor fails: " + accessor, e);
            }
            if (value == null) {
                return Optional.of(accessor.getName());
            }
            var deeper = missing(value);
            if (deeper.isPresent()) {
                return deeper.map(path -> accessor.getName() + "." + path);
            }
        }
        return Optional.empty();
    }

    private static List<Method> accessors(Class<?> type) {
        var all = Arrays.stream(type.getRecordComponents())
                .filter(component -> !component.getType().isPrimitive())
                .map(RecordComponent::getAccessor)
                .toList();
        all.forEach((AccessibleObject accessor) -> accessor.setAccessible(true));
        return all;
    }
}
