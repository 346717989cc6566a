package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.SubnetSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An engine that only looks. Needs no root. */
class EngineReadingTest {
    private static final Owner OWNER = new Owner("test-host", "shop", Optional.empty());

    @TempDir
    Path directory;

    private Engine open() throws IOException {
        return Engine.openForReading(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test-host", Optional.of(Path.of("/l")), true));
    }

    private static NetworkSpec network() {
        return new NetworkSpec(
                "front",
                OWNER,
                false,
                true,
                false,
                List.of(SubnetSpec.of(Cidr.parse("127.0.0.0/8"))),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    @Test
    void where_no_root_is_nothing_is_observed_and_nothing_made() throws IOException {
        try (var engine = open()) {
            var observed = engine.observe();

            assertThat(observed.containers()).isEmpty();
            assertThat(observed.networks().networks()).isEmpty();
            assertThat(observed.volumes()).isEmpty();
            assertThat(engine.images().list()).isEmpty();
            assertThat(engine.images().find(ImageReference.parse("redis:8"))).isEmpty();
            assertThat(engine.containers().find("shop-web-1")).isEmpty();
            assertThat(engine.networks().hostChanges().made()).isEmpty();
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void what_a_subnet_overlaps_is_said_without_a_lock() throws IOException {
        try (var engine = open()) {
            assertThat(engine.networks().conflictOf(network()).orElseThrow()).contains("127.0.0.1/8");
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void changing_something_is_refused_before_anything_is_made() throws IOException {
        try (var engine = open()) {
            assertThatThrownBy(() -> engine.volumes().create(new VolumeSpec("data", OWNER, Map.of())))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> engine.networks().create(network())).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> engine.images().remove(ImageReference.parse("redis:8")))
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void the_script_for_exits_is_not_repaired_by_who_only_looks() throws IOException {
        var state = Files.createDirectory(directory.resolve("state"));
        Files.writeString(state.resolve("on-exit"), "#!/bin/sh\n");

        open().close();

        assertThat(state.resolve("on-exit")).hasContent("#!/bin/sh\n");
        assertThat(state.resolve("launcher")).doesNotExist();
    }
}
