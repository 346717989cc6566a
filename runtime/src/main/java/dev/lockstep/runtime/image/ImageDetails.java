package dev.lockstep.runtime.image;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;

/**
 * What an image says about itself that nobody needs to run it. It comes from strangers: nothing of it is believed, and
 * whoever prints it escapes it.
 *
 * @param created absent when it does not say, or says it in no form that is a time
 * @param config the image's own words for how it wants to be run, a JSON object, with fields that nobody here knows
 * @param history bottom first; what no layer belongs to is there too
 */
public record ImageDetails(
        Optional<Instant> created, Optional<String> author, String config, List<HistoryEntry> history) {
    public ImageDetails {
        history = List.copyOf(history);
    }

    /**
     * A step of the image's making.
     *
     * @param layer absent for a step that changed no file
     */
    public record HistoryEntry(Optional<Instant> created, String createdBy, String comment, Optional<Layer> layer) {}

    static Optional<Instant> time(Optional<String> text) {
        try {
            return text.filter(t -> !t.isEmpty())
                    .map(t -> OffsetDateTime.parse(t).toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
