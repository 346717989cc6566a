package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class CancellationTest {
    @Test
    void what_cannot_be_stopped_keeps_nobody_else_from_hearing_of_it() throws Exception {
        var cancellation = new Cancellation();
        var told = new ArrayList<String>();
        try (var _ = cancellation.watch(() -> told.add("first"));
                var _ = cancellation.watch(() -> {
                    throw new IllegalStateException("cannot be stopped");
                });
                var _ = cancellation.watch(() -> told.add("last"))) {
            assertThatThrownBy(cancellation::cancel).hasMessage("cannot be stopped");
        }
        assertThat(told).containsExactly("first", "last");
        assertThat(cancellation.isCancelled()).isTrue();
    }
}
