package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.FileMode;
import dev.lockstep.spec.model.TmpfsMount;
import java.util.Optional;

/** Memory at a path, from the options that mount(8) would be given. */
final class Tmpfs {
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
        for (var option : tmpfs.options().orElse("").split(",", -1)) {
            var equals = option.indexOf('=');
            var value = option.substring(equals + 1);
            switch (equals < 0 ? option : option.substring(0, equals)) {
                case "size" -> size = Optional.of(ByteSize.parse(value).bytes());
                case "mode" -> mode = Optional.of(FileMode.parse(value).bits());
                case "ro" -> readOnly = true;
                case "rw" -> readOnly = false;
                // It is so for every one of them, as with Docker.
                case "", "noexec", "nosuid", "nodev" -> {}
                default ->
                    throw new IllegalArgumentException("the engine cannot do the option \"" + option
                            + "\" yet. It knows size, mode, ro, rw, noexec, nosuid and nodev");
            }
        }
        return new MountSpec.Tmpfs(tmpfs.target(), size, mode, readOnly);
    }
}
