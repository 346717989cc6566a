package dev.lockstep.spec.check;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Logging;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

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

    private static final Set<String> OF_ALL = Set.of("mode", "max-buffer-size");
    private static final Set<String> OF_FILES = Set.of("max-size", "max-file", "compress");
    private static final Set<String> OF_RECORDS = Set.of("labels", "labels-regex", "env", "env-regex", "tag");

    /** Drivers whose options we know; the others have many of their own. */
    private static final Map<String, Set<String>> OPTIONS = Map.of(
            "json-file", all(List.of(OF_ALL, OF_FILES, OF_RECORDS)),
            "k8s-file", all(List.of(OF_ALL, OF_FILES, OF_RECORDS)),
            "local", all(List.of(OF_ALL, OF_FILES)),
            "journald", all(List.of(OF_ALL, OF_RECORDS)),
            "none", Set.of());

    private static final Pattern FIELD = Pattern.compile("\\{\\{(.*?)(?:}}|$)");
    private static final Set<String> FIELDS =
            Set.of("ID", "FullID", "Name", "ImageName", "ImageID", "ImageFullID", "DaemonName");

    private LogOptions() {}

    private static Set<String> all(List<Set<String>> sets) {
        return sets.stream().flatMap(Set::stream).collect(Collectors.toCollection(TreeSet::new));
    }

    static void check(Findings findings) {
        findings.project()
                .services()
                .forEach((service, definition) -> definition
                        .logging()
                        .ifPresent(logging -> check(findings, Findings.service(service) + ".logging", logging)));
    }

    private static void check(Findings findings, String path, Logging logging) {
        var driver = logging.driver().orElse("json-file");
        if (!DRIVERS.contains(driver)) {
            findings.error(
                    path + ".driver",
                    "there is no log driver \"" + driver + "\""
                            + Findings.didYouMean(driver, DRIVERS, ". Write for example json-file or journald"));
        }
        var known = Optional.ofNullable(OPTIONS.get(driver));
        logging.options().forEach((name, value) -> {
            var place = path + ".options." + name;
            if (known.filter(options -> !options.contains(name)).isPresent()) {
                findings.error(place, unknown(driver, name, known.get()));
            } else {
                option(findings, place, name, value);
            }
        });
        if (Optional.ofNullable(logging.options().get("max-size"))
                        .filter("-1"::equals)
                        .isPresent()
                && Optional.ofNullable(logging.options().get("max-file"))
                        .filter(files -> !files.equals("1"))
                        .isPresent()) {
            findings.error(
                    path + ".options.max-file",
                    "one file without an end is never followed by another. Give max-size a size, or remove this");
        }
    }

    private static String unknown(String driver, String option, Set<String> known) {
        return known.isEmpty()
                ? "the log driver " + driver + " has no options. Remove it"
                : "the log driver " + driver + " has no such option"
                        + Findings.didYouMean(option, known, ". It has " + String.join(", ", known));
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
            case "compress" -> {
                if (!Set.of("true", "false").contains(value)) {
                    findings.error(path, "must be true or false, not \"" + value + "\"");
                }
            }
            case "labels-regex", "env-regex" -> {
                try {
                    Pattern.compile(value);
                } catch (PatternSyntaxException e) {
                    findings.error(path, "\"" + value + "\" is no regular expression: " + e.getDescription());
                }
            }
            case "tag" -> tag(findings, path, value);
            default -> {
                // Each driver has options of its own.
            }
        }
    }

    private static void tag(Findings findings, String path, String value) {
        var fields = FIELD.matcher(value);
        while (fields.find()) {
            var field = fields.group(1).strip();
            if (!fields.group().endsWith("}}") || !field.startsWith(".") || !FIELDS.contains(field.substring(1))) {
                findings.error(
                        path,
                        "\"" + fields.group() + "\" is none of {{." + String.join("}}, {{.", new TreeSet<>(FIELDS))
                                + "}}");
            }
        }
    }
}
