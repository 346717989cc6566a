package dev.lockstep.runtime.oci;

import java.util.List;

/**
 * Whom a container's process runs as.
 *
 * @param additionalGids with {@code gid}: a process without its own primary group among the supplementary ones could
 *     shed it with setgroups(2) and pass negative group permissions (CVE-2022-36109)
 * @param home from the container's passwd, {@code /} where it has no entry
 */
public record ContainerUser(int uid, int gid, List<Integer> additionalGids, String home) {
    public ContainerUser {
        additionalGids = List.copyOf(additionalGids);
    }
}
