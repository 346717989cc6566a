package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealRegistryIT {
    @TempDir
    Path directory;

    @Test
    void an_image_that_another_tool_pushed_is_resolved_pulled_and_unpacked() throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var store = new ImageStore(root, Platform.current(), InstantSource.system());
        var snapshots = new Snapshots(root, store.blobs(), UnpackLimits.DEFAULT, InstantSource.system());
        var image = TestImage.busybox("busybox").file("etc/motd", "hello");
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var client = new RegistryClient(store, RegistrySettings.anonymous())) {
            var reference = ImageReference.parse(registry.push(image, "team/app:1"));

            assertThat(client.resolve(reference)).isEqualTo(image.manifest().digest());
            var pulled = client.pull(reference, Progress.NONE, LayerIntake.NONE);
            assertThat(pulled.digest()).isEqualTo(image.manifest().digest());
            var layers = snapshots.unpack(pulled, Progress.NONE);
            assertThat(layers.getFirst().resolve("etc/motd")).hasContent("hello");
            assertThat(layers.getLast().resolve("bin/sh")).hasSameBinaryContentAs(Path.of("/bin/busybox"));
            assertThat(Files.getAttribute(layers.getLast().resolve("tmp"), "unix:mode"))
                    .isEqualTo(041777);

            assertThatThrownBy(() -> client.resolve(ImageReference.parse(registry.host() + "/team/app:2")))
                    .hasMessageContaining("manifest for " + registry.host() + "/team/app:2 not found");
            assertThatThrownBy(() -> client.pull(
                            ImageReference.parse(registry.host() + "/other"), Progress.NONE, LayerIntake.NONE))
                    .isInstanceOf(RegistryException.class)
                    .hasMessageContaining("/other:latest not found");
        }
    }
}
