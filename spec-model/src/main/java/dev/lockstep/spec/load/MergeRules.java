package dev.lockstep.spec.load;

import java.util.LinkedHashMap;
import java.util.List;

/**
 * Which rule each attribute has when one file is put over another, and what makes two entries of its list the same one:
 * the chapter "Merge and override" of the Compose Specification as a table. What is not in it merges as YAML does
 * ({@link Rule#PLAIN}) and its lists keep every entry.
 */
final class MergeRules {
    /** How two values of one attribute are put together. */
    enum Rule {
        /** Mappings merge, lists append, single values replace, nothing leaves what was there. */
        PLAIN,
        /** The later one alone, be it nothing. */
        REPLACE,
        /** A mapping or a list of {@code K=V}: by key, and a key without value overrides as well. */
        KEY_VALUES,
        /** One text or a list of texts: appended. */
        LIST,
        /** A mapping of host to addresses, or a list: appended, one host may have several. */
        HOSTS,
        /** A list of names or a mapping by name: merged by name. */
        NAMES,
        /** The same where a bare name stands for {@code {condition: service_started, required: true}}. */
        DEPENDENCIES,
        /** One text stands for {@code {context: TEXT}}. */
        BUILD,
        /** Merged while both have the same driver or one has none, else replaced. */
        LOGGING,
        /** Entries with the same {@code subnet} merge. */
        SUBNETS
    }

    /** What makes two entries of a list the same: the later one takes the place of the earlier. */
    enum Identity {
        /** Nothing: every entry counts. */
        NONE,
        /** The whole text. */
        TEXT,
        /** The text up to {@code =}. */
        KEY,
        /** The path inside of the container. */
        DEVICE,
        /** The file below {@code /run/secrets}. */
        SECRET,
        /** The file, {@code /NAME} if nothing is said. */
        CONFIG,
        /** {@code path}, or the text. */
        FILE,
        /** An entry may not be there twice at all. */
        NO_REPEAT,
        /** Seen only in the long form, which the readers make: ports of ranges, targets of volumes. */
        LONG_FORM
    }

    record Row(Rule rule, Identity identity) {}

    /** The table, beginning at the root of a file. */
    static final PathTable<Row> PROJECT = table();

    private MergeRules() {}

    private static PathTable<Row> table() {
        var rows = new LinkedHashMap<String, Row>();
        for (var row : List.of(
                row("services.*.command", Rule.REPLACE),
                row("services.*.entrypoint", Rule.REPLACE),
                row("services.*.healthcheck.test", Rule.REPLACE),
                row("services.*.ulimits.*", Rule.REPLACE),
                row("services.*.environment", Rule.KEY_VALUES),
                row("services.*.labels", Rule.KEY_VALUES),
                row("services.*.annotations", Rule.KEY_VALUES),
                row("services.*.sysctls", Rule.KEY_VALUES),
                row("services.*.deploy.labels", Rule.KEY_VALUES),
                row("services.*.volumes.*.volume.labels", Rule.KEY_VALUES),
                row("services.*.build", Rule.BUILD),
                row("services.*.build.args", Rule.KEY_VALUES),
                row("services.*.build.labels", Rule.KEY_VALUES),
                row("services.*.build.additional_contexts", Rule.KEY_VALUES),
                row("services.*.build.extra_hosts", Rule.HOSTS),
                row("services.*.build.tags", Identity.KEY),
                row("services.*.build.platforms", Identity.TEXT),
                row("services.*.extra_hosts", Rule.HOSTS),
                row("services.*.logging", Rule.LOGGING),
                row("services.*.depends_on", Rule.DEPENDENCIES),
                row("services.*.models", Rule.NAMES),
                row("services.*.networks", Rule.NAMES),
                row("services.*.networks.*.aliases", Identity.KEY),
                row("services.*.networks.*.link_local_ips", Identity.KEY),
                row("services.*.dns", Rule.LIST, Identity.KEY),
                row("services.*.dns_opt", Rule.LIST, Identity.KEY),
                row("services.*.dns_search", Rule.LIST, Identity.KEY),
                row("services.*.tmpfs", Rule.LIST, Identity.KEY),
                row("services.*.env_file", Rule.LIST, Identity.FILE),
                row("services.*.label_file", Rule.LIST),
                row("services.*.cap_add", Identity.KEY),
                row("services.*.cap_drop", Identity.KEY),
                row("services.*.links", Identity.KEY),
                row("services.*.profiles", Identity.KEY),
                row("services.*.expose", Identity.TEXT),
                row("services.*.devices", Identity.DEVICE),
                row("services.*.secrets", Identity.SECRET),
                row("services.*.configs", Identity.CONFIG),
                row("services.*.ports", Identity.LONG_FORM),
                row("services.*.volumes", Identity.LONG_FORM),
                row("services.*.security_opt", Identity.NO_REPEAT),
                row("services.*.group_add", Identity.NO_REPEAT),
                row("services.*.external_links", Identity.NO_REPEAT),
                row("services.*.device_cgroup_rules", Identity.NO_REPEAT),
                row("services.*.volumes_from", Identity.NO_REPEAT),
                row("networks.*.labels", Rule.KEY_VALUES),
                row("networks.*.ipam.config", Rule.SUBNETS),
                row("volumes.*.labels", Rule.KEY_VALUES))) {
            rows.put(row.path, row.row);
        }
        return PathTable.of(rows);
    }

    private record PathRow(String path, Row row) {}

    private static PathRow row(String path, Rule rule) {
        return row(path, rule, Identity.NONE);
    }

    private static PathRow row(String path, Identity identity) {
        return row(path, Rule.PLAIN, identity);
    }

    private static PathRow row(String path, Rule rule, Identity identity) {
        return new PathRow(path, new Row(rule, identity));
    }
}
