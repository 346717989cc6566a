package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.container.LogSettings;
import java.util.Map;
import java.util.TreeMap;

/** What plans compare of a container's log. */
final class LogFields {
    private LogFields() {}

    /** What conmon is told when the container starts. */
    static Map<String, String> fixed(LogSettings log) {
        var fixed = new TreeMap<String, String>();
        switch (log.driver()) {
            case FILES -> {
                // What is usual.
            }
            case JOURNALD -> {
                fixed.put("driver", "journald");
                log.tag().ifPresent(tag -> fixed.put("options.tag", tag));
            }
            case NONE -> fixed.put("driver", "none");
        }
        return fixed;
    }

    /** What we do ourselves: rotating, and telling whose a line is. */
    static Map<String, String> free(LogSettings log) {
        var free = new TreeMap<String, String>();
        log.fileSize().ifPresent(size -> free.put("max-size", size < 0 ? "unlimited" : Sizes.show(size)));
        log.files().ifPresent(files -> free.put("max-file", String.valueOf(files)));
        if (log.driver() != LogSettings.Driver.JOURNALD) {
            log.tag().ifPresent(tag -> free.put("tag", tag));
        }
        var details = log.details();
        if (!details.labels().isEmpty()) {
            free.put("labels", String.join(",", details.labels()));
        }
        details.labelPattern().ifPresent(pattern -> free.put("labels-regex", pattern));
        if (!details.variables().isEmpty()) {
            free.put("env", String.join(",", details.variables()));
        }
        details.variablePattern().ifPresent(pattern -> free.put("env-regex", pattern));
        return free;
    }
}
