package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.Verification;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the disk spoiled is found, and made good from the registry. */
class RepairIT {
    @TempDir
    private Path directory;

    @Test
    void blobs_and_layers_that_went_bad_are_found_fetched_and_unpacked_again() throws Exception {
        var image = TestImage.unnamed()
                .gzipLayer(new TarBuilder().file("a", "first").build())
                .gzipLayer(new TarBuilder().file("b", "second").build());
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var engine = StoreWork.engine(directory)) {
            var reference = ImageReference.parse(registry.push(image, "shop/app:1"));
            var pulled = engine.pull(reference, Progress.NONE);
            engine.unpack(pulled, Progress.NONE);
            var layers = pulled.layers();
            var manifest = engine.images().blobs().path(pulled.manifest());
            Files.write(engine.images().blobs().path(layers.getFirst().blob()), new byte[3]);
            Files.write(manifest, "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            var file = directory
                    .resolve("state/snapshots")
                    .resolve(layers.getLast().diffId().hex())
                    .resolve("b");
            Files.writeString(file, "spoilt");

            assertThat(engine.housekeeping().verify().content().damaged())
                    .extracting(Verification.Damaged::digest)
                    .containsExactlyInAnyOrder(
                            pulled.manifest(), layers.getFirst().blob());
            assertThat(engine.images().find(reference)).isEmpty();
            assertThat(engine.pull(reference, Progress.NONE)).isEqualTo(pulled);

            // Only now is there something to compare the layers with.
            assertThat(engine.housekeeping().verify().damaged()).singleElement().satisfies(damaged -> {
                assertThat(damaged.diffId()).isEqualTo(layers.getLast().diffId());
                assertThat(damaged.repaired()).isTrue();
            });
            assertThat(file).hasContent("second");
            assertThat(engine.housekeeping().verify().isGood()).isTrue();
            assertThat(layers).extracting(Layer::blob).allMatch(engine.images().blobs()::has);
        }
    }
}
