package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;

/**
 * What a container finds in its file system besides the image.
 *
 * @param mounts by order of the file; no two have the same target
 * @param tmpfs memory at a path, in the short form {@code PATH[:OPTIONS]}
 * @param volumesFrom services and containers whose mounts this one gets as well
 * @param secrets granted to it
 * @param configs granted to it
 * @param options of the storage driver
 */
public record Storage(
        List<Mount> mounts,
        List<TmpfsMount> tmpfs,
        List<VolumesFrom> volumesFrom,
        List<Grant> secrets,
        List<Grant> configs,
        Map<String, String> options) {
    public Storage {
        mounts = List.copyOf(mounts);
        tmpfs = List.copyOf(tmpfs);
        volumesFrom = List.copyOf(volumesFrom);
        secrets = List.copyOf(secrets);
        configs = List.copyOf(configs);
        options = Copies.ordered(options);
    }
}
