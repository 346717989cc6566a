package dev.lockstep.runtime.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Options of a mount as people write them behind {@code mount -o}: those that every file system has are flags of
 * mount(2), the rest is for the file system itself.
 *
 * @param flags of mount(2)
 * @param propagation flags that are set by a call of their own; 0 for none
 * @param data what the file system reads
 */
record MountOptions(long flags, long propagation, String data) {
    static final long RDONLY = 0x1;
    static final long BIND = 0x1000;
    static final long REC = 0x4000;
    static final long REMOUNT = 0x20;
    /** What a bind mount takes only when it is mounted once more. */
    static final long PER_MOUNT = 0x1 | 0x2 | 0x4 | 0x8 | 0x400 | 0x800 | 0x200000 | 0x1000000;

    private record Flag(boolean clears, long bits) {}

    private static final Map<String, Flag> FLAGS = Map.ofEntries(
            Map.entry("defaults", new Flag(false, 0)),
            Map.entry("ro", new Flag(false, RDONLY)),
            Map.entry("rw", new Flag(true, RDONLY)),
            Map.entry("nosuid", new Flag(false, 0x2)),
            Map.entry("suid", new Flag(true, 0x2)),
            Map.entry("nodev", new Flag(false, 0x4)),
            Map.entry("dev", new Flag(true, 0x4)),
            Map.entry("noexec", new Flag(false, 0x8)),
            Map.entry("exec", new Flag(true, 0x8)),
            Map.entry("sync", new Flag(false, 0x10)),
            Map.entry("async", new Flag(true, 0x10)),
            Map.entry("mand", new Flag(false, 0x40)),
            Map.entry("nomand", new Flag(true, 0x40)),
            Map.entry("dirsync", new Flag(false, 0x80)),
            Map.entry("noatime", new Flag(false, 0x400)),
            Map.entry("atime", new Flag(true, 0x400)),
            Map.entry("nodiratime", new Flag(false, 0x800)),
            Map.entry("diratime", new Flag(true, 0x800)),
            Map.entry("bind", new Flag(false, BIND)),
            Map.entry("rbind", new Flag(false, BIND | REC)),
            Map.entry("relatime", new Flag(false, 0x200000)),
            Map.entry("norelatime", new Flag(true, 0x200000)),
            Map.entry("strictatime", new Flag(false, 0x1000000)),
            Map.entry("nostrictatime", new Flag(true, 0x1000000)));

    private static final Map<String, Long> PROPAGATION = Map.of(
            "unbindable",
            0x20000L,
            "runbindable",
            0x20000L | REC,
            "private",
            0x40000L,
            "rprivate",
            0x40000L | REC,
            "slave",
            0x80000L,
            "rslave",
            0x80000L | REC,
            "shared",
            0x100000L,
            "rshared",
            0x100000L | REC);

    /** Reads a comma-separated list; later words win. */
    static MountOptions parse(String text) {
        var flags = 0L;
        var propagation = 0L;
        var data = new ArrayList<String>();
        for (var word : List.of(text.split(",", -1))) {
            var flag = Optional.ofNullable(FLAGS.get(word));
            var spread = Optional.ofNullable(PROPAGATION.get(word));
            if (flag.isPresent()) {
                flags = flag.get().clears()
                        ? flags & ~flag.get().bits()
                        : flags | flag.get().bits();
            } else if (spread.isPresent()) {
                propagation = spread.get();
            } else if (!word.isEmpty()) {
                data.add(word);
            }
        }
        return new MountOptions(flags, propagation, String.join(",", data));
    }
}
