package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Cgroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Where limits of disk access stand. The throttles of version 1 are files with a line per device, those of version 2
 * one file with a line of four words per device. Weights are the scheduler's: bfq has files of its own.
 */
final class BlockIoFiles {
    /** Every cgroup's weight on version 1 and of bfq; {@code io.weight} says it so too. */
    private static final long WEIGHT = 100;

    private static final List<String> VERSION_1 = List.of("blkio.bfq.weight", "blkio.weight");
    private static final List<String> VERSION_2 = List.of("io.bfq.weight", "io.weight");
    private static final Map<String, String> KEYS =
            Map.of("rbps", "read_bps", "riops", "read_iops", "wbps", "write_bps", "wiops", "write_iops");

    private static final Pattern DEVICE = Pattern.compile("\\d+:\\d+");
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private BlockIoFiles() {}

    /** @param weights whether the kernel's disk scheduler knows any: a runtime fails to write what is not there */
    static void toOci(BlockIo limits, boolean weights, ObjectNode resources) {
        if (weights) {
            limits.weight().ifPresent(weight -> resources.withObject("/blockIO").put("weight", weight));
            devices(limits.weights(), "weightDevice", "weight", resources);
        }
        devices(limits.readBytes(), "throttleReadBpsDevice", "rate", resources);
        devices(limits.readOperations(), "throttleReadIOPSDevice", "rate", resources);
        devices(limits.writeBytes(), "throttleWriteBpsDevice", "rate", resources);
        devices(limits.writeOperations(), "throttleWriteIOPSDevice", "rate", resources);
    }

    private static void devices(Map<String, Long> values, String list, String key, ObjectNode resources) {
        values.forEach((number, value) -> {
            var parts = number.split(":", -1);
            resources
                    .withObject("/blockIO")
                    .withArray(list)
                    .addObject()
                    .put("major", Integer.parseInt(parts[0]))
                    .put("minor", Integer.parseInt(parts[1]))
                    .put(key, value);
        });
    }

    /** The file of weights that this kernel has; absent: its disk scheduler knows none. */
    static Optional<String> weightFile(Cgroup cgroup) throws IOException {
        for (var file : cgroup.isUnified() ? VERSION_2 : VERSION_1) {
            if (cgroup.read(controller(cgroup), file).isPresent()) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    private static String controller(Cgroup cgroup) {
        return cgroup.isUnified() ? "io" : "blkio";
    }

    /** What the kernel has; weights only where some were told, for another one means nothing without the scheduler. */
    static BlockIo read(Cgroup cgroup, BlockIo told, HostLimits host) throws IOException {
        var weight = Optional.<Long>empty();
        Map<String, Long> weights = Map.of();
        var file = host.weightFile(cgroup);
        if (file.isPresent()) {
            var lines = lines(cgroup, file.get());
            var found = weight(lines);
            if (found.isPresent()) {
                var means = file.get().equals("io.weight") ? bfq(found.get(), told.weight()) : found.get();
                weight = means == WEIGHT && told.weight().isEmpty() ? Optional.empty() : Optional.of(means);
            }
            weights = byDevice(cgroup.isUnified() ? lines : lines(cgroup, file.get() + "_device"));
        } else {
            weight = told.weight();
            weights = told.weights();
        }
        return new BlockIo(
                weight,
                weights,
                throttle(cgroup, "rbps"),
                throttle(cgroup, "riops"),
                throttle(cgroup, "wbps"),
                throttle(cgroup, "wiops"));
    }

    /** {@code 100}, or {@code default 100} before those of devices. A loop: every look at a container comes here. */
    private static Optional<Long> weight(List<String> lines) {
        for (var line : lines) {
            var text = line.startsWith("default ") ? line.substring("default ".length()) : line;
            if (NUMBER.matcher(text).matches()) {
                return Optional.of(Long.valueOf(text));
            }
        }
        return Optional.empty();
    }

    /**
     * Runtimes spread 10…1000 over 1…10000 where only {@code io.weight} is there (runc, ConvertBlkIOToIOWeightValue).
     */
    private static long bfq(long weight, Optional<Long> told) {
        return told.filter(t -> spread(t) == weight)
                .orElse(weight == WEIGHT ? WEIGHT : 10 + (weight - 1) * 990 / 9_999);
    }

    static long spread(long weight) {
        return 1 + (weight - 10) * 9_999 / 990;
    }

    private static Map<String, Long> byDevice(List<String> lines) {
        var values = new TreeMap<String, Long>();
        for (var line : lines) {
            var parts = line.split(" ", -1);
            if (parts.length == 2
                    && DEVICE.matcher(parts[0]).matches()
                    && NUMBER.matcher(parts[1]).matches()) {
                values.put(parts[0], Long.valueOf(parts[1]));
            }
        }
        return values;
    }

    private static Map<String, Long> throttle(Cgroup cgroup, String key) throws IOException {
        if (!cgroup.isUnified()) {
            return byDevice(lines(cgroup, "blkio.throttle." + KEYS.get(key) + "_device"));
        }
        var values = new TreeMap<String, Long>();
        for (var line : lines(cgroup, "io.max")) {
            var words = line.split(" ", -1);
            for (var word : words) {
                if (word.startsWith(key + "=") && !word.endsWith("=max")) {
                    values.put(words[0], Long.valueOf(word.substring(key.length() + 1)));
                }
            }
        }
        return values;
    }

    private static List<String> lines(Cgroup cgroup, String file) throws IOException {
        var text = cgroup.read(controller(cgroup), file).orElse("");
        return text.isEmpty() ? List.of() : text.lines().toList();
    }

    /** Changes what differs. */
    static void write(Cgroup cgroup, BlockIo now, BlockIo wanted) throws IOException {
        var file = weightFile(cgroup);
        if (file.isPresent()) {
            if (!now.weight().equals(wanted.weight())) {
                var weight = wanted.weight().orElse(WEIGHT);
                cgroup.write(
                        controller(cgroup),
                        file.get(),
                        String.valueOf(file.get().equals("io.weight") && weight != WEIGHT ? spread(weight) : weight));
            }
            var devices = cgroup.isUnified() ? file.get() : file.get() + "_device";
            for (var line : changes(now.weights(), wanted.weights(), cgroup.isUnified() ? "default" : "0")) {
                cgroup.write(controller(cgroup), devices, line);
            }
        }
        throttle(cgroup, "rbps", now.readBytes(), wanted.readBytes());
        throttle(cgroup, "riops", now.readOperations(), wanted.readOperations());
        throttle(cgroup, "wbps", now.writeBytes(), wanted.writeBytes());
        throttle(cgroup, "wiops", now.writeOperations(), wanted.writeOperations());
    }

    private static void throttle(Cgroup cgroup, String key, Map<String, Long> now, Map<String, Long> wanted)
            throws IOException {
        for (var line : changes(now, wanted, cgroup.isUnified() ? "max" : "0")) {
            if (cgroup.isUnified()) {
                cgroup.write("io", "io.max", line.replace(" ", " " + key + "="));
            } else {
                cgroup.write("blkio", "blkio.throttle." + KEYS.get(key) + "_device", line);
            }
        }
    }

    private static List<String> changes(Map<String, Long> now, Map<String, Long> wanted, String none) {
        var lines = new ArrayList<String>();
        var devices = new TreeSet<>(now.keySet());
        devices.addAll(wanted.keySet());
        for (var device : devices) {
            var value = Optional.ofNullable(wanted.get(device));
            if (!value.equals(Optional.ofNullable(now.get(device)))) {
                lines.add(device + " " + value.map(String::valueOf).orElse(none));
            }
        }
        return lines;
    }
}
