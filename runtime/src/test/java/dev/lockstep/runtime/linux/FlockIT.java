package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlockIT {
    private static final int TAKERS = 4;
    private static final int TIMES = 200;

    @TempDir
    Path directory;

    @Test
    void a_fleeting_lock_keeps_others_out_although_its_file_comes_and_goes() throws Exception {
        var file = directory.resolve("lock");
        var inside = new AtomicInteger();
        var most = new AtomicInteger();
        Callable<Integer> taker = () -> {
            for (var i = 0; i < TIMES; i++) {
                try (var lock = Flock.fleeting(file)) {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    assertThat(Flock.tryExclusive(file)).as("beside %s", lock).isEmpty();
                    inside.decrementAndGet();
                }
            }
            return TIMES;
        };
        Callable<Integer> trying = () -> {
            for (var i = 0; i < TIMES; i++) {
                try (var lock = Flock.tryFleeting(file).orElse(null)) {
                    if (lock != null) {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                    }
                }
            }
            return TIMES;
        };
        try (var takers = Executors.newFixedThreadPool(2 * TAKERS)) {
            var tasks = new ArrayList<Callable<Integer>>();
            for (var i = 0; i < TAKERS; i++) {
                tasks.add(taker);
                tasks.add(trying);
            }
            for (var task : takers.invokeAll(tasks)) {
                assertThat(task.get()).isEqualTo(TIMES);
            }
        }
        assertThat(most).hasValue(1);
        assertThat(file).doesNotExist();
    }

    @Test
    void who_shares_a_lock_whose_file_comes_and_goes_keeps_out_who_wants_it_alone() throws Exception {
        var file = directory.resolve("lock");
        Callable<Integer> sharing = () -> {
            for (var i = 0; i < TIMES; i++) {
                try (var lock = Flock.lastingShared(file)) {
                    assertThat(Flock.tryFleeting(file)).as("beside %s", lock).isEmpty();
                }
            }
            return TIMES;
        };
        Callable<Integer> alone = () -> {
            for (var i = 0; i < TIMES; i++) {
                try (var lock = Flock.fleeting(file)) {
                    assertThat(Flock.tryShared(file)).as("beside %s", lock).isEmpty();
                }
            }
            return TIMES;
        };
        try (var takers = Executors.newFixedThreadPool(2 * TAKERS)) {
            var tasks = new ArrayList<Callable<Integer>>();
            for (var i = 0; i < TAKERS; i++) {
                tasks.add(sharing);
                tasks.add(alone);
            }
            for (var task : takers.invokeAll(tasks)) {
                assertThat(task.get()).isEqualTo(TIMES);
            }
        }
    }
}
