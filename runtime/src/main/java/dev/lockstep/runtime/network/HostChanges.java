package dev.lockstep.runtime.network;

import java.util.List;

/**
 * What is, or should be, different on the host outside Lockstep's own objects because of its networks. Sentences for
 * people, printed by {@code apply} and {@code doctor}.
 *
 * @param made what Lockstep has changed
 * @param wanted firewalls that stand in the way and were left alone, with the cure
 * @param overlaps what has come to overlap a network since that was made
 * @param listeners sockets of the host on published ports, which get nothing of what comes to those
 */
public record HostChanges(List<String> made, List<String> wanted, List<String> overlaps, List<String> listeners) {
    public HostChanges {
        made = List.copyOf(made);
        wanted = List.copyOf(wanted);
        overlaps = List.copyOf(overlaps);
        listeners = List.copyOf(listeners);
    }
}
