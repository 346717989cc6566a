package dev.lockstep.reconciler.cli;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.Reporter;

/** How much is logged, and by whom. Decided before the first logger is made: {@link LogConfigurator} reads it then. */
final class Logging {
    /** Between the two classes there is logback, which makes the configurator itself. */
    static final String PROPERTY = "lockstep.log";

    private static final List<String> LEVELS = List.of("error", "warn", "info", "debug", "trace");

    private Logging() {}

    /**
     * Sets the level for this process.
     *
     * @param service an agent says what it changed; a command has its own words for that
     * @return the level
     */
    static String configure(Optional<String> asked, boolean service) throws CommandException {
        var level = asked.map(l -> l.toLowerCase(Locale.ROOT)).orElse(service ? "info" : "warn");
        if (!LEVELS.contains(level)) {
            throw new CommandException(
                    "the log level is one of " + String.join(", ", LEVELS) + ", not \"" + level + "\"");
        }
        System.setProperty(PROPERTY, level);
        System.setProperty(LoggerFactory.PROVIDER_PROPERTY_KEY, LogProvider.class.getName());
        // SLF4J would say that it does as it is told.
        System.setProperty(Reporter.SLF4J_INTERNAL_VERBOSITY_KEY, "WARN");
        return level;
    }
}
