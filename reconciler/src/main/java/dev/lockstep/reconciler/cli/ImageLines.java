package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageCatalog;
import dev.lockstep.runtime.image.Layer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the commands about images have in common: finding one, and Docker's ways to write sizes and times. */
final class ImageLines {
    static final String NONE = "<none>";
    private static final List<String> UNITS = List.of("B", "kB", "MB", "GB", "TB", "PB");
    private static final MathContext THREE_DIGITS = new MathContext(3, RoundingMode.HALF_EVEN);
    private static final DateTimeFormatter CREATED = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss xx 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private ImageLines() {}

    /** The image that the user means. */
    static ImageCatalog.Match find(ImageCatalog catalog, String text) throws IOException, CommandException {
        return catalog.find(text)
                .orElseThrow(() -> new CommandException("there is no image " + Printable.text(text) + " here"));
    }

    /** The image that the user means, if it is whole. */
    static Image whole(Engine engine, String text) throws IOException, CommandException {
        var match = find(engine.images().catalog(), text);
        return match.image()
                .whole()
                .orElseThrow(() -> new CommandException("image " + match.image().called()
                        + " is not here whole; pull it again, or see 'lockstep image verify'"));
    }

    /** Three digits and a decimal unit, as Docker shows sizes of images. */
    static String size(long bytes) {
        var value = BigDecimal.valueOf(bytes);
        var unit = 0;
        while (value.compareTo(BigDecimal.valueOf(1000)) >= 0 && unit < UNITS.size() - 1) {
            value = value.movePointLeft(3);
            unit++;
        }
        var rounded = value.round(THREE_DIGITS);
        return (rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString()) + UNITS.get(unit);
    }

    /** Bytes of the image's files. A layer that was never unpacked counts as what it is compressed. */
    static long bytes(Engine engine, Image image) throws IOException {
        var sum = 0L;
        for (var layer : new HashSet<>(image.layers())) {
            sum += bytes(engine, layer);
        }
        return sum;
    }

    static long bytes(Engine engine, Layer layer) throws IOException {
        return engine.snapshots().size(layer.diffId()).orElse(layer.size());
    }

    static String id(Digest digest, boolean whole) {
        return whole ? digest.toString() : digest.hex().substring(0, 12);
    }

    static String since(Optional<Instant> created, Instant now) {
        return created.map(at -> Spans.ago(at, now)).orElse("N/A");
    }

    static String at(Optional<Instant> created) {
        return created.map(CREATED::format).orElse("N/A");
    }
}
