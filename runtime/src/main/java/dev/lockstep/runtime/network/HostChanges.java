package dev.lockstep.runtime.network;

import java.util.List;

/**
 * What is, or should be, different on the host outside Lockstep's own objects because of its networks. Sentences for
 * people, printed by {@code apply} and {@code doctor}.
 *
 * @param made what Lockstep has changed
 * @param wanted what stands in the way and was left alone, with the cure
 */
public record HostChanges(List<String> made, List<String> wanted) {
    public HostChanges {
        made = List.copyOf(made);
        wanted = List.copyOf(wanted);
    }
}
