package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.prune.DiskRule;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.spec.settings.HousekeepingEntry;
import java.util.Optional;

/** What the host's owner wants kept, as the engine takes it. */
final class HostKeepRules {
    private HostKeepRules() {}

    static KeepRules of(HousekeepingEntry entry) {
        // No switch over types: its code is made when it is first run, and every cold command comes by here.
        var disk = entry.disk() instanceof HousekeepingEntry.Disk.Used(var percent)
                ? new DiskRule.Used(percent)
                : new DiskRule.Free(((HousekeepingEntry.Disk.Free) entry.disk()).bytes());
        return new KeepRules(false, entry.keepAge(), entry.keep(), Optional.of(disk));
    }
}
