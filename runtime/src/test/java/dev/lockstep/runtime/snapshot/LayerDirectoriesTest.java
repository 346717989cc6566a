package dev.lockstep.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LayerDirectoriesTest {
    @Test
    void a_mount_at_a_place_whose_name_is_no_text_hides_no_other() {
        var mountinfo =
                "30 23 0:26 / /mnt/\u00ff rw - tmpfs tmpfs rw\n31 23 0:27 /snapshots/a /b rw - ext4 /dev/a rw\n";

        assertThat(LayerDirectories.lines(mountinfo.getBytes(StandardCharsets.ISO_8859_1)))
                .hasSize(2)
                .last()
                .asString()
                .contains("/snapshots/a");
    }
}
