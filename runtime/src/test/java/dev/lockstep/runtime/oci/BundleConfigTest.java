package dev.lockstep.runtime.oci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BundleConfigTest {
    private static List<String> destinations(BundleMount... asked) {
        return BundleConfig.merge(List.of(asked)).stream()
                .map(BundleMount::destination)
                .toList();
    }

    @Test
    void parents_are_mounted_before_what_is_below() {
        assertThat(destinations(BundleMount.bind("/h", "/data/deep/er", false), BundleMount.bind("/h", "/data", false)))
                .containsSubsequence("/data", "/data/deep/er")
                .containsSubsequence("/dev", "/dev/pts")
                .containsSubsequence("/sys", "/sys/fs/cgroup");
    }

    @Test
    void what_is_asked_for_replaces_the_default() {
        var shm = BundleConfig.merge(List.of(BundleMount.bind("/h", "/dev/shm", false))).stream()
                .filter(m -> m.destination().equals("/dev/shm"))
                .toList();
        assertThat(shm).containsExactly(BundleMount.bind("/h", "/dev/shm", false));
        assertThat(destinations(BundleMount.bind("/dev", "/dev", false))).doesNotContain("/dev/pts", "/dev/shm");
    }
}
