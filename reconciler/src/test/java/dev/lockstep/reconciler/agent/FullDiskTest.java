package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class FullDiskTest {
    @Test
    void the_largest_volumes_are_named_with_what_they_hold() {
        assertThat(FullDisk.sentence(Map.of("shop_a", 1L << 20, "shop_b", 40L << 30, "shop_d", 7L, "shop_e", 3L << 20)))
                .isEqualTo("the disk is full also without what is not well: volume shop_b holds 40 GiB, volume shop_e"
                        + " holds 3 MiB, volume shop_a holds 1 MiB, and what is in volumes is never removed by itself;"
                        + " make room, it is tried again until there is some");
    }

    @Test
    void where_it_is_none_of_them_none_is_named() {
        assertThat(FullDisk.sentence(Map.of("shop_a", 0L)))
                .isEqualTo("the disk is full also without what is not well; make room, it is tried again until there is"
                        + " some");
    }
}
