package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PassingTest {
    /** The JVM refuses some; others of them end the process that does not hear them. */
    @Test
    void what_programs_take_for_orders_is_passed_on_and_can_be_heard() throws Exception {
        assertThat(Passing.SIGNALS).contains("INT", "TERM", "HUP", "USR1", "USR2");

        for (var name : new String[] {"USR1", "USR2", "ALRM", "CONT"}) {
            var heard = new CountDownLatch(1);
            Signals.hear(name, heard::countDown);
            var self = String.valueOf(ProcessHandle.current().pid());
            assertThat(new ProcessBuilder("kill", "-s", name, self).start().waitFor())
                    .isZero();
            assertThat(heard.await(10, TimeUnit.SECONDS)).as(name).isTrue();
        }
    }
}
