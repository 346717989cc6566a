package dev.lockstep.spec.read;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.ProjectExtension.Drift;
import dev.lockstep.spec.model.Schedule;
import dev.lockstep.spec.model.ServiceExtension;
import dev.lockstep.spec.model.VolumeExtension;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.Suggestion;
import dev.lockstep.spec.yaml.YamlMapping;
import java.time.ZoneId;
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
    private static final Keys SERVICE = Keys.of("schedule");
    private static final Keys SCHEDULE = Keys.of("cron zone");
    private static final Keys VOLUME = Keys.of("single_writer");
    private static final Keys NETWORK = Keys.of("");
    private static final ZoneId UTC = ZoneId.of("UTC");
    private static final Function<String, ProjectExtension.Mode> MODE = Words.oneOf(
            ProjectExtension.Mode.values(), mode -> mode.name().toLowerCase(Locale.ROOT), "a way to answer drift");

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
            return Optional.of(new Drift(mode, fields.texts("ignore")));
        });
    }

    Optional<ServiceExtension> ofService(Fields service) {
        return service.node(KEY).map(unused -> new ServiceExtension(schedule(service.fields(KEY, SERVICE))));
    }

    /** {@code schedule: CRON}, or {@code schedule: {cron: CRON, zone: Europe/Berlin}}. */
    private Optional<Schedule> schedule(Fields extension) {
        return extension.node("schedule").flatMap(node -> {
            if (!(node instanceof YamlMapping)) {
                return extension.parsed("schedule", CronExpression::parse).map(cron -> new Schedule(cron, UTC));
            }
            var fields = extension.fields("schedule", SCHEDULE);
            if (!fields.has("cron")) {
                reading.error(fields.at(), fields.path(), "has no cron. Write for example cron: \"0 0 2 ? * MON-FRI\"");
            }
            var zone = fields.parsed("zone", ExtensionReader::zone).orElse(UTC);
            return fields.parsed("cron", CronExpression::parse).map(cron -> new Schedule(cron, zone));
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
