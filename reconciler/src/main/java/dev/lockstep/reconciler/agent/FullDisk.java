package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.plan.Sizes;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.TreeSize;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A disk that stays full when what a stack's containers wrote is gone: what is left are its volumes, which stay. Of one
 * stack, used by its worker.
 */
final class FullDisk {
    /** Of more the others are small. */
    private static final int NAMED = 3;
    /** Volumes may hold millions of files, and the stack is tried again every few minutes. */
    private static final Duration COUNTED = Duration.ofHours(1);

    private final Volumes volumes;
    private final InstantSource clock;
    private Optional<Counted> last = Optional.empty();

    FullDisk(Volumes volumes, InstantSource clock) {
        this.volumes = volumes;
        this.clock = clock;
    }

    /** The volumes of a stack. */
    interface Volumes {
        /** How many bytes each holds, by name; looks at every file. */
        Map<String, Long> sizes() throws IOException;

        /** Those of that host. */
        static Volumes of(Engine engine, String stack) {
            return () -> {
                var bytes = new HashMap<String, Long>();
                for (var volume : engine.volumes().list()) {
                    if (volume.spec().owner().stack().equals(stack)) {
                        var name = volume.spec().name();
                        bytes.put(name, TreeSize.of(engine.volumes().path(name)));
                    }
                }
                return bytes;
            };
        }
    }

    private record Counted(Instant at, Map<String, Long> bytes) {
        boolean answers(Instant now) {
            return !now.isBefore(at) && now.isBefore(at.plus(COUNTED));
        }
    }

    /** What people have to know, as the end of a sentence about the stack; what the volumes held within the hour. */
    String sentence() throws IOException {
        var now = clock.instant();
        if (last.filter(counted -> counted.answers(now)).isEmpty()) {
            last = Optional.of(new Counted(now, volumes.sizes()));
        }
        return sentence(last.get().bytes());
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
