package dev.lockstep.runtime.event;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One thing that happened, in Docker's words (docker system events).
 *
 * @param type {@code container}, {@code network}, {@code volume} or {@code image}
 * @param action {@code start}, {@code die}, …; some say more behind a colon: {@code exec_start: sh -c true}
 * @param id of the object; for volumes and images their name
 * @param attributes sorted; the object's labels too
 */
public record Event(Instant time, String type, String action, String id, Map<String, String> attributes) {
    public Event {
        attributes = Collections.unmodifiableMap(new TreeMap<>(attributes));
    }
}
