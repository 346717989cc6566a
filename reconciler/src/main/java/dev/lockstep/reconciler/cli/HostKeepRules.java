package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.prune.DiskRule;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.spec.settings.HousekeepingEntry;
import java.util.Optional;

/** What the host's owner wants kept, as the engine takes it. */
final class HostKeepRules {
    private HostKeepRules() {}

    static KeepRules of(HousekeepingEntry entry) {
        DiskRule disk = switch (entry.disk()) {
            case HousekeepingEntry.Disk.Used(var percent) -> new DiskRule.Used(percent);
            case HousekeepingEntry.Disk.Free(var bytes) -> new DiskRule.Free(bytes);
        };
        return new KeepRules(false, entry.keepAge(), entry.keep(), Optional.of(disk));
    }
}
