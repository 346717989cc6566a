package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Optional;

/**
 * Walls around a container.
 *
 * @param noNewPrivileges set-id programs and file capabilities give nothing; absent: they do
 * @param seccomp {@link #UNCONFINED}, or the text of a profile; absent: the distribution's profile
 * @param apparmor {@link #UNCONFINED}, or the name of a profile that the kernel has loaded; absent:
 *     {@code docker-default} where that is loaded
 * @param labels of SELinux: {@code disable}, or {@code user:V}, {@code role:V}, {@code type:V}, {@code level:V}
 * @param openSystemPaths hide and protect nothing below /proc and /sys
 */
public record SecurityOptions(
        Optional<Boolean> noNewPrivileges,
        Optional<String> seccomp,
        Optional<String> apparmor,
        List<String> labels,
        boolean openSystemPaths) {
    /** The defaults. */
    public static final SecurityOptions NONE =
            new SecurityOptions(Optional.empty(), Optional.empty(), Optional.empty(), List.of(), false);

    /** No wall of that kind at all. */
    public static final String UNCONFINED = "unconfined";

    public SecurityOptions {
        labels = List.copyOf(labels);
    }

    /** The same that says so, or says nothing, of new privileges. */
    public SecurityOptions withNoNewPrivileges(Optional<Boolean> other) {
        return new SecurityOptions(other, seccomp, apparmor, labels, openSystemPaths);
    }
}
