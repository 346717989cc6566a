package dev.lockstep.reconciler.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * Configures logback in code: reading XML costs 60 ms of every command. Found by {@link java.util.ServiceLoader} where
 * no command runs that names a {@link LogProvider}.
 */
public final class LogConfigurator extends ContextAwareBase implements Configurator {
    @Override
    public ExecutionStatus configure(LoggerContext context) {
        var level = Level.toLevel(System.getProperty(Logging.PROPERTY, "warn"), Level.WARN);
        var appender = new LogLines(level.isGreaterOrEqual(Level.INFO) ? LogLines.Traces.NO : LogLines.Traces.YES);
        appender.setContext(context);
        appender.setName("stderr");
        appender.start();
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.addAppender(appender);
        // Libraries have much to say that nobody asked for.
        root.setLevel(level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN);
        context.getLogger("dev.lockstep").setLevel(level);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
