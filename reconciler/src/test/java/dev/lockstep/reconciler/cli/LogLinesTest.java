package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LogLinesTest {
    private static LoggingEvent event(String message, @Nullable Throwable thrown) {
        var context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        var logger = context.getLogger("dev.lockstep.runtime.Images");
        var event = new LoggingEvent("", logger, Level.INFO, message, thrown, null);
        event.setInstant(Instant.parse("2026-11-24T12:00:00.123Z"));
        return event;
    }

    @Test
    void an_event_is_one_line_of_keys_and_values() {
        assertThat(new LogLines(LogLines.Traces.NO).line(event("pulled image=redis:7\nforged=line", null)))
                .isEqualTo(
                        "time=2026-11-24T12:00:00.123Z level=info from=Images pulled image=redis:7\\u000aforged=line\n");
    }

    @Test
    void a_stack_trace_is_there_only_for_who_wants_it() {
        var event = event("failed", new IOException("disk full"));

        assertThat(new LogLines(LogLines.Traces.NO).line(event))
                .endsWith(" failed error=\"java.io.IOException: disk full\"\n")
                .doesNotContain("\tat ");
        assertThat(new LogLines(LogLines.Traces.YES).line(event)).contains("\tat ");
    }
}
