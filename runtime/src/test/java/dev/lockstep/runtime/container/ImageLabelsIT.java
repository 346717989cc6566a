package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As with Docker: what an image is labelled with, its containers are labelled with. */
class ImageLabelsIT {
    @Test
    void labels_of_the_image_are_the_containers_below_its_own(@TempDir Path directory) throws IOException {
        var image =
                TestImage.busybox("test/busybox:1").label("maintainer", "them").label("team", "theirs");
        try (var lab = new Lab(directory, image)) {
            var id = lab.containers
                    .create(lab.wish("c").label("team", "ours").run("true").spec())
                    .id();
            var record = lab.containers.find(id).orElseThrow();
            assertThat(record.labels()).containsExactly(Map.entry("maintainer", "them"), Map.entry("team", "ours"));
            assertThat(record.spec().labels()).as("what was asked for").containsOnlyKeys("team");
            assertThat(new EventLog(lab.root).between(Optional.empty(), Optional.empty()))
                    .filteredOn(event -> event.action().equals("create"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.attributes())
                            .containsEntry("maintainer", "them")
                            .containsEntry("team", "ours"));
        }
    }
}
