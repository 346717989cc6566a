package dev.lockstep.runtime.container;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Shares and limits of disk access. Devices are paths where it is asked for, and {@code major:minor} where the kernel
 * is told.
 *
 * @param weight beside other containers, 10 to 1000
 * @param weights on single devices
 * @param readBytes the most in a second, by device
 * @param readOperations the same
 * @param writeBytes the same
 * @param writeOperations the same
 */
public record BlockIo(
        Optional<Long> weight,
        Map<String, Long> weights,
        Map<String, Long> readBytes,
        Map<String, Long> readOperations,
        Map<String, Long> writeBytes,
        Map<String, Long> writeOperations) {
    /** No limits. */
    public static final BlockIo NONE = new BlockIo(Optional.empty(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

    public BlockIo {
        weights = ordered(weights);
        readBytes = ordered(readBytes);
        readOperations = ordered(readOperations);
        writeBytes = ordered(writeBytes);
        writeOperations = ordered(writeOperations);
    }

    private static Map<String, Long> ordered(Map<String, Long> map) {
        return Collections.unmodifiableMap(new TreeMap<>(map));
    }
}
