package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.FileMode;
import dev.lockstep.spec.model.TmpfsMount;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Memory at a path, from the options that mount(8) would be given. */
final class Tmpfs {
    /** Flags of mount(8) that a file system in memory takes. */
    private static final List<String> FLAGS = List.of(
            "exec",
            "suid",
            "dev",
            "sync",
            "async",
            "dirsync",
            "atime",
            "noatime",
            "diratime",
            "nodiratime",
            "relatime",
            "norelatime",
            "strictatime",
            "nostrictatime");

    private Tmpfs() {}

    /**
     * The mount.
     *
     * @throws IllegalArgumentException for an option that the engine does not have
     */
    static MountSpec mount(TmpfsMount tmpfs) {
        var size = Optional.<Long>empty();
        var mode = Optional.<Integer>empty();
        var readOnly = false;
        var more = new ArrayList<String>();
        for (var option : tmpfs.options().orElse("").split(",", -1)) {
            var equals = option.indexOf('=');
            var key = equals < 0 ? option : option.substring(0, equals);
            var value = option.substring(equals + 1);
            switch (key) {
                case "size" -> {
                    if (value.matches("\\d{1,3}%")) {
                        more.add(option);
                    } else {
                        size = Optional.of(ByteSize.parse(value).bytes());
                    }
                }
                case "mode" -> mode = Optional.of(FileMode.parse(value).bits());
                case "ro" -> readOnly = true;
                case "rw" -> readOnly = false;
                // It is so for every one of them, as with Docker.
                case "", "noexec", "nosuid", "nodev" -> more.remove(option.isEmpty() ? "" : option.substring(2));
                case "uid", "gid", "nr_inodes", "nr_blocks", "mpol" -> more.add(valued(key, value, option));
                default -> {
                    if (!FLAGS.contains(option)) {
                        throw new IllegalArgumentException("\"" + option + "\" is no option of memory at a path. Write"
                                + " size, mode, uid, gid, nr_inodes, nr_blocks, mpol, ro, or one of "
                                + String.join(", ", FLAGS));
                    }
                    more.add(option);
                }
            }
        }
        return new MountSpec.Tmpfs(tmpfs.target(), size, mode, readOnly, more);
    }

    private static String valued(String key, String value, String option) {
        if (!value.matches(key.equals("mpol") ? "[a-z0-9:,=-]+" : "\\d{1,10}[kKmMgG]?")) {
            throw new IllegalArgumentException("\"" + value + "\" is no value of " + key);
        }
        return option;
    }
}
