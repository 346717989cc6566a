package dev.lockstep.reconciler.builds;

import dev.lockstep.runtime.image.Digest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which builds are forgotten. Pure. */
public final class BuildRetention {
    private BuildRetention() {}

    /**
     * Those that go: all that are over and not among the newest, but for what somebody still needs. That is the newest
     * that succeeded of each target and the newest that took the names of its ref, which says where a push is compared
     * with, and whatever is in use.
     *
     * @param keep that many of those that are over stay
     * @param inUse images that containers have, or that a stack would go back to
     */
    public static List<BuildRecord> forgotten(List<BuildRecord> all, int keep, Set<Digest> inUse) {
        var names = new RefNames(all);
        var made = new HashSet<String>();
        var named = new HashSet<String>();
        var over = 0;
        var forgotten = new ArrayList<BuildRecord>();
        for (var record : all.stream()
                .sorted(Comparator.comparingLong(BuildRecord::number).reversed())
                .toList()) {
            if (record.state().isPending()) {
                continue;
            }
            over++;
            var succeeded = record.state() == BuildRecord.State.SUCCEEDED;
            var target = record.repository() + " " + record.target() + " " + record.image();
            var newest = succeeded && made.add(target);
            newest |= succeeded && names.takes(record) && named.add(target);
            var used = record.digest().filter(inUse::contains).isPresent();
            if (over > keep && !newest && !used) {
                forgotten.add(record);
            }
        }
        return List.copyOf(forgotten);
    }
}
