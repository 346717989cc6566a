package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.plan.Sizes;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.TreeSize;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** A disk that stays full when what a stack's containers wrote is gone: what is left are its volumes, which stay. */
final class FullDisk {
    /** Of more the others are small. */
    private static final int NAMED = 3;

    private FullDisk() {}

    /** What people have to know, as the end of a sentence about the stack. */
    static String sentence(Engine engine, String stack) throws IOException {
        var bytes = new HashMap<String, Long>();
        for (var volume : engine.volumes().list()) {
            if (volume.spec().owner().stack().equals(stack)) {
                var name = volume.spec().name();
                bytes.put(name, TreeSize.of(engine.volumes().path(name)));
            }
        }
        return sentence(bytes);
    }

    /** @param volumes how many bytes each of the stack's holds */
    static String sentence(Map<String, Long> volumes) {
        var large = volumes.entrySet().stream()
                .filter(volume -> volume.getValue() > 0)
                .sorted(Map.Entry.<String, Long>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey(Comparator.naturalOrder())))
                .limit(NAMED)
                .map(volume -> "volume " + volume.getKey() + " holds " + Sizes.show(volume.getValue()))
                .collect(Collectors.joining(", "));
        return "the disk is full also without what is not well"
                + (large.isEmpty() ? "" : ": " + large + ", and what is in volumes is never removed by itself")
                + "; make room, it is tried again until there is some";
    }
}
