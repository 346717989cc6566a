package dev.lockstep.reconciler.building;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class StopTest {
    @Test
    void a_test_that_cannot_be_stopped_keeps_no_other_from_hearing_of_it() {
        var stop = new Stop();
        var told = new ArrayList<String>();
        Runnable stuck = () -> {
            told.add("stuck");
            throw new IllegalStateException("cannot be stopped");
        };
        try (var _ = stop.watch(stuck);
                var _ = stop.watch(() -> told.add("other"));
                var _ = stop.watch(() -> {
                    told.add("stuck, too");
                    throw new IllegalStateException("cannot be stopped");
                })) {
            assertThatThrownBy(() -> stop.now("the agent ends")).hasMessage("cannot be stopped");
        }
        assertThat(told).containsExactlyInAnyOrder("stuck", "other", "stuck, too");
        assertThat(stop.steps().isCancelled()).isTrue();
        assertThat(stop.why()).hasValue("the agent ends");
    }
}
