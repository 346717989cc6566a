package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MountTableTest {
    private static final String TABLE = """
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda rw
            22 21 0:20 / /data rw,relatime - ext4 /dev/sdb rw
            23 22 0:21 / /data/a\\040b rw,relatime master:7 - tmpfs tmpfs rw
            24 22 0:22 / /data rw,relatime shared:9 master:3 - ext4 /dev/sdc rw
            """;

    @Test
    void a_place_is_in_the_mount_on_top_that_is_nearest() {
        assertThat(MountTable.around(Path.of("/etc"), TABLE))
                .isEqualTo(new MountTable.Entry(Path.of("/"), true, false));
        assertThat(MountTable.around(Path.of("/data/x"), TABLE))
                .isEqualTo(new MountTable.Entry(Path.of("/data"), true, true));
        assertThat(MountTable.around(Path.of("/data/a b/c"), TABLE))
                .isEqualTo(new MountTable.Entry(Path.of("/data/a b"), false, true));
        assertThat(MountTable.around(Path.of("/database"), TABLE).point()).isEqualTo(Path.of("/"));
    }

    @Test
    void each_mount_is_in_another_one() {
        assertThat(MountTable.parents(TABLE)).isEqualTo(Map.of(21L, 1L, 22L, 21L, 23L, 22L, 24L, 22L));
    }
}
