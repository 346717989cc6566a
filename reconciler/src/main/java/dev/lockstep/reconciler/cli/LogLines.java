package dev.lockstep.reconciler.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.lockstep.reconciler.plan.Printable;
import java.util.Locale;
import java.util.TreeMap;

/** One line of {@code key=value} on standard error for each event. */
final class LogLines extends AppenderBase<ILoggingEvent> {
    /** Whether stack traces follow their line. */
    enum Traces {
        YES,
        NO
    }

    private final Traces traces;

    LogLines(Traces traces) {
        this.traces = traces;
    }

    @Override
    protected void append(ILoggingEvent event) {
        System.err.print(line(event));
    }

    String line(ILoggingEvent event) {
        var line = new StringBuilder()
                .append("time=")
                .append(event.getInstant())
                .append(" level=")
                .append(event.getLevel().toString().toLowerCase(Locale.ROOT))
                .append(" from=")
                .append(simpleName(event.getLoggerName()))
                .append(' ')
                .append(Printable.text(event.getFormattedMessage()));
        // Sorted: the map has no order of its own.
        new TreeMap<>(event.getMDCPropertyMap())
                .forEach(
                        (key, value) -> line.append(' ').append(key).append('=').append(Printable.text(value)));
        var thrown = event.getThrowableProxy();
        if (thrown != null) {
            line.append(" error=\"")
                    .append(Printable.text(thrown.getClassName() + ": " + thrown.getMessage()))
                    .append('"');
            if (traces == Traces.YES) {
                line.append('\n').append(ThrowableProxyUtil.asString(thrown).stripTrailing());
            }
        }
        return line.append('\n').toString();
    }

    private static String simpleName(String logger) {
        return logger.substring(logger.lastIndexOf('.') + 1);
    }
}
