package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.prune.Housekeeping;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever prunes while something is built takes nothing away that the build has found here. */
class PruneBesideBuildIT {
    private static final String FOUND = "FROM busybox\nRUN echo once > /once\n";

    @TempDir
    Path directory;

    private BuildLab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new BuildLab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    /** Makes all that is here look as if it had come, and been used, long ago. */
    private void age() throws IOException {
        var before = FileTime.from(Instant.now().minus(Duration.ofDays(30)));
        for (var room : List.of("images/blobs/sha256", "images/roots", "snapshots")) {
            try (var files = Files.list(lab.root.state().resolve(room))) {
                for (var file : files.toList()) {
                    Files.setLastModifiedTime(file, before);
                }
            }
        }
    }

    private void prune() {
        try {
            new Builder(lab.rooms).forget(Duration.ZERO);
            new Housekeeping(lab.images, lab.snapshots, List::of, Clock.systemUTC(), new PruneRecords(lab.root))
                    .prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Prunes when the step of that title begins. */
    private BuildEvent.Listener pruningAt(String title) {
        return event -> {
            lab.events.add(event);
            if (event instanceof BuildEvent.Started started && started.title().endsWith(title)) {
                prune();
            }
        };
    }

    @Test
    void a_build_keeps_its_base_and_the_steps_that_it_has_found() throws IOException {
        lab.build(lab.request(FOUND), _ -> {});
        age();
        var request = lab.request(FOUND + "RUN cat /once > /twice\n");
        new Builder(lab.rooms)
                .build(
                        request,
                        pruningAt("RUN cat /once > /twice"),
                        new Cancellation(),
                        Builder.Finish.named(lab.images, List.of(ImageReference.parse("made:1"))));

        var made = lab.images.find(ImageReference.parse("made:1")).orElseThrow();
        assertThat(lab.tree(made).resolve("twice")).hasContent("once");
        assertThat(lab.steps()).containsExactly("CACHED RUN echo once > /once", "RUN cat /once > /twice");
        assertThat(lab.images.find(ImageReference.parse("busybox"))).isPresent();
        assertThat(lab.images.verify().isGood()).isTrue();
        // What the build has used is still known.
        lab.build(lab.request(FOUND));
        assertThat(lab.steps()).containsExactly("CACHED RUN echo once > /once");
    }

    @Test
    void when_the_build_is_over_all_of_it_may_go() throws IOException {
        lab.build(lab.request(FOUND), _ -> {});
        age();
        prune();
        assertThat(new Builder(lab.rooms).cache().entries()).isEmpty();
        assertThat(lab.images.find(ImageReference.parse("busybox"))).isEmpty();
    }

    @Test
    void a_layer_that_was_compressed_before_stays_until_it_has_gone_where_it_goes() throws IOException {
        new Builder(lab.rooms).build(lab.request(FOUND), _ -> {}, new Cancellation(), built -> {
            var _ = new Builder(lab.rooms).packing().pack(built.image(), LayerForm.PUSHED);
        });
        age();
        var packed = new AtomicReference<Boolean>();
        new Builder(lab.rooms).build(lab.request(FOUND), _ -> {}, new Cancellation(), built -> {
            var image = new Builder(lab.rooms).packing().pack(built.image(), LayerForm.PUSHED);
            prune();
            packed.set(lab.images.find(image.digest()).isPresent());
        });
        assertThat(packed.get()).isTrue();
    }
}
