package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
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

    @Test
    void volumes_are_counted_once_an_hour_however_often_the_stack_is_tried() throws IOException {
        var now = new AtomicReference<>(Instant.parse("2026-01-01T10:00:00Z"));
        var counted = new AtomicLong();
        var disk = new FullDisk(() -> Map.of("shop_a", counted.incrementAndGet() << 20), now::get);

        assertThat(disk.sentence()).contains("volume shop_a holds 1 MiB");
        now.set(Instant.parse("2026-01-01T10:59:59Z"));
        assertThat(disk.sentence()).contains("volume shop_a holds 1 MiB");
        now.set(Instant.parse("2026-01-01T11:00:00Z"));
        assertThat(disk.sentence()).contains("volume shop_a holds 2 MiB");
        now.set(Instant.parse("2026-01-01T10:00:00Z")); // a clock that was ahead
        assertThat(disk.sentence()).contains("volume shop_a holds 3 MiB");
    }
}
