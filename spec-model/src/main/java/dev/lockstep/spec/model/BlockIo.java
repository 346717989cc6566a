package dev.lockstep.spec.model;

import java.util.List;
import java.util.Optional;

/**
 * {@code blkio_config}: shares and limits of disk access.
 *
 * @param weight relative to other containers, from 10 to 1000; 0 says nothing
 */
public record BlockIo(
        Optional<Integer> weight,
        List<Weight> weightDevices,
        List<Rate> readBytes,
        List<Rate> readOperations,
        List<Rate> writeBytes,
        List<Rate> writeOperations) {
    /** The weight on one device. */
    public record Weight(String path, int weight) {}

    /** The most of one device, in bytes or operations a second. */
    public record Rate(String path, ByteSize rate) {}

    public BlockIo {
        weightDevices = List.copyOf(weightDevices);
        readBytes = List.copyOf(readBytes);
        readOperations = List.copyOf(readOperations);
        writeBytes = List.copyOf(writeBytes);
        writeOperations = List.copyOf(writeOperations);
    }
}
