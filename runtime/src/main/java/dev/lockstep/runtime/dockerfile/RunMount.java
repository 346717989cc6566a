package dev.lockstep.runtime.dockerfile;

import java.util.List;
import java.util.Optional;

/**
 * A {@code RUN --mount}. Every value is as it is written, with its variables: {@link MountReader#resolve} reads them
 * when they are known.
 *
 * @param fields in order, keys in lower case; a key alone has no value
 * @param text the whole, as it is written
 */
public record RunMount(List<Field> fields, String text) {
    /**
     * One {@code key=value} of it.
     *
     * @param written the field as a whole, for messages
     */
    public record Field(String key, Optional<String> value, String written) {}

    public RunMount {
        fields = List.copyOf(fields);
    }

    /** {@code from}: a stage, its number, an image or a named context. Never has variables. */
    public Optional<String> from() {
        return fields.stream()
                .filter(field -> field.key().equals("from"))
                .reduce((first, last) -> last)
                .flatMap(Field::value);
    }
}
