package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineIT {
    @TempDir
    Path directory;

    private EngineOptions options() {
        return new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test-host", Optional.of(Path.of("/l")), true);
    }

    @Test
    void the_runtime_is_one_that_really_starts_containers_and_is_remembered() throws IOException {
        try (var engine = Engine.open(options())) {
            var runtime = engine.runtime();
            assertThat(runtime.name()).isIn("crun", "runc");
            var kept = Files.readAllBytes(engine.root().run().resolve("oci-runtime.json"));
            try (var again = Engine.open(options())) {
                assertThat(again.runtime()).isEqualTo(runtime);
            }
            assertThat(engine.root().run().resolve("oci-runtime.json")).hasBinaryContent(kept);
            assertThat(engine.root().run().resolve("probe")).doesNotExist();
            assertThat(Cgroups.detect()
                            .at("/lockstep-" + engine.root().shortId())
                            .exists())
                    .isFalse();
        }
    }

    @Test
    void nothing_that_starts_containers_is_an_error_that_says_what_each_one_said() throws IOException {
        var broken = Files.writeString(directory.resolve("crun"), "#!/bin/sh\necho not today; exit 1\n");
        broken.toFile().setExecutable(true);
        try (var engine = Engine.open(options())) {
            assertThatThrownBy(() -> new RuntimeChoice(engine.root(), new HostTools(List.of(directory))).choose())
                    .hasMessageContaining("crun: not today");
            assertThatThrownBy(() -> new RuntimeChoice(engine.root(), new HostTools(List.of())).choose())
                    .hasMessageContaining("apt install crun");
        }
    }

    @Test
    void the_script_for_exits_is_there_from_the_beginning_and_repaired() throws IOException {
        var script = directory.resolve("state/on-exit");
        Engine.open(options()).close();
        var text = Files.readString(script);
        assertThat(text).contains("container-exit");
        assertThat(directory.resolve("state/launcher")).hasContent("/l");
        Files.writeString(script, "#!/bin/sh\n");
        Engine.open(options()).close();
        assertThat(script).hasContent(text);
        assertThat(script).isExecutable();
    }

    @Test
    void looking_at_containers_opens_nothing_else() throws IOException {
        try (var engine = Engine.open(options())) {
            assertThat(engine.containers().observe()).isEmpty();
            assertThat(directory.resolve("state/images")).doesNotExist();
            assertThat(directory.resolve("state/networks")).doesNotExist();
        }
    }

    @Test
    void what_a_killed_process_was_writing_is_taken_away() throws IOException {
        try (var engine = Engine.open(options())) {
            var hex = "a".repeat(64);
            var blobs = engine.images().blobs().directory();
            for (var begun :
                    List.of(directory.resolve("state/.launcher.1f.tmp"), blobs.resolve("." + hex + ".2e.tmp"))) {
                Files.writeString(begun, "half");
                Files.setLastModifiedTime(begun, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
                engine.cleanUp();
                assertThat(begun).doesNotExist();
            }
        }
    }

    @Test
    void no_volume_is_removed_while_nobody_can_tell_what_a_container_uses() throws IOException {
        try (var engine = Engine.open(options())) {
            engine.volumes().create(new VolumeSpec("data", new Owner("h", "", Optional.empty()), Map.of()));
            var damaged = Files.createDirectories(directory.resolve("state/containers/" + "ab".repeat(32)));
            Files.writeString(damaged.resolve("container.json"), "{");

            assertThatThrownBy(() -> engine.uses().removeVolume("data"))
                    .hasMessageStartingWith("nobody knows who uses volume data: container abababababab is left out: ")
                    .hasMessageContaining("'lockstep system prune' sets it aside");
            // As a plan that takes a stack down with its volumes asks.
            assertThatThrownBy(() ->
                            engine.volumes().remove("data", () -> engine.uses().requireUnused("data")))
                    .hasMessageStartingWith("nobody knows who uses volume data: ");
            assertThat(engine.volumes().find("data")).isPresent();

            engine.cleanUp();
            engine.uses().removeVolume("data");
            assertThat(engine.volumes().find("data")).isEmpty();
        }
    }

    @Test
    void a_volume_whose_record_is_damaged_is_left_out_and_holds_up_nobody_else() throws IOException {
        try (var engine = Engine.open(options())) {
            var owner = new Owner("h", "", Optional.empty());
            for (var name : List.of("bad", "good")) {
                engine.volumes().create(new VolumeSpec(name, owner, Map.of()));
                Files.writeString(engine.volumes().path(name).resolve("file"), name);
            }
            var record = directory.resolve("state/volumes/bad/volume.json");
            Files.writeString(record, "{\u001b");
            Files.createDirectory(record.resolveSibling("coming.tmp"));

            engine.cleanUp();

            assertThat(engine.observe().volumes())
                    .extracting(volume -> volume.spec().name())
                    .containsExactly("good");
            assertThat(engine.volumes().damaged())
                    .singleElement()
                    .satisfies(damaged -> assertThat(damaged.sentence())
                            .startsWith("volume bad is left out: " + record + " is damaged: ")
                            .endsWith("Move that file away, and the volume is made again with what is in it;"
                                    + " 'lockstep volume rm bad' removes both")
                            .doesNotContain("\u001b"));
            assertThat(record.resolveSibling("coming.tmp")).exists();
            assertThatThrownBy(() -> engine.volumes().create(new VolumeSpec("bad", owner, Map.of())))
                    .hasMessageContaining("is damaged");
            engine.uses().removeVolume("good");

            // As it says.
            Files.delete(record);
            engine.cleanUp();
            engine.volumes().create(new VolumeSpec("bad", owner, Map.of()));
            assertThat(engine.volumes().path("bad").resolve("file")).hasContent("bad");
            Files.writeString(record, "");
            engine.uses().removeVolume("bad");
            assertThat(record.getParent()).doesNotExist();
        }
    }

    @Test
    void a_volume_of_a_newer_lockstep_stays() throws IOException {
        try (var engine = Engine.open(options())) {
            engine.volumes().create(new VolumeSpec("data", new Owner("h", "", Optional.empty()), Map.of()));
            var record = directory.resolve("state/volumes/data/volume.json");
            Files.writeString(record, Files.readString(record).replaceFirst("\"format\" ?: ?\\d+", "\"format\":9"));

            engine.cleanUp();

            assertThat(engine.observe().volumes()).isEmpty();
            assertThatThrownBy(() -> engine.uses().removeVolume("data")).hasMessageContaining("use the newer Lockstep");
            assertThat(record).exists();
        }
    }
}
