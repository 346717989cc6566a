package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.LogSettings;
import dev.lockstep.spec.model.Logging;
import java.util.Map;
import java.util.Optional;

/** Docker's logging drivers and what they are here. */
final class LogDrivers {
    /** The first three keep files on the host; how these look inside is nobody's concern but the reader's. */
    private static final Map<String, LogSettings.Driver> KNOWN = Map.of(
            "json-file", LogSettings.Driver.FILES,
            "local", LogSettings.Driver.FILES,
            "k8s-file", LogSettings.Driver.FILES,
            "journald", LogSettings.Driver.JOURNALD,
            "none", LogSettings.Driver.NONE);

    private LogDrivers() {}

    /** What does its work; one that there is not was refused before. */
    static LogSettings.Driver of(String name) {
        return KNOWN.getOrDefault(name, LogSettings.Driver.FILES);
    }

    /** Why that driver is not there. */
    static Optional<String> missing(Logging logging) {
        return logging.driver()
                .filter(driver -> !KNOWN.containsKey(driver))
                .map(driver -> "logs are not sent to other places yet, and " + driver
                        + " is one. Write journald, or json-file, and let a collector read from there");
    }

    /** Why that option cannot be had, of a driver that is there. */
    static Optional<String> refused(String option, String value) {
        return switch (option) {
            case "mode" ->
                value.equals("non-blocking")
                        ? Optional.of(
                                "a program waits until its line is written; lines are never thrown away. Write blocking, or remove it")
                        : Optional.empty();
            case "compress" ->
                value.equals("false")
                        ? Optional.empty()
                        : Optional.of("files of logs are not compressed yet. Write \"false\", or remove it");
            case "max-buffer-size" -> Optional.of("belongs to mode non-blocking, which there is not. Remove it");
            default -> Optional.empty();
        };
    }
}
