package dev.lockstep.reconciler.desired;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.model.Schedule;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The label of containers that run at times and not always. It says when, so that an agent needs no file and no
 * repository to know.
 */
public final class JobLabel {
    static final String KEY = "dev.lockstep.schedule";
    private static final String SEPARATOR = "; ";
    private static final int PARTS = 4;

    private JobLabel() {}

    /** {@code 0 0 2 ? * *; Europe/Berlin; skip; run}. */
    static String of(Schedule schedule) {
        return String.join(
                SEPARATOR,
                List.of(
                        schedule.cron().text(),
                        schedule.zone().getId(),
                        schedule.overlap().name().toLowerCase(Locale.ROOT),
                        schedule.missed().name().toLowerCase(Locale.ROOT)));
    }

    /** Whether a container with these labels runs at times. */
    public static boolean isJob(Map<String, String> labels) {
        return labels.containsKey(KEY);
    }

    /** When a container with these labels runs; empty when that is not said, or not by us. */
    public static Optional<Schedule> schedule(Map<String, String> labels) {
        var parts = List.of(labels.getOrDefault(KEY, "").split(SEPARATOR, -1));
        if (parts.size() != PARTS) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Schedule(
                    new CronExpression(parts.get(0)),
                    ZoneId.of(parts.get(1)),
                    Schedule.Overlap.valueOf(parts.get(2).toUpperCase(Locale.ROOT)),
                    Schedule.Missed.valueOf(parts.get(3).toUpperCase(Locale.ROOT))));
        } catch (IllegalArgumentException | java.time.DateTimeException e) {
            return Optional.empty();
        }
    }
}
