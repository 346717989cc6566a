package dev.lockstep.spec.read;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.ProjectExtension.Drift;
import dev.lockstep.spec.model.ProjectExtension.Ignored;
import dev.lockstep.spec.model.Schedule;
import dev.lockstep.spec.model.ServiceExtension;
import dev.lockstep.spec.model.VolumeExtension;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.Suggestion;
import dev.lockstep.spec.yaml.YamlMapping;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Reads {@code x-lockstep}: what Lockstep knows of a stack, a service, a volume and Compose does not. */
final class ExtensionReader {
    /** The key of all of them. */
    static final String KEY = "x-lockstep";

    private static final Keys PROJECT = Keys.of("drift userns");
    private static final Keys DRIFT = Keys.of("mode ignore");
    private static final Keys IGNORED = Keys.of("path reason until");
    private static final Keys SERVICE = Keys.of("schedule");
    private static final Keys SCHEDULE = Keys.of("cron zone overlap missed");
    private static final Keys VOLUME = Keys.of("single_writer");
    private static final Keys NETWORK = Keys.of("");
    private static final ZoneId UTC = ZoneId.of("UTC");
    private static final Function<String, ProjectExtension.Mode> MODE = Words.oneOf(
            ProjectExtension.Mode.values(), mode -> mode.name().toLowerCase(Locale.ROOT), "a way to answer drift");

    private static final Function<String, Schedule.Overlap> OVERLAP = Words.oneOf(
            Schedule.Overlap.values(),
            overlap -> overlap.name().toLowerCase(Locale.ROOT),
            "a way to treat a run whose time comes during another");
    private static final Function<String, Schedule.Missed> MISSED = Words.oneOf(
            Schedule.Missed.values(),
            missed -> missed.name().toLowerCase(Locale.ROOT),
            "a way to treat runs that were missed");

    private final Reading reading;

    ExtensionReader(Reading reading) {
        this.reading = reading;
    }

    Optional<ProjectExtension> ofProject(Fields project) {
        return project.node(KEY).map(unused -> {
            var fields = project.fields(KEY, PROJECT);
            return new ProjectExtension(drift(fields), fields.parsed("userns", ExtensionReader::users));
        });
    }

    private static NamespaceMode users(String text) {
        return switch (text) {
            case "private" -> new NamespaceMode.Private();
            case "host" -> new NamespaceMode.Host();
            default -> throw new IllegalArgumentException("must be private or host, not \"" + text + "\"");
        };
    }

    /** {@code drift: report}, or {@code drift: {mode: repair, ignore: [PATH]}}. */
    private Optional<Drift> drift(Fields extension) {
        return extension.node("drift").flatMap(node -> {
            if (!(node instanceof YamlMapping)) {
                return extension.parsed("drift", MODE).map(mode -> new Drift(mode, List.of()));
            }
            var fields = extension.fields("drift", DRIFT);
            var mode = fields.parsed("mode", MODE).orElse(ProjectExtension.Mode.REPAIR);
            return Optional.of(new Drift(mode, ignored(fields)));
        });
    }

    /** Paths, or {@code {path: PATH, reason: TEXT, until: 2027-01-31}}. */
    private List<Ignored> ignored(Fields drift) {
        var node = drift.node("ignore");
        if (node.isEmpty()) {
            return List.of();
        }
        var path = drift.path("ignore");
        var items = reading.items(path, node.get());
        var ignored = new ArrayList<Ignored>();
        for (var i = 0; i < items.size(); i++) {
            var own = path + "[" + i + "]";
            var item = items.get(i);
            reading.place(own, item.at());
            if (item instanceof YamlMapping) {
                var fields = reading.fields(own, item.at(), item, IGNORED);
                if (!fields.has("path")) {
                    reading.error(fields.at(), own, "has no path. Write for example path: services.web.mem_limit");
                }
                var reason = fields.text("reason");
                var until = fields.parsed("until", ExtensionReader::day);
                fields.parsed("path", text -> new Ignored(text, reason, until)).ifPresent(ignored::add);
            } else {
                reading.parsed(own, item, text -> new Ignored(text, Optional.empty(), Optional.empty()))
                        .ifPresent(ignored::add);
            }
        }
        return List.copyOf(ignored);
    }

    private static LocalDate day(String text) {
        try {
            return LocalDate.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("\"" + text + "\" is no day. Write it like 2027-01-31", e);
        }
    }

    Optional<ServiceExtension> ofService(Fields service) {
        return service.node(KEY).map(unused -> new ServiceExtension(schedule(service.fields(KEY, SERVICE))));
    }

    /** {@code schedule: CRON}, or {@code schedule: {cron: CRON, zone: Europe/Berlin}}. */
    private Optional<Schedule> schedule(Fields extension) {
        return extension.node("schedule").flatMap(node -> {
            if (!(node instanceof YamlMapping)) {
                return extension
                        .parsed("schedule", CronExpression::parse)
                        .map(cron -> new Schedule(cron, UTC, Schedule.Overlap.SKIP, Schedule.Missed.SKIP));
            }
            var fields = extension.fields("schedule", SCHEDULE);
            if (!fields.has("cron")) {
                reading.error(fields.at(), fields.path(), "has no cron. Write for example cron: \"0 0 2 ? * MON-FRI\"");
            }
            var zone = fields.parsed("zone", ExtensionReader::zone).orElse(UTC);
            var overlap = fields.parsed("overlap", OVERLAP).orElse(Schedule.Overlap.SKIP);
            var missed = fields.parsed("missed", MISSED).orElse(Schedule.Missed.SKIP);
            return fields.parsed("cron", CronExpression::parse).map(cron -> new Schedule(cron, zone, overlap, missed));
        });
    }

    private static ZoneId zone(String text) {
        if (!ZoneId.getAvailableZoneIds().contains(text)) {
            throw new IllegalArgumentException("\"" + text + "\" is not an IANA time zone"
                    + Suggestion.nearest(text, ZoneId.getAvailableZoneIds())
                            .map(near -> ". Did you mean \"" + near + "\"?")
                            .orElse(". Write one such as Europe/Berlin"));
        }
        return ZoneId.of(text);
    }

    Optional<VolumeExtension> ofVolume(Fields volume) {
        return volume.node(KEY)
                .map(unused -> new VolumeExtension(volume.fields(KEY, VOLUME).flag("single_writer", false)));
    }

    /** A network has no settings of ours: whatever is written is unknown. */
    void ofNetwork(Fields network) {
        if (network.has(KEY)) {
            network.fields(KEY, NETWORK);
        }
    }
}
