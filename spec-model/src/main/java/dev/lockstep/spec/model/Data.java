package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;

/** A tree of values whose meaning is somebody else's: what stands below a foreign {@code x-} key. */
public sealed interface Data {
    record Nothing() implements Data {}

    record Flag(boolean value) implements Data {}

    /** A number in decimal digits, without an exponent. */
    record Numeral(String digits) implements Data {}

    record Text(String text) implements Data {}

    record Items(List<Data> items) implements Data {
        public Items {
            items = List.copyOf(items);
        }
    }

    /** Values by key, in file order. */
    record Entries(Map<String, Data> entries) implements Data {
        public Entries {
            entries = Copies.ordered(entries);
        }
    }
}
