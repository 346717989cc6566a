package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Progress;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How far each layer of a pull or a push is, and how fast. Not for two threads at once. */
final class Transfers {
    private static final double MIB = 1 << 20;
    /** A rate is that of so much time, or of all of it while there has not been more. */
    private static final Duration WINDOW = Duration.ofSeconds(2);

    /** What is happening to a layer. */
    enum Phase {
        PRESENT("here already"),
        DOWNLOADING("downloading"),
        DOWNLOADED("downloaded"),
        UNPACKING("unpacking"),
        UNPACKED("unpacked"),
        UPLOADING("uploading"),
        UPLOADED("uploaded"),
        IMPORTING("importing"),
        IMPORTED("imported");

        final String words;

        Phase(String words) {
            this.words = words;
        }

        private static Phase of(Progress.Step step, boolean over) {
            return switch (step) {
                case PRESENT -> PRESENT;
                case DOWNLOAD -> over ? DOWNLOADED : DOWNLOADING;
                case UNPACK -> over ? UNPACKED : UNPACKING;
                case UPLOAD -> over ? UPLOADED : UPLOADING;
                case IMPORT -> over ? IMPORTED : IMPORTING;
            };
        }

        /** Bytes go over the wire. */
        boolean isTransfer() {
            return this == DOWNLOADING || this == DOWNLOADED || this == UPLOADING || this == UPLOADED;
        }

        boolean isUnderWay() {
            return this == DOWNLOADING || this == UNPACKING || this == UPLOADING || this == IMPORTING;
        }
    }

    /** One layer. */
    record Layer(Digest digest, Phase phase, long done, long total, boolean transferred, Rate rate) {
        private static Layer unknown(Digest digest, Instant now) {
            return new Layer(digest, Phase.PRESENT, 0, 0, false, Rate.from(now));
        }

        /** Twelve digits, as everybody shows digests. */
        String name() {
            return digest.hex().substring(0, 12);
        }
    }

    /** Bytes of a window that moves: those at its beginning and those of now. */
    record Rate(Instant from, long bytesThen, Instant middle, long bytesMiddle, Instant to, long bytes) {
        static Rate from(Instant now) {
            return new Rate(now, 0, now, 0, now, 0);
        }

        Rate at(Instant now, long total) {
            return Duration.between(middle, now).compareTo(WINDOW) < 0
                    ? new Rate(from, bytesThen, middle, bytesMiddle, now, total)
                    : new Rate(middle, bytesMiddle, now, total, now, total);
        }

        /** Bytes a second; 0 while there is nothing to say. */
        double perSecond() {
            var nanos = Duration.between(from, to).toNanos();
            return nanos < 100_000_000 ? 0 : (bytes - bytesThen) * 1e9 / nanos;
        }
    }

    private final Map<Digest, Layer> layers = new LinkedHashMap<>();
    private Rate rate = Rate.from(Instant.EPOCH);

    /**
     * Takes a report.
     *
     * @return the layer when something has begun or ended with it, and not only gone on
     */
    Optional<Layer> report(Progress.Step step, Digest content, long done, long total, Instant now) {
        var over = done >= total;
        var phase = Phase.of(step, over);
        var before = layers.get(content);
        var known = before == null ? Layer.unknown(content, now) : before;
        if (phase == Phase.UNPACKING && known.phase == Phase.DOWNLOADING) {
            // What has come is unpacked while the rest is on its way: the rest is what one waits for.
            return Optional.empty();
        }
        if (before == null && layers.isEmpty()) {
            rate = Rate.from(now);
        }
        layers.put(
                content,
                new Layer(
                        content,
                        phase,
                        done,
                        total,
                        known.transferred || phase.isTransfer(),
                        phase.isTransfer() ? known.rate.at(now, done) : known.rate));
        rate = rate.at(now, sum(true));
        return before == null || known.phase != phase ? Optional.of(layers.get(content)) : Optional.empty();
    }

    /** In the order they were first heard of. */
    List<Layer> layers() {
        return List.copyOf(layers.values());
    }

    /** {@code 3 of 10 layers, 12.0 of 40.5 MiB, 8.1 MiB/s}. */
    String summary() {
        var over = layers.values().stream()
                .filter(layer -> !layer.phase.isUnderWay() && layer.phase != Phase.DOWNLOADED)
                .count();
        return over + " of " + layers.size() + (layers.size() == 1 ? " layer, " : " layers, ") + mib(sum(true)) + " of "
                + mib(sum(false)) + " MiB" + rate(rate);
    }

    private long sum(boolean done) {
        return layers.values().stream()
                .filter(Layer::transferred)
                .mapToLong(layer -> done && layer.phase.isTransfer() ? layer.done : layer.total)
                .sum();
    }

    static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / MIB);
    }

    /** Empty while it is not known. */
    static String rate(Rate rate) {
        var perSecond = rate.perSecond();
        return perSecond <= 0 ? "" : String.format(Locale.ROOT, ", %.1f MiB/s", perSecond / MIB);
    }
}
