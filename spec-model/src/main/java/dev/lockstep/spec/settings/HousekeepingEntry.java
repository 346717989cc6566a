package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;

/**
 * What the host's owner says about images that nobody needs, below {@code housekeeping} of {@code agent.yaml}.
 *
 * @param schedule when the agent looks for them; absent: never
 * @param zone whose clocks {@code schedule} means; the host's own when absent
 * @param keepAge what came less than so long ago stays
 * @param keep that many of each repository stay, the newest
 * @param disk everything stays while the disk is not fuller
 */
public record HousekeepingEntry(
        Optional<CronExpression> schedule, Optional<ZoneId> zone, Duration keepAge, int keep, Disk disk) {
    /** How full the file system may become that images are on. */
    public sealed interface Disk {
        /** Percent of it that are used. */
        record Used(int percent) implements Disk {}

        /** Bytes of it that are free. */
        record Free(long bytes) implements Disk {}
    }

    /** What holds when the file says nothing. */
    public static final HousekeepingEntry DEFAULT = new HousekeepingEntry(
            Optional.of(new CronExpression("0 30 3 * * ?")),
            Optional.empty(),
            Duration.ofDays(7),
            1,
            new Disk.Used(85));

    static final Keys KEYS = Keys.of("schedule zone keep-age keep disk-used disk-free");
    private static final String NEVER = "never";
    private static final int MOST = 1000;

    static HousekeepingEntry read(Fields settings, String key) {
        if (!settings.has(key)) {
            return DEFAULT;
        }
        var fields = settings.fields(key, KEYS);
        if (fields.has("disk-used") && fields.has("disk-free")) {
            fields.error("disk-free", "cannot stand beside disk-used");
        }
        return new HousekeepingEntry(
                fields.parsed("schedule", HousekeepingEntry::schedule).orElse(DEFAULT.schedule),
                fields.parsed("zone", TimeZones::parse),
                fields.parsed("keep-age", Durations::parse).orElse(DEFAULT.keepAge),
                fields.integer("keep", 0, MOST).orElse(DEFAULT.keep),
                fields.parsed("disk-used", HousekeepingEntry::used)
                        .or(() -> fields.parsed("disk-free", HousekeepingEntry::free))
                        .orElse(DEFAULT.disk));
    }

    private static Optional<CronExpression> schedule(String text) {
        return text.strip().equals(NEVER) ? Optional.empty() : Optional.of(CronExpression.parse(text));
    }

    private static Disk used(String text) {
        if (!text.matches("([0-9]|[1-9][0-9]|100)%")) {
            throw new IllegalArgumentException("\"" + text + "\" is no part of a disk. Write for example 85%");
        }
        return new Disk.Used(Integer.parseInt(text.substring(0, text.length() - 1)));
    }

    private static Disk free(String text) {
        var size = ByteSize.parse(text);
        if (size.bytes() < 0) {
            throw new IllegalArgumentException("\"" + text + "\" is no size. Write for example 20g");
        }
        return new Disk.Free(size.bytes());
    }
}
