package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.prune.Housekeeping;
import dev.lockstep.runtime.prune.ImageUse;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneRecords;
import dev.lockstep.runtime.prune.PruneReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Housekeeping at the worst moment: a container is being made, and its record is not written yet. */
class CreationLeaseIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private PruneReport prune() {
        try {
            return new Housekeeping(
                            lab.images, lab.snapshots, this::uses, Clock.systemUTC(), new PruneRecords(lab.root))
                    .prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<ImageUse> uses() throws IOException {
        return lab.containers.observe().stream()
                .map(container ->
                        new ImageUse(container.name(), container.record().spec().digest()))
                .toList();
    }

    @Test
    void a_container_that_is_being_made_keeps_its_image_and_the_layers_that_it_was_unpacked_to() throws IOException {
        lab.snapshots.unpack(lab.images.find(lab.image).orElseThrow(), dev.lockstep.runtime.image.Progress.NONE);
        lab.images.remove(ImageReference.parse("test/busybox:1"));
        var reports = new ArrayList<PruneReport>();
        lab.afterConfig.set(() -> reports.add(prune()));

        var id = lab.created(lab.wish("web"));
        lab.afterConfig.set(() -> {});

        assertThat(reports).isNotEmpty().allSatisfy(report -> {
            assertThat(report.removed()).isEmpty();
            assertThat(report.images())
                    .extracting(decision -> decision.why())
                    .containsExactly("creation of container web needs it");
        });
        lab.containers.start(id);
        assertThat(prune().images())
                .extracting(decision -> decision.why())
                .containsExactly(lab.containers.observe(id).orElseThrow().name() + " needs it");
    }
}
