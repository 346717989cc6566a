package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.util.List;

/**
 * An element of a set or map of our tables.
 *
 * @param key one field or several
 * @param value what the map has for it; empty in a set
 */
record SetElement(List<Datum> key, List<Datum> value) {
    SetElement {
        key = List.copyOf(key);
        value = List.copyOf(value);
    }

    /** An element of a set. */
    static SetElement of(Datum... key) {
        return new SetElement(List.of(key), List.of());
    }

    /** The same key in a map. */
    SetElement to(Datum... mapped) {
        return new SetElement(key, List.of(mapped));
    }

    /** As libnftables-json(5) has it. */
    JsonNode json() {
        return value.isEmpty() ? json(key) : NftJson.array(json(key), json(value));
    }

    private static JsonNode json(List<Datum> fields) {
        return fields.size() == 1
                ? fields.getFirst().json()
                : NftJson.concat(fields.stream().map(Datum::json).toArray(JsonNode[]::new));
    }

    /** The key as the kernel has it. */
    byte[] keyBytes() {
        return bytes(key);
    }

    /** The value as the kernel has it; empty in a set. */
    byte[] valueBytes() {
        return bytes(value);
    }

    /** Several fields begin at multiples of four bytes, and one alone is as long as it is. */
    private static byte[] bytes(List<Datum> fields) {
        if (fields.size() == 1) {
            return fields.getFirst().bytes();
        }
        var all = new ByteArrayOutputStream();
        for (var field : fields) {
            all.writeBytes(field.bytes());
            while ((all.size() & 3) != 0) {
                all.write(0);
            }
        }
        return all.toByteArray();
    }
}
