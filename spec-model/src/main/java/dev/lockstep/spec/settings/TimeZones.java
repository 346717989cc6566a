package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Suggestion;
import java.time.ZoneId;

/** Reads time zones by their IANA names. */
final class TimeZones {
    private TimeZones() {}

    /** @throws IllegalArgumentException with a sentence for the user */
    static ZoneId parse(String text) {
        if (!ZoneId.getAvailableZoneIds().contains(text)) {
            throw new IllegalArgumentException("\"" + text + "\" is not an IANA time zone"
                    + Suggestion.nearest(text, ZoneId.getAvailableZoneIds())
                            .map(near -> ". Did you mean \"" + near + "\"?")
                            .orElse(". Write for example Europe/Berlin or UTC"));
        }
        return ZoneId.of(text);
    }
}
