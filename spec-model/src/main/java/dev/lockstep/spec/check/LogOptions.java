package dev.lockstep.spec.check;

import dev.lockstep.spec.model.ByteSize;
import java.util.Set;

/** Where output goes, and how much of it is kept. */
final class LogOptions {
    private static final Set<String> DRIVERS = Set.of(
            "none",
            "local",
            "json-file",
            "journald",
            "syslog",
            "k8s-file",
            "passthrough",
            "gelf",
            "fluentd",
            "awslogs",
            "splunk",
            "etwlogs",
            "gcplogs",
            "logentries");

    private LogOptions() {}

    static void check(Findings findings) {
        findings.project()
                .services()
                .forEach((service, definition) -> definition.logging().ifPresent(logging -> {
                    var path = Findings.service(service) + ".logging";
                    logging.driver()
                            .filter(driver -> !DRIVERS.contains(driver))
                            .ifPresent(driver -> findings.error(
                                    path + ".driver",
                                    "there is no log driver \"" + driver + "\""
                                            + Findings.didYouMean(
                                                    driver, DRIVERS, ". Write for example json-file or journald")));
                    logging.options()
                            .forEach((name, value) -> option(findings, path + ".options." + name, name, value));
                }));
    }

    private static void option(Findings findings, String path, String name, String value) {
        switch (name) {
            case "max-size" -> {
                try {
                    if (!value.equals("-1") && ByteSize.parse(value).bytes() < 1) {
                        findings.error(path, "must be more than nothing, not \"" + value + "\"");
                    }
                } catch (IllegalArgumentException e) {
                    findings.error(path, String.valueOf(e.getMessage()));
                }
            }
            case "max-file" -> {
                if (!value.matches("[1-9][0-9]{0,5}")) {
                    findings.error(path, "must be a number of files from 1, not \"" + value + "\"");
                }
            }
            case "mode" -> {
                if (!Set.of("blocking", "non-blocking").contains(value)) {
                    findings.error(path, "must be blocking or non-blocking, not \"" + value + "\"");
                }
            }
            default -> {
                // Each driver has options of its own.
            }
        }
    }
}
